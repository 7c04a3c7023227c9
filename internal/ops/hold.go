package ops

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"kmsplan.dev/kmsplan/internal/durable"
	"kmsplan.dev/kmsplan/internal/safety"
)

// errHeld says that another process, or another part of this one, rewrites a file.
var errHeld = errors.New("another process is rewriting it; try again when that has ended")

// tryLock takes the advisory lock of an open file, which the system gives back at close.
func tryLock(f *os.File) error {
	err := durable.TryLock(f)
	if errors.Is(err, durable.ErrHeld) {
		return errHeld
	}
	return err
}

const (
	holdPatience = 5 * time.Second // a rewrap holds an envelope for milliseconds
	holdRetry    = 10 * time.Millisecond
)

// hold opens a file and keeps other writers of kmsplan away from it until it is closed. Who waited for
// the lock may hold a file that has lost its name meanwhile; so the name is looked at again.
func hold(ctx context.Context, p place, flag int, patience time.Duration) (*os.File, fs.FileInfo, error) {
	for end := time.Now().Add(patience); ; {
		f, info, err := holdOnce(p, flag)
		if err == nil || !errors.Is(err, errHeld) || !time.Now().Before(end) {
			return f, info, err
		}
		select {
		case <-ctx.Done():
			return nil, nil, context.Cause(ctx)
		case <-time.After(holdRetry):
		}
	}
}

func holdOnce(p place, flag int) (*os.File, fs.FileInfo, error) {
	f, _, err := openRegular(p, flag)
	if err != nil {
		return nil, nil, err
	}
	info, err := locked(f, p)
	if err != nil {
		f.Close()
		return nil, nil, err
	}
	return f, info, nil
}

// locked takes the lock and reports the facts of the file as it then is.
func locked(f *os.File, p place) (fs.FileInfo, error) {
	if err := tryLock(f); err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if named, err := p.root.Lstat(p.name); (err != nil || !os.SameFile(named, info)) && !safety.Off(safety.NameAgain) {
		return nil, errHeld
	}
	return info, nil
}

// holdForReplacing keeps rewraps away from a file that is about to be replaced: a rewrap that
// rewrites a small envelope whole would put the old content back. There may be no such file, or one
// that we may not open; then nobody else of ours rewrites it either.
func holdForReplacing(ctx context.Context, p place, patience time.Duration) (release func(), err error) {
	f, _, err := hold(ctx, p, os.O_RDONLY, patience)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return func() {}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("replace %s: %w", p, err)
	}
	return func() { f.Close() }, nil
}

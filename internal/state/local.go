package state

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/gofrs/flock"

	"kmsplan.dev/kmsplan/internal/state/failpoint"
)

// Local keeps a state in a file. Beside STATE stand STATE.d (the last ten
// generations), STATE.lock while someone works, and STATE.journal while calls are not folded
// in. Everything is 0600 (directories 0700).
type Local struct {
	path string
	fail failpoint.Hook
}

// maxState bounds a state that is read.
const maxState = 1 << 30

// swapPatience is how long a write waits for another's to finish; each takes
// milliseconds, so this only ends when that process is stopped in the middle.
const swapPatience = 30 * time.Second

// NewLocal opens the store at path; nothing is read or created yet. A path that is
// a symbolic link means the file it points to, with its companions beside that file: two names for one
// state share one lock. fail is nil outside crash tests.
func NewLocal(path string, fail failpoint.Hook) (*Local, error) {
	resolved, err := resolve(path)
	if err != nil {
		return nil, fmt.Errorf("the state path %s: %w", path, err)
	}
	return &Local{path: resolved, fail: fail}, nil
}

func resolve(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return path, nil
	case err != nil:
		return "", err
	case info.Mode()&fs.ModeSymlink != 0:
		target, err := filepath.EvalSymlinks(path)
		if err != nil {
			return "", fmt.Errorf("it is a symbolic link to nowhere; create its target or remove it: %w", err)
		}
		return target, nil
	case !info.Mode().IsRegular():
		return "", errors.New("it is not a regular file; name a file")
	}
	return path, nil
}

// Path is the state file, links resolved.
func (l *Local) Path() string { return l.path }

// JournalPath is where the journal of this state belongs.
func (l *Local) JournalPath() string { return l.path + ".journal" }

// Read implements Store. A state that is missing or empty while generations of it
// are kept is damaged, not new: a stack is never silently started over.
func (l *Local) Read(ctx context.Context) (State, Version, error) {
	if err := ctx.Err(); err != nil {
		return State{}, Version{}, err
	}
	st, v, err := l.read()
	var corrupt *CorruptError
	if errors.As(err, &corrupt) {
		corrupt.Generation, corrupt.Serial = newestGeneration(l.generations())
	}
	return st, v, err
}

func (l *Local) read() (State, Version, error) {
	data, err := l.bytes()
	if err != nil {
		return State{}, Version{}, err
	}
	if len(data) == 0 {
		kept, _ := newestGeneration(l.generations())
		if kept == "" {
			return New(), Version{}, nil
		}
		// The first state is put in place before its generation: if it was written just now, it is there.
		if data, err = l.bytes(); err != nil {
			return State{}, Version{}, err
		}
		if len(data) == 0 {
			return State{}, Version{}, &CorruptError{Path: l.path, Reason: "it is missing or empty, though generations of it are kept in " + l.generations()}
		}
	}
	st, err := Decode(l.path, data)
	if err != nil {
		return State{}, Version{}, err
	}
	return st, versionOf(st, data), nil
}

// bytes reads the state file; none when it is missing.
func (l *Local) bytes() ([]byte, error) {
	data, err := readFile(l.path, maxState)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("reading the state: %w", err)
	}
	return data, nil
}

func readFile(path string, limit int64) ([]byte, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|noFollow, 0)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return readRegular(file, limit)
}

func versionOf(st State, data []byte) Version {
	sum := sha256.Sum256(data)
	return Version{Lineage: st.Lineage, Serial: st.Serial, Digest: hex.EncodeToString(sum[:])}
}

// CompareAndSwap implements Store.
func (l *Local) CompareAndSwap(ctx context.Context, old Version, next State) (Version, error) {
	return l.swap(ctx, old, next, true)
}

// Replace implements Store.
func (l *Local) Replace(ctx context.Context, old Version, next State) (Version, error) {
	return l.swap(ctx, old, next, false)
}

func (l *Local) swap(ctx context.Context, old Version, next State, sameLineage bool) (v Version, err error) {
	if err := checkSuccession(old, next, sameLineage); err != nil {
		return Version{}, err
	}
	data, err := Encode(next)
	if err != nil {
		return Version{}, err
	}
	held, err := l.holdSwap(ctx)
	if err != nil {
		return Version{}, err
	}
	defer func() { err = errors.Join(err, held.Unlock()) }()
	_, found, err := l.read()
	if err != nil {
		return Version{}, err
	}
	if found != old {
		return Version{}, &StaleError{Expected: old, Found: found}
	}
	if err := l.store(next.Serial, data); err != nil {
		return Version{}, fmt.Errorf("writing the state %s: %w", l.path, err)
	}
	return versionOf(next, data), nil
}

// store puts the new state in place, its generation first, so that a state that is
// damaged later has its equal beside it. Only the very first goes the other way round: a generation without a
// state means that the state was lost.
func (l *Local) store(serial uint64, data []byte) error {
	l.fail.Hit("state.swap")
	l.sweep()
	steps := []func() error{
		func() error { return l.keep(serial, data) },
		func() error { return l.replace(data) },
	}
	if serial == 1 {
		slices.Reverse(steps)
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	l.prune()
	return nil
}

// replace is the commit: until its rename the state is the old one.
func (l *Local) replace(data []byte) error {
	temp, err := writeTemp(l.path, data)
	if err != nil {
		return err
	}
	l.fail.Hit("state.written")
	if err := renameSynced(temp, l.path); err != nil {
		return errors.Join(err, removeSynced(temp))
	}
	l.fail.Hit("state.renamed")
	return nil
}

// holdSwap makes one writer at a time compare and swap, whoever holds the lock.
func (l *Local) holdSwap(ctx context.Context) (*flock.Flock, error) {
	if err := os.MkdirAll(l.generations(), dirMode); err != nil {
		return nil, fmt.Errorf("preparing to write the state: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, swapPatience)
	defer cancel()
	path := filepath.Join(l.generations(), ".swap")
	held := flock.New(path, flock.SetFlag(os.O_CREATE|os.O_RDWR|noFollow), flock.SetPermissions(fileMode))
	if _, err := held.TryLockContext(ctx, time.Millisecond); err != nil {
		return nil, errors.Join(fmt.Errorf("waiting for another process that writes the state: %w", err), held.Close())
	}
	return held, nil
}

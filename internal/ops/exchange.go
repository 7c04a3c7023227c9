package ops

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"kmsplan.dev/kmsplan/internal/durable"
)

// ErrTooLarge says that a file is larger than its reader takes.
var ErrTooLarge = errors.New("the file is too large")

// Exchange puts what change makes of a regular file's content in its place: the whole old file or the whole new one.
// nil leaves it as it is. Mode, owner and mtime survive; a file with several names is refused, as by Rewrap, and one
// that changed meanwhile is left alone. Errors: ErrTooLarge above limit bytes.
func (e *Engine) Exchange(ctx context.Context, path string, limit int64, change func(content []byte) ([]byte, error)) error {
	p, err := at(path)
	if err != nil {
		return err
	}
	defer p.close()
	f, info, err := hold(ctx, p, os.O_RDONLY, e.patience)
	if err != nil {
		return err
	}
	defer f.Close()
	if info.Size() > limit {
		return fmt.Errorf("%s: %w: %d bytes, and at most %d are searched", path, ErrTooLarge, info.Size(), limit)
	}
	content, err := io.ReadAll(io.NewSectionReader(f, 0, info.Size()+1))
	if err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	if err := unchanged(p, f, info, int64(len(content))); err != nil {
		return err
	}
	next, err := change(content)
	if err != nil || next == nil {
		return err
	}
	return e.exchange(p, f, info, next)
}

func (e *Engine) exchange(p place, f *os.File, info fs.FileInfo, next []byte) error {
	if durable.ManyNames(durable.Links(info)) {
		return fmt.Errorf("%s has %d names (hard links); make a copy under one name and change that", p, durable.Links(info))
	}
	if err := p.writable(); err != nil {
		return err
	}
	if err := unchanged(p, f, info, info.Size()); err != nil {
		return err
	}
	return e.replaceWhole(p, f, info, next)
}

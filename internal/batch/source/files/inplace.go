package files

import (
	"context"
	"errors"
	"os"
	"path"
	"time"

	"kmsplan.dev/kmsplan/internal/batch/source"
	"kmsplan.dev/kmsplan/internal/durable"
)

// inPlace is a handle of a file that has one name and may be written to. Once it was written to, its modification time is
// given back at Close.
type inPlace struct {
	*handle
	modified time.Time // before the first write; zero = there was none
}

// WriteAt implements source.InPlace. The first write holds the file. Errors: source.ErrChanged, source.ErrGone, with nothing
// written.
func (h *inPlace) WriteAt(p []byte, off int64) (n int, err error) {
	err = h.onDisk(func(f *durable.File) error {
		n, err = f.WriteAt(p, off)
		return err
	})
	if err != nil {
		return n, h.of.failure("write", h.name, err)
	}
	return n, nil
}

// Sync implements source.InPlace.
func (h *inPlace) Sync() error {
	if err := h.onDisk((*durable.File).Sync); err != nil {
		return h.of.failure("sync", h.name, err)
	}
	return nil
}

// onDisk takes a step on the file, which is held by then, and learns its facts anew.
func (h *inPlace) onDisk(step func(*durable.File) error) error {
	dir, err := h.of.directoryOf(h.name)
	if err != nil {
		return err
	}
	defer dir.leave()
	f := dir.File(h.file, path.Base(h.name))
	if !h.held {
		if err := h.hold(context.Background(), f); err != nil { // ends by the source's patience
			return err
		}
		h.held = true
	}
	if h.modified.IsZero() {
		h.modified = h.info.ModTime()
	}
	err = step(f)
	h.head = nil
	now, statErr := h.file.Stat()
	if statErr == nil {
		h.info = now
	}
	return errors.Join(err, statErr)
}

// Close implements source.Handle.
func (h *inPlace) Close() (err error) {
	if named, gone := h.of.root.Lstat(h.name); !h.modified.IsZero() && gone == nil && os.SameFile(named, h.info) {
		err = h.of.root.Chtimes(h.name, h.modified, h.modified)
	}
	return errors.Join(err, h.handle.Close())
}

var _ source.InPlace = (*inPlace)(nil)

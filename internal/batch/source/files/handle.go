package files

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"kmsplan.dev/kmsplan/internal/batch/source"
	"kmsplan.dev/kmsplan/internal/durable"
	"kmsplan.dev/kmsplan/internal/safety"
)

// headSize is how much of a file is read when it is opened, bytes: an envelope's header is shorter, and so are most files.
const headSize = 128 << 10

// handle is a file as it was opened.
type handle struct {
	of   *Source
	name string
	file *os.File
	info fs.FileInfo
	head []byte // what it began with
	held bool   // by file, until Close: inPlace wrote
}

// Object implements source.Handle.
func (h *handle) Object() source.Object { return object(h.name, h.info) }

// Close implements source.Handle.
func (h *handle) Close() error { return h.file.Close() }

// look reads the head, and the facts that hold for it: of a file that is written to meanwhile it looks again.
func (h *handle) look() error {
	for range 3 {
		head := make([]byte, min(h.info.Size(), headSize))
		n, err := h.file.ReadAt(head, 0)
		if err != nil && err != io.EOF {
			return err
		}
		after, err := h.file.Stat()
		if err != nil {
			return err
		}
		before := h.info
		h.head, h.info = head[:n], after
		if sameContent(before, after) {
			return nil
		}
	}
	return fmt.Errorf("it is being written to; try again when it is at rest: %w", source.ErrChanged)
}

// ReadAt implements source.Handle.
func (h *handle) ReadAt(p []byte, off int64) (int, error) {
	if off >= 0 && off+int64(len(p)) <= int64(len(h.head)) || int64(len(h.head)) == h.info.Size() {
		return bytes.NewReader(h.head).ReadAt(p, off)
	}
	n, err := h.file.ReadAt(p, off)
	if err != nil && err != io.EOF {
		return n, h.of.failure("read", h.name, err)
	}
	now, statErr := h.file.Stat()
	if statErr != nil {
		return 0, h.of.failure("read", h.name, statErr)
	}
	if !sameContent(h.info, now) {
		return 0, h.of.failure("read", h.name, source.ErrChanged)
	}
	return n, err
}

// sameContent compares a file's facts. One that was replaced has lost a name, which changes its ctime too, and is read as it
// had been.
func sameContent(before, now fs.FileInfo) bool {
	was, is := durable.FactsOf(before), durable.FactsOf(now)
	if durable.Links(before) != durable.Links(now) {
		was.Ctime = is.Ctime
	}
	return was == is
}

// hold takes a file's lock and makes sure that the file is what was opened. Closing f lets it go.
func (h *handle) hold(ctx context.Context, f *durable.File) error {
	for end := time.Now().Add(h.of.o.Patience); ; {
		err := f.TryLock()
		if err == nil {
			return h.still()
		}
		if !errors.Is(err, durable.ErrHeld) {
			return err
		}
		if !time.Now().Before(end) {
			return fmt.Errorf("another process is rewriting it; try again when that has ended: %w", err)
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(retry):
		}
	}
}

// still refuses a file that is not what was opened: the name is another's, its facts changed, or its first bytes did within
// one tick of the file system's clock.
func (h *handle) still() error {
	named, err := h.of.root.Lstat(h.name)
	if errors.Is(err, fs.ErrNotExist) {
		return source.ErrGone
	}
	if err != nil {
		return err
	}
	if durable.FactsOf(named) != durable.FactsOf(h.info) && !safety.Off(safety.FilesUnchanged) {
		return source.ErrChanged
	}
	head := make([]byte, len(h.head))
	if _, err := h.file.ReadAt(head, 0); err != nil && err != io.EOF {
		return err
	}
	if !bytes.Equal(head, h.head) && !safety.Off(safety.FilesHead) {
		return source.ErrChanged
	}
	return nil
}

var _ source.Handle = (*handle)(nil)

package files

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"sync"
	"time"

	"kmsplan.dev/kmsplan/internal/batch/source"
	"kmsplan.dev/kmsplan/internal/durable"
)

// Replace implements source.Handle: the new content is written beside the file, synced, and takes its name. Mode and owner
// stay as far as we may give them, and the modification time does where the body is kept. All bytes pass through this
// process: Copied is 0.
func (h *handle) Replace(ctx context.Context, c source.Content) (source.Written, error) {
	w, err := h.replace(ctx, c)
	if err != nil {
		return source.Written{}, h.of.failure("write", h.name, err)
	}
	return w, nil
}

func (h *handle) replace(ctx context.Context, c source.Content) (w source.Written, err error) {
	if n := durable.Links(h.info); durable.ManyNames(n) {
		return w, fmt.Errorf("it has %d names (hard links); make a copy under one name, and take the others away: %w", n, source.ErrRefused)
	}
	dir, err := h.of.directoryOf(h.name)
	if err != nil {
		return w, err
	}
	defer dir.leave()
	if !h.held {
		defer durable.Unlock(h.file) // at the latest Close does it
		if err := h.hold(ctx, dir.File(h.file, path.Base(h.name))); err != nil {
			return w, err
		}
	}
	next, err := dir.Create(path.Base(h.name), 0o600)
	if err != nil {
		return w, err
	}
	defer next.Abort()
	h.of.sweep(dir.Dir)
	if w.Sent, err = h.fill(ctx, next, c); err != nil {
		return w, err
	}
	return h.commit(next, c, w)
}

// fill writes the new content.
func (h *handle) fill(ctx context.Context, to io.Writer, c source.Content) (int64, error) {
	size := h.info.Size()
	if c.Keep > size {
		return 0, fmt.Errorf("the file has %d bytes, and what is kept would begin at %d", size, c.Keep)
	}
	head, kept := &counted{r: c.Head}, int64(0)
	content := io.Reader(head)
	if c.Keep >= 0 {
		kept = size - c.Keep
		content = io.MultiReader(head, io.NewSectionReader(h.file, c.Keep, kept))
	}
	n, err := pour(to, &bounded{ctx, content})
	switch {
	case err != nil:
		return n, err
	case c.Size >= 0 && head.n != c.Size:
		return n, fmt.Errorf("the new content has %d bytes in place of %d: %w", head.n, c.Size, io.ErrUnexpectedEOF)
	case n != head.n+kept:
		return n, source.ErrChanged
	}
	return n, nil
}

// buffers are what contents are poured through: a small one in one write.
var buffers = sync.Pool{New: func() any { return new([64 << 10]byte) }}

// pour copies all that r has.
func pour(to io.Writer, r io.Reader) (n int64, err error) {
	buffer := buffers.Get().(*[64 << 10]byte)
	defer buffers.Put(buffer)
	for {
		got, readErr := io.ReadFull(r, buffer[:])
		if got > 0 {
			if _, err := to.Write(buffer[:got]); err != nil {
				return n, err
			}
		}
		n += int64(got)
		switch {
		case readErr == io.EOF || readErr == io.ErrUnexpectedEOF:
			return n, nil
		case readErr != nil:
			return n, readErr
		}
	}
}

// counted counts what is read, and does not take an end in the middle for one.
type counted struct {
	r io.Reader
	n int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	if err == io.ErrUnexpectedEOF {
		err = fmt.Errorf("the new content breaks off: %w", err)
	}
	return n, err
}

// commit puts the new content in place, if the old one is what was opened to the last.
func (h *handle) commit(next *durable.Pending, c source.Content, w source.Written) (source.Written, error) {
	if err := durable.AttributesOf(h.info).Give(next.OS()); err != nil {
		return w, err
	}
	if c.Keep >= 0 {
		next.SetModTime(h.info.ModTime())
	}
	if err := h.still(); err != nil {
		return w, err
	}
	file := next.Keep()
	defer file.Close()
	if err := next.Commit(); err != nil {
		return w, err
	}
	info, err := file.OS().Stat()
	if err != nil {
		return w, err
	}
	w.Revision = revision(info)
	return w, nil
}

// sweep removes what writers that died left in a directory. A batch goes
// through its files in order, so that the last directory is all there is to remember.
func (s *Source) sweep(dir *durable.Dir) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.swept != dir.Path("") {
		s.swept = dir.Path("")
		dir.Sweep(time.Now())
	}
}

// bounded reads as long as its context lives.
type bounded struct {
	ctx context.Context
	r   io.Reader
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.ctx.Err() != nil {
		return 0, context.Cause(b.ctx)
	}
	return b.r.Read(p)
}

const probePrefix = ".kmsplan-probe-"

// Probe implements source.Source: it makes a file in the root, and tries whether a lock keeps a second holder away and whether
// a new content takes the file's name.
func (s *Source) Probe(context.Context) (err error) {
	dir, err := durable.In(s.root, ".", 0o755, s.o.Disk)
	if err != nil {
		return fmt.Errorf("probe %s: %w", s.where, err)
	}
	defer dir.Close()
	name := probePrefix + rand.Text()
	if err := dir.WriteFile(name, []byte("1"), 0o600); err != nil {
		return fmt.Errorf("probe %s: a file cannot be written there: %w", s.where, err)
	}
	defer func() { err = errors.Join(err, dir.Remove(name)) }()
	first, err := dir.Hold(name, os.O_RDWR)
	if err != nil {
		return fmt.Errorf("probe %s: a file cannot be locked there: %w", s.where, err)
	}
	defer first.Close()
	second, err := dir.Hold(name, os.O_RDWR)
	if err == nil {
		err = errors.Join(second.Close(), fmt.Errorf("probe %s: %w", s.where, errLockless))
	}
	if errors.Is(err, durable.ErrHeld) {
		err = nil
	}
	return errors.Join(err, dir.WriteFile(name, []byte("2"), 0o600))
}

// errLockless is of file systems whose locks do nothing.
var errLockless = fmt.Errorf("locks do nothing on this file system, so that two workers could write one file at once; mount it with locks (NFS: without nolock), or run the batch where the disk is: %w", source.ErrRefused)

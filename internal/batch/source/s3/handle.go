package s3

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/minio/minio-go/v7"

	"kmsplan.dev/kmsplan/internal/batch/source"
)

// headSize is how much of an object is read when it is opened, bytes: an envelope's header is shorter, and so are most
// objects.
const headSize = 128 << 10

// handle is an object as it was opened.
type handle struct {
	of     *Source
	ctx    context.Context // of Open, for reading
	object source.Object
	header http.Header
	head   []byte
	rest   stream
}

// stream is an answer that is read on; pos is where it stands in the object.
type stream struct {
	body io.ReadCloser
	pos  int64
}

// Open implements source.Source: one call, whatever the size. Reads of the handle end with ctx.
func (s *Source) Open(ctx context.Context, name string) (source.Handle, error) {
	h := &handle{of: s, ctx: ctx, object: source.Object{Name: name}}
	err := s.try(ctx, s.on("open", name), func(ctx context.Context) error { return h.open(ctx, true) })
	if err != nil {
		return nil, err
	}
	h.rest.pos = int64(len(h.head))
	return h, nil
}

// open reads the head. An object without bytes has no range.
func (h *handle) open(ctx context.Context, part bool) error {
	o := minio.GetObjectOptions{}
	if part {
		if err := o.SetRange(0, headSize-1); err != nil {
			return err
		}
	}
	body, info, header, err := h.of.core.GetObject(ctx, h.of.bucket, h.object.Name, o)
	if part && minio.ToErrorResponse(err).StatusCode == http.StatusRequestedRangeNotSatisfiable {
		return h.open(ctx, false)
	}
	if err != nil {
		return err
	}
	defer body.Close()
	head, err := io.ReadAll(io.LimitReader(body, headSize))
	if err != nil {
		return err
	}
	size, err := whole(header, info.Size)
	if err != nil {
		return err
	}
	if want := min(size, headSize); int64(len(head)) != want {
		return fmt.Errorf("the answer has %d bytes of %d: %w", len(head), want, io.ErrUnexpectedEOF)
	}
	if info.ETag == "" {
		return fmt.Errorf("the store tells no ETag, without which nothing is written: %w", source.ErrRefused)
	}
	h.object.Size, h.object.Modified, h.object.Revision = size, info.LastModified, info.ETag
	h.head, h.header = head, header
	return nil
}

// whole is the object's length where an answer holds a part of it.
func whole(header http.Header, length int64) (int64, error) {
	parts := header.Get("Content-Range")
	if parts == "" {
		return length, nil
	}
	_, total, _ := strings.Cut(parts, "/")
	size, err := strconv.ParseInt(total, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("the store answered with the range %q", parts)
	}
	return size, nil
}

// Object implements source.Handle.
func (h *handle) Object() source.Object { return h.object }

// Close implements source.Handle.
func (h *handle) Close() error {
	h.rest.close(0)
	return nil
}

// close ends what is read on; the next read begins at pos.
func (r *stream) close(pos int64) {
	if r.body != nil {
		r.body.Close()
	}
	*r = stream{pos: pos}
}

// ReadAt implements source.Handle. Whoever reads on where the last read ended reads one answer on; every answer is of the
// opened revision.
func (h *handle) ReadAt(p []byte, off int64) (n int, err error) {
	if off < 0 {
		return 0, errors.New("a negative offset")
	}
	end := off + int64(len(p))
	if end <= int64(len(h.head)) || h.object.Size == int64(len(h.head)) || off >= h.object.Size {
		if off >= h.object.Size {
			return 0, io.EOF
		}
		return bytes.NewReader(h.head).ReadAt(p, off)
	}
	if off < int64(len(h.head)) {
		n = copy(p, h.head[off:])
	}
	want := p[n:min(int64(len(p)), h.object.Size-off)]
	at := off + int64(n)
	err = h.of.try(h.ctx, h.of.on("read", h.object.Name), func(ctx context.Context) error {
		got, err := h.read(ctx, want, at)
		want, at, n = want[got:], at+int64(got), n+got
		return err
	})
	if err == nil && n < len(p) {
		err = io.EOF
	}
	return n, err
}

// read fills p from an answer that is being read, or from a new one.
func (h *handle) read(ctx context.Context, p []byte, at int64) (int, error) {
	on := h.rest.pos == at
	if h.rest.body == nil || !on {
		last := at + int64(len(p)) - 1
		if on {
			last = h.object.Size - 1
		}
		h.rest.close(at)
		body, err := h.get(ctx, at, last)
		if err != nil {
			return 0, err
		}
		h.rest.body = body
	}
	n, err := io.ReadFull(h.rest.body, p)
	h.rest.pos += int64(n)
	if err != nil || !on {
		h.rest.close(h.rest.pos)
	}
	return n, err
}

// get asks for the bytes from first to last of the opened revision.
func (h *handle) get(ctx context.Context, first, last int64) (io.ReadCloser, error) {
	o := minio.GetObjectOptions{}
	if err := errors.Join(o.SetMatchETag(h.object.Revision), o.SetRange(first, last)); err != nil {
		return nil, err
	}
	body, info, header, err := h.of.core.GetObject(ctx, h.of.bucket, h.object.Name, o)
	if err != nil {
		return nil, err
	}
	// A store that does not know the condition answers with what stands there now.
	if size, err := whole(header, info.Size); err != nil || info.ETag != h.object.Revision || size != h.object.Size {
		body.Close()
		return nil, errors.Join(err, source.ErrChanged)
	}
	return body, nil
}

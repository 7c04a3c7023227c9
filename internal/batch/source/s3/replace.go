package s3

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"

	"github.com/minio/minio-go/v7"

	"kmsplan.dev/kmsplan/internal/batch/source"
	"kmsplan.dev/kmsplan/internal/safety"
)

const (
	mib = 1 << 20
	// smallest is what S3 demands of a part that is not the last, bytes.
	smallest = 5 * mib
	// atOnce is the largest content that is held in memory and written by one call.
	atOnce = 8 * mib
	// mostParts is S3's limit.
	mostParts = 10_000
	// largestPart bounds what is held in memory of a stream; largestPut is what S3 takes in one call.
	largestPart = 64 * mib
	largestPut  = 5 << 30
)

// Replace implements source.Handle.
func (h *handle) Replace(ctx context.Context, c source.Content) (source.Written, error) {
	if err := h.rewritable(); err != nil {
		return source.Written{}, err
	}
	if c.Keep > h.object.Size {
		return source.Written{}, fmt.Errorf("%s: it has %d bytes, and what is kept would begin at %d", h.of.on("write", h.object.Name), h.object.Size, c.Keep)
	}
	o, err := h.keep(ctx)
	if err != nil {
		return source.Written{}, err
	}
	w := &writing{handle: h, options: o}
	if err := w.write(ctx, c); err != nil {
		return source.Written{}, h.of.failure(ctx, h.of.on("write", h.object.Name), err)
	}
	return w.Written, nil
}

// writing is one write of an object.
type writing struct {
	*handle
	options minio.PutObjectOptions
	source.Written
	first []byte // what the new content begins with: tells it from another's
	size  int64  // of the new content
	// looked says that the write was found to have happened by what stands there, not by an answer.
	looked bool
}

// write reads as much as is written at once, and decides how the rest goes.
func (w *writing) write(ctx context.Context, c source.Content) error {
	in := &head{r: c.Head, left: c.Size}
	first, err := io.ReadAll(io.LimitReader(in, atOnce+1))
	if err != nil {
		return errContent{err}
	}
	all := len(first) <= atOnce
	w.first, w.size = first, int64(len(first))
	switch kept := w.object.Size - c.Keep; {
	case c.Keep < 0 && all:
		return w.put(ctx, first)
	case c.Keep < 0:
		w.size = c.Size
		return w.stream(ctx, io.MultiReader(bytes.NewReader(first), in))
	case !all:
		return errContent{fmt.Errorf("the new beginning has more than %d bytes", atOnce)}
	case w.size+kept <= atOnce:
		whole := make([]byte, w.size+kept) // once, of its length
		if err := w.old(c.Keep, whole[copy(whole, first):]); err != nil {
			return err
		}
		return w.put(ctx, whole)
	default:
		w.size += kept
		return w.compose(ctx, c.Keep)
	}
}

// old fills p with the old bytes from at on.
func (w *writing) old(at int64, p []byte) error {
	n, err := w.ReadAt(p, at)
	if err == io.EOF && n == len(p) {
		err = nil
	}
	return err
}

// put writes the whole content by one call.
func (w *writing) put(ctx context.Context, content []byte) error {
	w.first, w.size = content, int64(len(content))
	return w.settled(ctx, func(ctx context.Context) (string, error) {
		o := w.options
		o.SendContentMd5 = true
		w.only(&o)
		w.Sent += w.size
		info, err := w.of.core.Client.PutObject(ctx, w.of.bucket, w.object.Name, bytes.NewReader(content), w.size, o)
		return info.ETag, err
	})
}

// only lets a write take place over the opened revision and no other.
func (w *writing) only(o *minio.PutObjectOptions) {
	if !safety.Off(safety.StoreCondition) {
		o.SetMatchETag(w.object.Revision)
	}
}

// settled makes the write that decides, and finds out what became of it: a condition that does not hold may be one that an
// earlier attempt, whose answer was lost, has fulfilled already.
func (w *writing) settled(ctx context.Context, call func(context.Context) (string, error)) error {
	return w.of.try(ctx, w.of.on("write", w.object.Name), func(ctx context.Context) error {
		etag, err := call(ctx)
		if err == nil {
			w.Revision = etag
			return nil
		}
		answer := minio.ToErrorResponse(err)
		if answer.StatusCode != http.StatusPreconditionFailed && answer.Code != noSuchUpload || safety.Off(safety.LostAnswer) {
			return err
		}
		etag, ours, lookErr := w.stands(ctx)
		switch {
		case lookErr != nil:
			return lookErr
		case ours:
			w.Revision, w.looked = etag, true
			return nil
		case etag == w.object.Revision:
			return fmt.Errorf("the upload is gone, and the object is as it was: %w", err)
		}
		return err
	})
}

// stands reports whether the object is what was written, by its length and its beginning: a new header is like no other.
func (w *writing) stands(ctx context.Context) (etag string, ours bool, err error) {
	now := &handle{of: w.of, ctx: ctx, object: source.Object{Name: w.object.Name}}
	if err := now.open(ctx, true); err != nil {
		return "", false, err
	}
	defer now.Close()
	etag = now.object.Revision
	if now.object.Size != w.size || etag == w.object.Revision {
		return etag, false, nil
	}
	begin := make([]byte, min(int64(len(w.first)), now.object.Size))
	if _, err := now.ReadAt(begin, 0); err != nil && err != io.EOF {
		return etag, false, err
	}
	return etag, bytes.Equal(begin, w.first[:len(begin)]), nil
}

// head is the content that was promised: no more and no less than left bytes, where that is known.
type head struct {
	r    io.Reader
	left int64 // -1 = not known
}

func (h *head) Read(p []byte) (int, error) {
	n, err := h.r.Read(p)
	if h.left < 0 {
		return n, err
	}
	h.left -= int64(n)
	if h.left < 0 {
		return n, fmt.Errorf("the new content has more bytes than was said")
	}
	if err == io.EOF && h.left > 0 {
		return n, fmt.Errorf("the new content ends %d bytes early: %w", h.left, io.ErrUnexpectedEOF)
	}
	return n, err
}

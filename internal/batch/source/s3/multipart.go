package s3

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/minio/minio-go/v7"

	"kmsplan.dev/kmsplan/internal/batch/source"
)

// upload is an upload of parts that is under way.
type upload struct {
	*writing
	id    string
	parts []minio.CompletePart
}

// begin makes an upload without parts.
func (w *writing) begin(ctx context.Context) (*upload, error) {
	u := &upload{writing: w}
	err := w.of.try(ctx, w.of.on("begin an upload for", w.object.Name), func(ctx context.Context) (err error) {
		u.id, err = w.of.core.NewMultipartUpload(ctx, w.of.bucket, w.object.Name, w.options)
		return err
	})
	return u, err
}

// upload makes an upload, fills and completes it; what fails takes all of it away.
func (w *writing) upload(ctx context.Context, fill func(*upload) error) error {
	u, err := w.begin(ctx)
	if err != nil {
		return err
	}
	if err = fill(u); err == nil {
		err = w.settled(ctx, u.complete)
	}
	if err != nil || w.looked {
		return errors.Join(err, u.abort(ctx))
	}
	return nil
}

// abortPatience is how long it is tried to take an upload away, also where the caller's time is over.
const abortPatience = 30 * time.Second

func (u *upload) abort(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), abortPatience)
	defer cancel()
	err := u.of.try(ctx, u.of.on("take away an upload for", u.object.Name), func(ctx context.Context) error {
		err := u.of.core.AbortMultipartUpload(ctx, u.of.bucket, u.object.Name, u.id)
		if minio.ToErrorResponse(err).Code == noSuchUpload {
			return nil
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("parts of the upload %s may be left in the bucket, and cost storage; a lifecycle rule AbortIncompleteMultipartUpload removes them: %w", u.id, err)
	}
	return nil
}

// complete makes the parts the object, if it still is the one that was opened.
func (u *upload) complete(ctx context.Context) (string, error) {
	o := minio.PutObjectOptions{}
	u.only(&o)
	info, err := u.of.core.CompleteMultipartUpload(ctx, u.of.bucket, u.object.Name, u.id, u.parts, o)
	return info.ETag, err
}

// send uploads one part.
func (u *upload) send(ctx context.Context, data []byte) error {
	n := len(u.parts) + 1
	sum, hash := md5.Sum(data), sha256.Sum256(data)
	o := minio.PutObjectPartOptions{Md5Base64: base64.StdEncoding.EncodeToString(sum[:]), Sha256Hex: hex.EncodeToString(hash[:]), DisableContentSha256: true}
	return u.of.try(ctx, u.of.on("upload a part of", u.object.Name), func(ctx context.Context) error {
		u.Sent += int64(len(data))
		p, err := u.of.core.PutObjectPart(ctx, u.of.bucket, u.object.Name, u.id, n, bytes.NewReader(data), int64(len(data)), o)
		if err == nil {
			u.parts = append(u.parts, minio.CompletePart{PartNumber: n, ETag: p.ETag})
		}
		return err
	})
}

// copy lets the store copy length old bytes from at on into one part.
func (u *upload) copy(ctx context.Context, at, length int64) error {
	n := len(u.parts) + 1
	condition := map[string]string{"x-amz-copy-source-if-match": `"` + u.object.Revision + `"`}
	return u.of.try(ctx, u.of.on("copy a part of", u.object.Name), func(ctx context.Context) error {
		p, err := u.of.core.CopyObjectPart(ctx, u.of.bucket, u.object.Name, u.of.bucket, u.object.Name, u.id, n, at, length, condition)
		if err == nil {
			u.parts = append(u.parts, p)
			u.Copied += length
		}
		return err
	})
}

// copied is how much the store copies into one part, bytes, at least.
const copied = 256 * mib

// compose writes first, and after it the old bytes from keep on. The store copies them, after as many as a first part needs.
func (w *writing) compose(ctx context.Context, keep int64) error {
	m, err := w.of.measured(ctx)
	if err != nil {
		return err
	}
	if !m.conditional || !m.copies {
		return w.resend(ctx, keep)
	}
	first := w.first
	if len(first) < smallest {
		longer := make([]byte, smallest)
		n := copy(longer, first)
		if err := w.old(keep, longer[n:]); err != nil {
			return err
		}
		first, keep = longer, keep+int64(smallest-n)
	}
	return w.upload(ctx, func(u *upload) error {
		if err := u.send(ctx, first); err != nil {
			return err
		}
		each := max(copied, (w.object.Size-keep)/(mostParts-2)+1)
		for at := keep; at < w.object.Size; at += each {
			if err := u.copy(ctx, at, min(each, w.object.Size-at)); err != nil {
				return err
			}
		}
		return nil
	})
}

// resend is compose for a store that cannot: the kept bytes pass through this process, in one call that has a condition.
func (w *writing) resend(ctx context.Context, keep int64) error {
	return w.single(ctx, func() io.Reader {
		old := io.NewSectionReader(w.handle, keep, w.object.Size-keep)
		return io.MultiReader(bytes.NewReader(w.first), old)
	})
}

// single writes a content of known length by one call, which is made again as often as again gives the content again.
func (w *writing) single(ctx context.Context, again func() io.Reader) error {
	if w.size > largestPut {
		return fmt.Errorf("it would have %d bytes, and a store whose uploads of parts have no condition takes %d at once: %w", w.size, int64(largestPut), source.ErrRefused)
	}
	return w.settled(ctx, func(ctx context.Context) (string, error) {
		o := w.options
		w.only(&o)
		in := &counted{r: again()}
		info, err := w.of.core.Client.PutObject(ctx, w.of.bucket, w.object.Name, in, w.size, o)
		w.Sent += in.n
		if in.err != nil {
			err = errContent{in.err}
		}
		return info.ETag, err
	})
}

// counted counts what is read, and remembers what went wrong.
type counted struct {
	r   io.Reader
	n   int64
	err error
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	if err != nil && err != io.EOF {
		c.err = err
	}
	return n, err
}

// stream writes a new content that is longer than what is held in memory.
func (w *writing) stream(ctx context.Context, in io.Reader) error {
	m, err := w.of.measured(ctx)
	if err != nil {
		return err
	}
	if !m.conditional && w.size < 0 {
		return fmt.Errorf("the length of its new content is not known, and the store's uploads of parts have no condition; use another store, or one object at a time with kmsplan encrypt: %w", source.ErrRefused)
	}
	if !m.conditional {
		given := false
		return w.single(ctx, func() io.Reader {
			if given {
				return failed{errors.New("the call failed, and its content was read")}
			}
			given = true
			return in
		})
	}
	part := w.part()
	return w.upload(ctx, func(u *upload) error { return u.fill(ctx, in, part) })
}

// part is the length of a stream's parts: of one that is not known, as if it were twice as long as the old content.
func (w *writing) part() int64 {
	expect := w.size
	if expect < 0 {
		expect = 2 * w.object.Size
	}
	return min(max(atOnce, expect/(mostParts-1)+1), largestPart)
}

// fill uploads a stream.
func (u *upload) fill(ctx context.Context, in io.Reader, part int64) error {
	buffer, from := make([]byte, part), &counted{r: in}
	for {
		n, err := io.ReadFull(from, buffer)
		if from.err != nil {
			return errContent{from.err}
		}
		if n > 0 && len(u.parts) == mostParts {
			return fmt.Errorf("it has more than %d parts of %d bytes: %w", mostParts, part, source.ErrRefused)
		}
		if n > 0 {
			if err := u.send(ctx, buffer[:n]); err != nil {
				return err
			}
		}
		if err != nil {
			u.size = from.n
			return nil
		}
	}
}

type failed struct{ err error }

func (f failed) Read([]byte) (int, error) { return 0, f.err }

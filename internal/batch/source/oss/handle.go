package oss

import (
	"context"
	"fmt"
	"io"
	"time"

	sdk "github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"

	"kmsplan.dev/kmsplan/internal/batch/source"
)

// handle is one version of an object.
type handle struct {
	of     *Source
	object source.Object
	head   *sdk.HeadObjectResult

	window []byte // what was read last, of the bytes from begin on
	begin  int64
	ahead  int64 // how much is read at once
}

// Read are how many bytes are asked for at once: as many at first, twice as many with each further call in a row, up to
// as many.
const (
	readFirst = 64 << 10
	readMost  = 4 << 20
)

// Open implements source.Source: one call, which brings the beginning along, of what can be read.
func (s *Source) Open(ctx context.Context, name string) (source.Handle, error) {
	h, window, err := s.begin(ctx, name)
	if err != nil && !answered(err) {
		return nil, s.failure(name, err)
	}
	if err != nil { // empty, archived or gone: its head says which
		if h, err = s.look(ctx, name, nil); err != nil {
			return nil, err
		}
	}
	return &handle{of: s, head: h, ahead: readFirst, window: window, object: source.Object{
		Name: name, Size: h.ContentLength, Modified: sdk.ToTime(h.LastModified), Revision: revision(h.ETag),
	}}, nil
}

// look is a HEAD of a version, or of the object as it is.
func (s *Source) look(ctx context.Context, key string, version *string) (h *sdk.HeadObjectResult, err error) {
	err = s.do(ctx, func(ctx context.Context) (err error) {
		h, err = s.client.HeadObject(ctx, &sdk.HeadObjectRequest{Bucket: &s.bucket, Key: &key, VersionId: version})
		return err
	})
	if err != nil {
		return nil, s.failure(key, err)
	}
	return h, nil
}

func (h *handle) Object() source.Object { return h.object }

func (h *handle) Close() error {
	h.window = nil
	return nil
}

// readTime bounds one read, which has no context of its caller's.
const readTime = 5 * time.Minute

func (h *handle) ReadAt(p []byte, off int64) (n int, err error) {
	for n < len(p) {
		at := off + int64(n)
		if at >= h.object.Size {
			return n, io.EOF
		}
		if at < h.begin || at >= h.begin+int64(len(h.window)) {
			if err := h.fill(at, int64(len(p)-n)); err != nil {
				return n, err
			}
		}
		n += copy(p[n:], h.window[at-h.begin:])
	}
	return n, nil
}

// fill reads on from a place: where that follows what was read last, more at once than before.
func (h *handle) fill(at, least int64) error {
	if len(h.window) > 0 && at == h.begin+int64(len(h.window)) {
		h.ahead = min(2*h.ahead, readMost)
	}
	ctx, cancel := context.WithTimeout(context.Background(), readTime)
	defer cancel()
	window, err := h.of.read(ctx, h.object.Name, h.head.VersionId, h.object.Revision, at, min(max(h.ahead, min(least, readMost)), h.object.Size-at))
	if err == nil {
		h.window, h.begin = window, at
	}
	return err
}

// read reads a part of one version. Of a bucket without versions it is the object, if that has the same content still.
func (s *Source) read(ctx context.Context, key string, version *string, etag string, at, size int64) (data []byte, err error) {
	q := &sdk.GetObjectRequest{Bucket: &s.bucket, Key: &key, VersionId: version, Range: sdk.Ptr(fmt.Sprintf("bytes=%d-%d", at, at+size-1)),
		RangeBehavior: sdk.Ptr("standard"), IfMatch: sdk.Ptr(`"` + etag + `"`)}
	err = s.do(ctx, func(ctx context.Context) error {
		r, err := s.client.GetObject(ctx, q)
		if err != nil {
			return err
		}
		defer r.Body.Close()
		data = make([]byte, size)
		_, err = io.ReadFull(r.Body, data)
		return err
	})
	switch {
	case refusal(err).Code == "PreconditionFailed":
		return nil, s.failure(key, source.ErrChanged)
	case err != nil:
		return nil, s.failure(key, err)
	}
	return data, nil
}

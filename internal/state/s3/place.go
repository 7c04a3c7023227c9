package s3

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/google/uuid"
	"github.com/minio/minio-go/v7"

	"kmsplan.dev/kmsplan/internal/state/remote"
)

// Place is a remote.Place in a bucket.
type Place struct {
	client *minio.Client
	bucket string
	base   string // the key of the default workspace
	key    string
}

// String implements remote.Place.
func (p *Place) String() string {
	return fmt.Sprintf("s3 %s, bucket %s, key %s", p.client.EndpointURL().Host, p.bucket, p.key)
}

func (p *Place) object(name string) string { return p.key + ".d/" + name }

// Head implements remote.Place.
func (p *Place) Head(ctx context.Context) ([]byte, remote.Revision, error) {
	data, etag, err := p.read(ctx, p.key)
	if errors.Is(err, remote.ErrNoObject) {
		return nil, "", nil
	}
	return data, remote.Revision(etag), err
}

// mostRead bounds what is read of an object, in bytes.
const mostRead = 1 << 30

func (p *Place) read(ctx context.Context, key string) ([]byte, string, error) {
	core := minio.Core{Client: p.client}
	body, info, _, err := core.GetObject(ctx, p.bucket, key, minio.GetObjectOptions{})
	if err != nil {
		return nil, "", p.failure(ctx, err)
	}
	defer body.Close()
	data, err := io.ReadAll(io.LimitReader(body, mostRead+1))
	if err == nil && len(data) > mostRead {
		err = fmt.Errorf("the object is larger than %d bytes", mostRead)
	}
	if err != nil {
		return nil, "", p.failure(ctx, err)
	}
	return data, info.ETag, nil
}

// Swap implements remote.Place.
func (p *Place) Swap(ctx context.Context, old remote.Revision, head []byte) (remote.Revision, error) {
	o := options()
	if old == "" {
		o.SetMatchETagExcept("*")
	} else {
		o.SetMatchETag(string(old))
	}
	info, err := p.client.PutObject(ctx, p.bucket, p.key, bytes.NewReader(head), int64(len(head)), o)
	switch code := minio.ToErrorResponse(err); {
	case err == nil:
		return remote.Revision(info.ETag), nil
	case code.StatusCode == http.StatusPreconditionFailed, code.Code == minio.NoSuchKey:
		return "", fmt.Errorf("%s: %w", p, remote.ErrConflict)
	}
	// A 409 says that another write was under way at the same time: it is tried again like an answer that was lost.
	return "", p.failure(ctx, err)
}

func options() minio.PutObjectOptions {
	return minio.PutObjectOptions{DisableMultipart: true, SendContentMd5: true, ContentType: "application/octet-stream"}
}

// Put implements remote.Place.
func (p *Place) Put(ctx context.Context, name string, object []byte) error {
	o := options()
	o.SetMatchETagExcept("*")
	_, err := p.client.PutObject(ctx, p.bucket, p.object(name), bytes.NewReader(object), int64(len(object)), o)
	if err != nil && minio.ToErrorResponse(err).StatusCode != http.StatusPreconditionFailed {
		return p.failure(ctx, err)
	}
	return nil
}

// Get implements remote.Place.
func (p *Place) Get(ctx context.Context, name string) ([]byte, error) {
	data, _, err := p.read(ctx, p.object(name))
	return data, err
}

// Drop implements remote.Place.
func (p *Place) Drop(ctx context.Context, names ...string) error {
	var all error
	for _, name := range names {
		err := p.client.RemoveObject(ctx, p.bucket, p.object(name), minio.RemoveObjectOptions{})
		if err != nil && minio.ToErrorResponse(err).Code != minio.NoSuchKey {
			all = errors.Join(all, p.failure(ctx, err))
		}
	}
	return all
}

// failure puts an error into words, and says which are final. What the server wrote beside its code is left out.
func (p *Place) failure(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("%s: %w", p, ctx.Err())
	}
	answer := minio.ToErrorResponse(err)
	switch {
	case answer.Code == minio.NoSuchKey:
		return fmt.Errorf("%s: %w", p, remote.ErrNoObject)
	case answer.Code == minio.NoSuchBucket:
		return fmt.Errorf("%s: there is no such bucket; make it, or name another: %w", p, remote.ErrRefused)
	case answer.StatusCode == http.StatusForbidden || answer.StatusCode == http.StatusUnauthorized:
		return fmt.Errorf("%s: the store answered %s: the credentials are missing or may not do this; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE: %w", p, answer.Code, remote.ErrRefused)
	case answer.StatusCode == http.StatusNotImplemented:
		return fmt.Errorf("%s: the store does not know conditional writes (%s), so that two runs could write over each other; use another store: %w", p, answer.Code, remote.ErrRefused)
	case answer.StatusCode != 0:
		return fmt.Errorf("%s: the store answered %d %s", p, answer.StatusCode, answer.Code)
	}
	return fmt.Errorf("%s: %w", p, err)
}

// Probe implements remote.Prober.
func (p *Place) Probe() (remote.Place, func(context.Context) error) {
	probe := *p
	probe.key = p.key + ".probe-" + uuid.NewString()
	return &probe, func(ctx context.Context) error {
		if err := p.client.RemoveObject(ctx, p.bucket, probe.key, minio.RemoveObjectOptions{}); err != nil {
			return p.failure(ctx, err)
		}
		return nil
	}
}

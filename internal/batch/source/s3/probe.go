package s3

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"

	"github.com/minio/minio-go/v7"

	"kmsplan.dev/kmsplan/internal/batch/source"
	"kmsplan.dev/kmsplan/internal/safety"
)

// multipart is what a store's uploads of parts were measured to honour.
type multipart struct {
	conditional bool // CompleteMultipartUpload has If-Match
	copies      bool // UploadPartCopy is known, and has x-amz-copy-source-if-match
}

// Probe implements source.Source: it refuses a store that writes an object whose condition does not hold. What it does of
// uploads of parts decides how large objects are written, and is no reason to refuse it.
func (s *Source) Probe(ctx context.Context) error {
	p := s.probe("whole")
	err := p.whole(ctx)
	if err = errors.Join(err, p.remove(ctx)); err != nil {
		return err
	}
	_, err = s.measured(ctx)
	return err
}

// measured is what uploads of parts honour; it is measured once.
func (s *Source) measured(ctx context.Context) (multipart, error) {
	s.measuring.Lock()
	defer s.measuring.Unlock()
	if s.multipart != nil {
		return *s.multipart, nil
	}
	p := s.probe("parts")
	m, err := p.parts(ctx)
	if err = errors.Join(err, p.remove(ctx)); err != nil {
		return m, err
	}
	s.multipart = &m
	return m, nil
}

// probe is an object that is written to find out what a store honours.
type probe struct {
	*Source
	key string
}

func (s *Source) probe(what string) probe {
	return probe{s, s.prefix + probePrefix + what + "-" + rand.Text()}
}

// remove takes the probe away, also where the caller's time is over.
func (p probe) remove(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), abortPatience)
	defer cancel()
	return p.try(ctx, p.on("take away the probe", p.key), func(ctx context.Context) error {
		return p.core.RemoveObject(ctx, p.bucket, p.key, minio.RemoveObjectOptions{})
	})
}

// put writes the probe; match is the condition, "" = none.
func (p probe) put(ctx context.Context, content, match string) (etag string, err error) {
	o := minio.PutObjectOptions{DisableMultipart: true, SendContentMd5: true}
	if match != "" {
		o.SetMatchETag(match)
	}
	err = p.try(ctx, p.on("write the probe", p.key), func(ctx context.Context) error {
		info, err := p.core.Client.PutObject(ctx, p.bucket, p.key, bytes.NewReader([]byte(content)), int64(len(content)), o)
		etag = info.ETag
		return err
	})
	return etag, err
}

func (p probe) whole(ctx context.Context) error {
	first, err := p.put(ctx, "1", "")
	if err != nil {
		return err
	}
	second, err := p.put(ctx, "2", first)
	if err != nil {
		return p.unfit(err)
	}
	if second == first {
		return fmt.Errorf("probe %s: two contents have one ETag, so that none tells one from another; use another store: %w", p.Place(), source.ErrRefused)
	}
	_, err = p.put(ctx, "3", first)
	if err == nil && !safety.Off(safety.StoreMeasured) {
		return p.unfit(nil)
	}
	if err != nil && !errors.Is(err, source.ErrChanged) {
		return p.unfit(err)
	}
	return nil
}

// unfit says what to do about a store without conditional writes.
func (p probe) unfit(err error) error {
	var e *Error
	if err == nil || errors.Is(err, source.ErrChanged) || errors.As(err, &e) && e.Status == http.StatusNotImplemented {
		return fmt.Errorf("probe %s: the store does not honour If-Match, so that a batch could write over what another wrote; use a store that does (S3 since 2024-11), or copy the objects to files: %w", p.Place(), source.ErrRefused)
	}
	return err
}

// parts measures with one object, and uploads to it that have one part of a byte.
func (p probe) parts(ctx context.Context) (m multipart, err error) {
	first, err := p.put(ctx, "1", "")
	if err != nil {
		return m, err
	}
	if m.copies, err = p.copies(ctx, first); err != nil {
		return m, err
	}
	stale, err := p.put(ctx, "2", "")
	if err != nil {
		return m, err
	}
	if _, err = p.put(ctx, "3", ""); err != nil {
		return m, err
	}
	taken, err := p.complete(ctx, stale)
	if err != nil || taken {
		return m, err
	}
	now, err := p.put(ctx, "4", "")
	if err == nil {
		m.conditional, err = p.complete(ctx, now)
	}
	return m, err
}

// upload makes an upload for the probe, and takes it away again where fill does not complete it.
func (p probe) upload(ctx context.Context, fill func(*upload) error) error {
	u, err := (&writing{handle: &handle{of: p.Source, ctx: ctx, object: source.Object{Name: p.key}}}).begin(ctx)
	if err != nil {
		return err
	}
	return errors.Join(fill(u), u.abort(ctx))
}

// complete reports whether an upload was taken on the condition that the probe has that ETag. What is no clear no is an
// error, but for stores that do not know the call or its condition.
func (p probe) complete(ctx context.Context, match string) (taken bool, err error) {
	err = p.upload(ctx, func(u *upload) error {
		u.object.Revision = match
		if err := u.send(ctx, []byte("p")); err != nil {
			return err
		}
		return p.try(ctx, p.on("complete an upload for the probe", p.key), func(ctx context.Context) error {
			_, err := u.complete(ctx)
			taken = err == nil
			return err
		})
	})
	return taken, no(err)
}

// copies reports whether the store copies a part of what has that ETag, and none of what has another.
func (p probe) copies(ctx context.Context, etag string) (bool, error) {
	var right, wrong bool
	err := p.upload(ctx, func(u *upload) error {
		u.object.Revision = etag
		err := u.copy(ctx, 0, 1)
		right = err == nil && u.parts[0].ETag != ""
		if err != nil {
			return err
		}
		u.object.Revision = "00000000000000000000000000000000"
		err = u.copy(ctx, 0, 1)
		wrong = err == nil
		return err
	})
	return right && !wrong, no(err)
}

// no takes an answer that says no, or that the store knows no such call or condition, as one.
func no(err error) error {
	var e *Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Status {
	case http.StatusPreconditionFailed, http.StatusNotImplemented, http.StatusMethodNotAllowed, http.StatusLengthRequired:
		return nil
	}
	switch e.Code {
	case "InvalidArgument", "InvalidRequest", "NotImplemented", "MissingContentLength":
		return nil
	}
	return err
}

package oss

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	sdk "github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"
	"github.com/google/uuid"

	"kmsplan.dev/kmsplan/internal/batch/source"
)

// Probe implements source.Source: the bucket keeps versions, and an object of its own is written, rewritten and found with
// its versions; then all of them are deleted.
func (s *Source) Probe(ctx context.Context) (err error) {
	s.versioned.Store(false)
	if err := s.keepsVersions(ctx); err != nil {
		return err
	}
	key := s.prefix + ".kmsplan-probe-" + uuid.NewString()
	defer func() { err = errors.Join(err, s.purge(ctx, key)) }()
	err = s.do(ctx, func(ctx context.Context) error {
		_, err := s.client.PutObject(ctx, &sdk.PutObjectRequest{Bucket: &s.bucket, Key: &key, Body: strings.NewReader("one"), ContentMD5: digest([]byte("one"))})
		return err
	})
	if err != nil {
		return s.failure(key, err)
	}
	h, err := s.Open(ctx, key)
	if err != nil {
		return err
	}
	defer h.Close()
	w, err := h.Replace(ctx, source.Content{Head: strings.NewReader("two"), Size: 3, Keep: -1})
	if err != nil {
		return err
	}
	all, err := h.(*handle).newer(ctx)
	if err != nil {
		return err
	}
	if len(all) != 1 || w.Foreign != "" {
		return fmt.Errorf("%s: after a write %d versions are new, not one: the store does not keep versions as OSS does", s.failure(key, errors.New("the probe")), len(all))
	}
	return nil
}

// purge deletes every version of an object of our own.
func (s *Source) purge(ctx context.Context, key string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	l, err := s.client.ListObjectVersions(ctx, &sdk.ListObjectVersionsRequest{Bucket: &s.bucket, Prefix: &key, MaxKeys: 100, IsMix: true})
	if err != nil {
		return s.failure(key, err)
	}
	for _, v := range l.ObjectVersionsDeleteMarkers {
		if _, failed := s.client.DeleteObject(ctx, &sdk.DeleteObjectRequest{Bucket: &s.bucket, Key: &key, VersionId: v.VersionId}); failed != nil {
			err = errors.Join(err, s.failure(key, failed))
		}
	}
	return err
}

package oss

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	sdk "github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"

	"kmsplan.dev/kmsplan/internal/safety"
)

// keepsVersions asks, once, whether the bucket keeps what is written over.
func (s *Source) keepsVersions(ctx context.Context) error {
	if s.versioned.Load() {
		return nil
	}
	var r *sdk.GetBucketVersioningResult
	err := s.do(ctx, func(ctx context.Context) (err error) {
		r, err = s.client.GetBucketVersioning(ctx, &sdk.GetBucketVersioningRequest{Bucket: &s.bucket})
		return err
	})
	switch status := ""; {
	case err != nil:
		return s.failure("", err)
	case sdk.ToString(r.VersionStatus) != "Enabled":
		if status = sdk.ToString(r.VersionStatus); status == "" {
			status = "off"
		}
		return fmt.Errorf("oss://%s: its versioning is %s; OSS has no conditional write, so that a batch needs a bucket that keeps what is written over: "+
			"enable versioning (ossutil api put-bucket-versioning), with a life cycle rule for old versions", s.bucket, strings.ToLower(status))
	}
	s.versioned.Store(true)
	return nil
}

// newer are the versions of an object that came after the one that was opened, the newest first: contents and marks of
// deletion.
func (h *handle) newer(ctx context.Context) (all []sdk.ObjectMixProperties, err error) {
	q := &sdk.ListObjectVersionsRequest{Bucket: &h.of.bucket, Prefix: &h.object.Name, MaxKeys: 10, IsMix: true, EncodingType: sdk.Ptr("url")}
	for {
		var l *sdk.ListObjectVersionsResult
		err := h.of.do(ctx, func(ctx context.Context) (err error) {
			l, err = h.of.client.ListObjectVersions(ctx, q)
			return err
		})
		if err != nil {
			return nil, h.failure(err)
		}
		for _, v := range l.ObjectVersionsDeleteMarkers {
			if sdk.ToString(v.Key) != h.object.Name || sdk.ToString(v.VersionId) == sdk.ToString(h.head.VersionId) {
				return all, nil
			}
			// The opened one may be gone for good, with older ones below it.
			if v.LastModified != nil && h.head.LastModified != nil && v.LastModified.Before(*h.head.LastModified) {
				return all, nil
			}
			all = append(all, v)
		}
		if !l.IsTruncated {
			return all, nil
		}
		q.MaxKeys, q.KeyMarker, q.VersionIdMarker = page, l.NextKeyMarker, l.NextVersionIdMarker
	}
}

// between names the versions that came after the one that was opened and before ours.
func (h *handle) between(ctx context.Context, ours string) (string, error) {
	all, err := h.newer(ctx)
	if err != nil || safety.Off(safety.OSSForeign) {
		return "", err
	}
	var names []string
	below := false
	for _, v := range all {
		if below {
			names = append(names, sdk.ToString(v.VersionId))
		}
		below = below || sdk.ToString(v.VersionId) == ours
	}
	return strings.Join(names, ", "), nil
}

// ours finds what was written among the versions, by its size and its beginning; "" = it is not there. The beginning of an
// envelope and of a document holds what was never written before.
func (w *write) ours(ctx context.Context) (id, etag string, err error) {
	all, err := w.newer(ctx)
	if err != nil {
		return "", "", err
	}
	for _, v := range all {
		if v.IsDeleteMarker() || w.known >= 0 && v.Size != w.size() {
			continue
		}
		begins := w.first[:min(len(w.first), readFirst)]
		if v.Size < int64(len(begins)) {
			continue
		}
		same := len(begins) == 0
		if !same {
			data, err := w.of.read(ctx, w.object.Name, v.VersionId, revision(v.ETag), 0, int64(len(begins)))
			if err != nil {
				return "", "", err
			}
			same = bytes.Equal(data, begins)
		}
		if same {
			return sdk.ToString(v.VersionId), revision(v.ETag), nil
		}
	}
	return "", "", nil
}

// size is the size of the whole new content.
func (w *write) size() int64 { return w.known + w.object.Size - w.copied }

package oss

import (
	"context"
	"strings"

	sdk "github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"

	"kmsplan.dev/kmsplan/internal/batch/source"
)

// page is how many objects a call of a listing asks for, the most that the service gives.
const page = 1000

// List implements source.Source: by the bytes of the keys. What stands for a directory (a key that ends with a slash, empty)
// is no object.
func (s *Source) List(ctx context.Context, after string, each func(source.Object) error) error {
	for {
		var l *sdk.ListObjectsV2Result
		err := s.do(ctx, func(ctx context.Context) (err error) {
			l, err = s.client.ListObjectsV2(ctx, &sdk.ListObjectsV2Request{Bucket: &s.bucket, Prefix: optional(s.prefix), StartAfter: optional(after), MaxKeys: page, EncodingType: sdk.Ptr("url")})
			return err
		})
		if err != nil {
			return s.failure(s.prefix, err)
		}
		for _, o := range l.Contents {
			if after = sdk.ToString(o.Key); o.Size == 0 && strings.HasSuffix(after, "/") {
				continue
			}
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := each(source.Object{Name: after, Size: o.Size, Modified: sdk.ToTime(o.LastModified), Revision: revision(o.ETag)}); err != nil {
				return err
			}
		}
		if !l.IsTruncated || len(l.Contents) == 0 {
			return nil
		}
	}
}

// revision is an ETag: it tells contents apart in a listing too, which has no ids of versions.
func revision(etag *string) string { return strings.Trim(sdk.ToString(etag), `"`) }

func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// Tags implements source.Tagger.
func (s *Source) Tags(ctx context.Context, name string) (map[string]string, error) {
	return s.tags(ctx, name, nil)
}

func (s *Source) tags(ctx context.Context, key string, version *string) (map[string]string, error) {
	var r *sdk.GetObjectTaggingResult
	err := s.do(ctx, func(ctx context.Context) (err error) {
		r, err = s.client.GetObjectTagging(ctx, &sdk.GetObjectTaggingRequest{Bucket: &s.bucket, Key: &key, VersionId: version})
		return err
	})
	if err != nil {
		return nil, s.failure(key, err)
	}
	tags := make(map[string]string, len(r.Tags))
	for _, t := range r.Tags {
		tags[sdk.ToString(t.Key)] = sdk.ToString(t.Value)
	}
	return tags, nil
}

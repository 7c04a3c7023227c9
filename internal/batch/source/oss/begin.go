package oss

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"

	sdk "github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"
)

// begin reads the first bytes of an object as it is, and with them what a HEAD would tell of it.
func (s *Source) begin(ctx context.Context, key string) (h *sdk.HeadObjectResult, first []byte, err error) {
	q := &sdk.GetObjectRequest{Bucket: &s.bucket, Key: &key, Range: sdk.Ptr(fmt.Sprintf("bytes=0-%d", readFirst-1)), RangeBehavior: sdk.Ptr("standard")}
	err = s.do(ctx, func(ctx context.Context) error {
		r, err := s.client.GetObject(ctx, q)
		if err != nil {
			return err
		}
		defer r.Body.Close()
		if h, err = headOf(r); err != nil {
			return err
		}
		first = make([]byte, min(h.ContentLength, readFirst))
		_, err = io.ReadFull(r.Body, first)
		return err
	})
	return h, first, err
}

// answered reports whether the service answered, and with a no.
func answered(err error) bool {
	status := refusal(err).StatusCode
	return status >= 400 && status < 500
}

// headOf is what the answer with a part of an object says of all of it.
func headOf(r *sdk.GetObjectResult) (*sdk.HeadObjectResult, error) {
	size := r.ContentLength
	if parts := sdk.ToString(r.ContentRange); parts != "" {
		_, total, _ := strings.Cut(parts, "/")
		var err error
		if size, err = strconv.ParseInt(total, 10, 64); err != nil {
			return nil, fmt.Errorf("the store answered with the range %q", parts)
		}
	}
	of := func(name string) *string { return optional(r.Headers.Get(name)) }
	return &sdk.HeadObjectResult{
		ContentLength: size, ETag: r.ETag, LastModified: r.LastModified, VersionId: r.VersionId, ContentType: r.ContentType,
		CacheControl: of("Cache-Control"), ContentDisposition: of("Content-Disposition"), ContentEncoding: of("Content-Encoding"), Expires: of("Expires"),
		Metadata: r.Metadata, StorageClass: r.StorageClass, ObjectType: r.ObjectType, Restore: r.Restore, TaggingCount: r.TaggingCount,
		ServerSideEncryption: r.ServerSideEncryption, ServerSideDataEncryption: r.ServerSideDataEncryption, ServerSideEncryptionKeyId: r.ServerSideEncryptionKeyId,
	}, nil
}

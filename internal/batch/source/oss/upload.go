package oss

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/base64"
	"fmt"
	"io"
	"time"

	sdk "github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"
)

// put writes what is smaller than a part, right after its attributes were asked for.
func (w *write) put(ctx context.Context) (id, etag string, err error) {
	if !w.current {
		if err := w.unchanged(ctx); err != nil {
			return "", "", err
		}
	}
	w.known, w.sent = int64(len(w.first)), int64(len(w.first))
	return w.settle(ctx, func(ctx context.Context) (string, string, error) {
		q := w.attributes.put(w.of.bucket, w.object.Name)
		q.Body, q.ContentMD5 = bytes.NewReader(w.first), digest(w.first)
		r, err := w.of.client.PutObject(ctx, q)
		if err != nil {
			return "", "", err
		}
		return sdk.ToString(r.VersionId), revision(r.ETag), nil
	})
}

func digest(data []byte) *string {
	sum := md5.Sum(data)
	return sdk.Ptr(base64.StdEncoding.EncodeToString(sum[:]))
}

// upload writes in parts. One that does not end is given up: nobody pays for its parts.
func (w *write) upload(ctx context.Context) (id, etag string, err error) {
	var u *sdk.InitiateMultipartUploadResult
	err = w.of.do(ctx, func(ctx context.Context) (err error) {
		u, err = w.of.client.InitiateMultipartUpload(ctx, w.attributes.initiate(w.of.bucket, w.object.Name))
		return err
	})
	if err != nil {
		return "", "", w.failure(err)
	}
	defer func() {
		if err != nil {
			w.abort(ctx, u.UploadId)
		}
	}()
	parts, err := w.send(ctx, u.UploadId)
	if err != nil {
		return "", "", err
	}
	if parts, err = w.copy(ctx, u.UploadId, parts); err != nil {
		return "", "", err
	}
	if err := w.unchanged(ctx); err != nil {
		return "", "", err
	}
	return w.settle(ctx, func(ctx context.Context) (string, string, error) {
		r, err := w.of.client.CompleteMultipartUpload(ctx, &sdk.CompleteMultipartUploadRequest{Bucket: &w.of.bucket, Key: &w.object.Name, UploadId: u.UploadId,
			Acl: w.acl, CompleteMultipartUpload: &sdk.CompleteMultipartUpload{Parts: parts}})
		if err != nil {
			return "", "", err
		}
		return sdk.ToString(r.VersionId), revision(r.ETag), nil
	})
}

// send sends the content, part by part.
func (w *write) send(ctx context.Context, upload *string) (parts []sdk.UploadPart, err error) {
	size := w.of.part
	if w.known > 0 {
		size = max(size, w.known/(partMost-100)+1)
	}
	content := io.MultiReader(bytes.NewReader(w.first), w.content)
	buffer := make([]byte, size)
	for {
		n, err := io.ReadFull(content, buffer)
		if err != nil && !ended(err) {
			return nil, fmt.Errorf("read the new content: %w", err)
		}
		if n > 0 {
			number := int32(len(parts) + 1)
			var r *sdk.UploadPartResult
			failed := w.of.do(ctx, func(ctx context.Context) (err error) {
				r, err = w.of.client.UploadPart(ctx, &sdk.UploadPartRequest{Bucket: &w.of.bucket, Key: &w.object.Name, UploadId: upload, PartNumber: number,
					Body: bytes.NewReader(buffer[:n]), ContentMD5: digest(buffer[:n])})
				return err
			})
			if failed != nil {
				return nil, w.failure(failed)
			}
			parts = append(parts, sdk.UploadPart{PartNumber: number, ETag: r.ETag})
			w.sent += int64(n)
		}
		if err != nil {
			return parts, nil
		}
	}
}

// copy has the service copy what stays, from the version that was opened.
func (w *write) copy(ctx context.Context, upload *string, parts []sdk.UploadPart) ([]sdk.UploadPart, error) {
	for at := w.copied; at < w.object.Size; {
		end := min(at+copyMost, w.object.Size)
		if w.object.Size-end < pieceLeast {
			end = w.object.Size
		}
		number := int32(len(parts) + 1)
		var r *sdk.UploadPartCopyResult
		err := w.of.do(ctx, func(ctx context.Context) (err error) {
			r, err = w.of.client.UploadPartCopy(ctx, &sdk.UploadPartCopyRequest{Bucket: &w.of.bucket, Key: &w.object.Name, UploadId: upload, PartNumber: number,
				SourceKey: &w.object.Name, SourceVersionId: w.head.VersionId, IfMatch: w.head.ETag, Range: sdk.Ptr(fmt.Sprintf("bytes=%d-%d", at, end-1))})
			return err
		})
		if err != nil {
			return nil, w.failure(err)
		}
		parts = append(parts, sdk.UploadPart{PartNumber: number, ETag: r.ETag})
		at = end
	}
	return parts, nil
}

func (w *write) abort(ctx context.Context, upload *string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	// What cannot be given up stays as parts of an upload, which a life cycle rule takes away.
	_, _ = w.of.client.AbortMultipartUpload(ctx, &sdk.AbortMultipartUploadRequest{Bucket: &w.of.bucket, Key: &w.object.Name, UploadId: upload})
}

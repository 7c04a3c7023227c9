package oss

import (
	"context"
	"net/url"

	sdk "github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"
)

// attributes are what survives a new content: a new version has none of the old one's.
type attributes struct {
	was     *sdk.HeadObjectResult
	tagging *string // as a header has it
	acl     sdk.ObjectACLType
	// current says that the object was seen to be the version that was opened when its ACL was asked for.
	current bool
}

// attributes asks for what the head does not tell: tags where there are any, and the ACL of the object as it is, which must be
// the version that was opened.
func (h *handle) attributes(ctx context.Context) (a attributes, err error) {
	a.was = h.head
	if h.head.TaggingCount > 0 {
		tags, err := h.of.tags(ctx, h.object.Name, h.head.VersionId)
		if err != nil {
			return a, err
		}
		values := url.Values{}
		for name, value := range tags {
			values.Set(name, value)
		}
		a.tagging = sdk.Ptr(values.Encode())
	}
	var r *sdk.GetObjectAclResult
	err = h.of.do(ctx, func(ctx context.Context) (err error) {
		r, err = h.of.client.GetObjectAcl(ctx, &sdk.GetObjectAclRequest{Bucket: &h.of.bucket, Key: &h.object.Name})
		return err
	})
	if err != nil {
		return a, h.failure(err)
	}
	if sdk.ToString(r.ACL) != "default" {
		a.acl = sdk.ObjectACLType(sdk.ToString(r.ACL))
	}
	a.current = r.VersionId != nil
	if !a.current { // it does not say of which version it is
		return a, nil
	}
	return a, h.still(r.VersionId)
}

func (a attributes) put(bucket, key string) *sdk.PutObjectRequest {
	return &sdk.PutObjectRequest{
		Bucket: &bucket, Key: &key, CacheControl: a.was.CacheControl, ContentDisposition: a.was.ContentDisposition, ContentEncoding: a.was.ContentEncoding,
		ContentType: a.was.ContentType, Expires: a.was.Expires, ServerSideEncryption: a.was.ServerSideEncryption,
		ServerSideDataEncryption: a.was.ServerSideDataEncryption, ServerSideEncryptionKeyId: a.was.ServerSideEncryptionKeyId,
		StorageClass: sdk.StorageClassType(sdk.ToString(a.was.StorageClass)), Metadata: a.was.Metadata, Tagging: a.tagging, Acl: a.acl,
	}
}

// initiate has no ACL: it is given when the upload is completed.
func (a attributes) initiate(bucket, key string) *sdk.InitiateMultipartUploadRequest {
	return &sdk.InitiateMultipartUploadRequest{
		Bucket: &bucket, Key: &key, CacheControl: a.was.CacheControl, ContentDisposition: a.was.ContentDisposition, ContentEncoding: a.was.ContentEncoding,
		ContentType: a.was.ContentType, Expires: a.was.Expires, ServerSideEncryption: a.was.ServerSideEncryption,
		ServerSideDataEncryption: a.was.ServerSideDataEncryption, ServerSideEncryptionKeyId: a.was.ServerSideEncryptionKeyId,
		StorageClass: sdk.StorageClassType(sdk.ToString(a.was.StorageClass)), Metadata: a.was.Metadata, Tagging: a.tagging,
	}
}

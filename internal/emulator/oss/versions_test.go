package oss_test

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	sdk "github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"
)

// versionsOf are the versions of a bucket as a listing by pages tells of them: KEY@ID, deletions with a minus before.
func versionsOf(t *testing.T, c *sdk.Client, page int32) (all []string, latest int) {
	t.Helper()
	pages := c.NewListObjectVersionsPaginator(&sdk.ListObjectVersionsRequest{Bucket: sdk.Ptr("bucket"), MaxKeys: page})
	for pages.HasNext() {
		l, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range l.ObjectVersions {
			all = append(all, *v.Key+"@"+*v.VersionId)
			if v.IsLatest {
				latest++
			}
		}
		for _, v := range l.ObjectDeleteMarkers {
			all = append(all, "-"+*v.Key+"@"+*v.VersionId)
		}
	}
	return all, latest
}

func TestVersionsAreListedNewestFirst(t *testing.T) {
	c := client(t, start(t).Ready())
	makeBucket(t, c, "bucket", "Enabled")
	for n := range 3 {
		for _, key := range []string{"a b/ä", "b", "c"} {
			if err := put(c, key, fmt.Sprint(n), false); err != nil {
				t.Fatal(err)
			}
		}
	}
	all, latest := versionsOf(t, c, 1000)
	if len(all) != 9 || latest != 3 || !strings.HasPrefix(all[0], "a b/ä@") || !strings.HasPrefix(all[8], "c@") {
		t.Errorf("%d versions, %d of them the latest: %q", len(all), latest, all)
	}
	for _, page := range []int32{1, 2, 4} {
		if got, _ := versionsOf(t, c, page); !slices.Equal(got, all) {
			t.Errorf("by pages of %d they are %q, want %q", page, got, all)
		}
	}
	if text, err := get(c, "b", func(q *sdk.GetObjectRequest) { q.VersionId = sdk.Ptr(strings.TrimPrefix(all[5], "b@")) }); err != nil || text != "0" {
		t.Errorf("the oldest version is %q: %v", text, err)
	}
	if _, err := c.DeleteObject(t.Context(), &sdk.DeleteObjectRequest{Bucket: sdk.Ptr("bucket"), Key: sdk.Ptr("b")}); err != nil {
		t.Fatal(err)
	}
	if got, latest := versionsOf(t, c, 1000); len(got) != 10 || latest != 2 || !slices.ContainsFunc(got, func(s string) bool { return strings.HasPrefix(s, "-b@") }) {
		t.Errorf("after a deletion %d of them are the latest: %q", latest, got)
	}
}

// What describes an object comes back as it was given, and tags and ACL are changed alone.
func TestWhatDescribesAnObject(t *testing.T) {
	c := client(t, start(t).Ready())
	makeBucket(t, c, "bucket", "Enabled")
	bucket, key := sdk.Ptr("bucket"), sdk.Ptr("k")
	_, err := c.PutObject(t.Context(), &sdk.PutObjectRequest{Bucket: bucket, Key: key, Body: strings.NewReader("text"), CacheControl: sdk.Ptr("no-cache"),
		ContentType: sdk.Ptr("text/x"), ContentEncoding: sdk.Ptr("aes"), Metadata: map[string]string{"team": "orders"}, Tagging: sdk.Ptr("a=1&b=%C3%A4"),
		StorageClass: sdk.StorageClassIA, Acl: sdk.ObjectACLPublicRead})
	if err != nil {
		t.Fatal(err)
	}
	h, err := c.HeadObject(t.Context(), &sdk.HeadObjectRequest{Bucket: bucket, Key: key})
	if err != nil || *h.CacheControl != "no-cache" || *h.ContentType != "text/x" || *h.ContentEncoding != "aes" || h.Metadata["team"] != "orders" || h.TaggingCount != 2 || *h.StorageClass != "IA" {
		t.Errorf("the head is %+v: %v", h, err)
	}
	tags, err := c.GetObjectTagging(t.Context(), &sdk.GetObjectTaggingRequest{Bucket: bucket, Key: key})
	if err != nil || len(tags.Tags) != 2 || *tags.Tags[1].Value != "ä" {
		t.Errorf("the tags are %+v: %v", tags, err)
	}
	acl, err := c.GetObjectAcl(t.Context(), &sdk.GetObjectAclRequest{Bucket: bucket, Key: key})
	if err != nil || *acl.ACL != "public-read" {
		t.Errorf("the ACL is %+v: %v", acl, err)
	}
	if _, err := c.PutObjectAcl(t.Context(), &sdk.PutObjectAclRequest{Bucket: bucket, Key: key, Acl: sdk.ObjectACLPrivate}); err != nil {
		t.Error(err)
	}
	if _, err := c.DeleteObjectTagging(t.Context(), &sdk.DeleteObjectTaggingRequest{Bucket: bucket, Key: key}); err != nil {
		t.Error(err)
	}
	if all, _ := versionsOf(t, c, 1000); len(all) != 1 {
		t.Errorf("changing tags made versions: %q", all)
	}
	_, err = c.PutObject(t.Context(), &sdk.PutObjectRequest{Bucket: bucket, Key: key, Body: strings.NewReader("x"), StorageClass: sdk.StorageClassArchive})
	if err != nil {
		t.Error(err)
	}
	_, err = get(c, "k")
	want(t, "an archived object", err, "403 InvalidObjectState")
	_, err = c.PutObject(t.Context(), &sdk.PutObjectRequest{Bucket: bucket, Key: key, Body: strings.NewReader("x"), Tagging: sdk.Ptr("a=1&a=2")})
	want(t, "a tag twice", err, "400 InvalidArgument")
}

// An upload of parts, of which one is copied from an older version by the service, is there when it is completed.
func TestAnUploadOfParts(t *testing.T) {
	c := client(t, start(t).Ready())
	makeBucket(t, c, "bucket", "Enabled")
	bucket, key := sdk.Ptr("bucket"), sdk.Ptr("k")
	old := bytes.Repeat([]byte("0123456789"), 30_000)
	was, err := c.PutObject(t.Context(), &sdk.PutObjectRequest{Bucket: bucket, Key: key, Body: bytes.NewReader(old)})
	if err != nil {
		t.Fatal(err)
	}
	u, err := c.InitiateMultipartUpload(t.Context(), &sdk.InitiateMultipartUploadRequest{Bucket: bucket, Key: key, ContentType: sdk.Ptr("text/x"), Metadata: map[string]string{"a": "b"}})
	if err != nil {
		t.Fatal(err)
	}
	head := bytes.Repeat([]byte("H"), 100<<10)
	one, err := c.UploadPart(t.Context(), &sdk.UploadPartRequest{Bucket: bucket, Key: key, UploadId: u.UploadId, PartNumber: 1, Body: bytes.NewReader(head)})
	if err != nil {
		t.Fatal(err)
	}
	if err := put(c, "k", "another's", false); err != nil {
		t.Fatal(err)
	}
	copying := func(tag *string) (*sdk.UploadPartCopyResult, error) {
		return c.UploadPartCopy(t.Context(), &sdk.UploadPartCopyRequest{Bucket: bucket, Key: key, UploadId: u.UploadId, PartNumber: 2, SourceKey: key,
			SourceVersionId: was.VersionId, Range: sdk.Ptr(fmt.Sprintf("bytes=%d-%d", len(head), len(old)-1)), IfMatch: tag})
	}
	_, err = copying(sdk.Ptr(`"another"`))
	want(t, "a copy of what is another", err, "412 PreconditionFailed")
	two, err := copying(was.ETag)
	if err != nil {
		t.Fatal(err)
	}
	complete := func(parts ...sdk.UploadPart) (*sdk.CompleteMultipartUploadResult, error) {
		return c.CompleteMultipartUpload(t.Context(), &sdk.CompleteMultipartUploadRequest{Bucket: bucket, Key: key, UploadId: u.UploadId,
			CompleteMultipartUpload: &sdk.CompleteMultipartUpload{Parts: parts}})
	}
	first, second := sdk.UploadPart{PartNumber: 1, ETag: one.ETag}, sdk.UploadPart{PartNumber: 2, ETag: two.ETag}
	_, err = complete(first, sdk.UploadPart{PartNumber: 2, ETag: sdk.Ptr(`"x"`)})
	want(t, "a part that is not there", err, "400 InvalidPart")
	done, err := complete(first, second)
	if err != nil || sdk.ToString(done.VersionId) == "" || !strings.HasSuffix(*done.ETag, `-2"`) {
		t.Fatalf("%+v, %v", done, err)
	}
	_, err = complete(first, second)
	want(t, "an upload that is completed", err, "404 NoSuchUpload")
	r, err := c.GetObject(t.Context(), &sdk.GetObjectRequest{Bucket: bucket, Key: key})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	got, err := io.ReadAll(r.Body)
	if err != nil || !bytes.Equal(got, append(head, old[len(head):]...)) || *r.ContentType != "text/x" || r.Metadata["a"] != "b" || *r.ObjectType != "Multipart" {
		t.Errorf("the object has %d bytes and %+v: %v", len(got), r, err)
	}
	if all, _ := versionsOf(t, c, 1000); len(all) != 3 {
		t.Errorf("the versions are %q", all)
	}
}

func TestAnUploadThatIsAborted(t *testing.T) {
	c := client(t, start(t).Ready())
	makeBucket(t, c, "bucket", "Enabled")
	bucket, key := sdk.Ptr("bucket"), sdk.Ptr("k")
	u, err := c.InitiateMultipartUpload(t.Context(), &sdk.InitiateMultipartUploadRequest{Bucket: bucket, Key: key})
	if err != nil {
		t.Fatal(err)
	}
	part := func(n int32, text string) (*sdk.UploadPartResult, error) {
		return c.UploadPart(t.Context(), &sdk.UploadPartRequest{Bucket: bucket, Key: key, UploadId: u.UploadId, PartNumber: n, Body: strings.NewReader(text)})
	}
	one, err := part(1, "small")
	if err != nil {
		t.Fatal(err)
	}
	two, err := part(2, "small")
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.CompleteMultipartUpload(t.Context(), &sdk.CompleteMultipartUploadRequest{Bucket: bucket, Key: key, UploadId: u.UploadId,
		CompleteMultipartUpload: &sdk.CompleteMultipartUpload{Parts: []sdk.UploadPart{{PartNumber: 1, ETag: one.ETag}, {PartNumber: 2, ETag: two.ETag}}}})
	want(t, "small parts", err, "400 EntityTooSmall")
	uploads, err := c.ListMultipartUploads(t.Context(), &sdk.ListMultipartUploadsRequest{Bucket: bucket})
	if err != nil || len(uploads.Uploads) != 1 || *uploads.Uploads[0].UploadId != *u.UploadId {
		t.Errorf("the uploads are %+v: %v", uploads, err)
	}
	_, err = c.DeleteBucket(t.Context(), &sdk.DeleteBucketRequest{Bucket: bucket})
	want(t, "a bucket with an upload", err, "409 BucketNotEmpty")
	if _, err := c.AbortMultipartUpload(t.Context(), &sdk.AbortMultipartUploadRequest{Bucket: bucket, Key: key, UploadId: u.UploadId}); err != nil {
		t.Fatal(err)
	}
	_, err = part(3, "late")
	want(t, "a part of an upload that was aborted", err, "404 NoSuchUpload")
	if _, err := c.DeleteBucket(t.Context(), &sdk.DeleteBucketRequest{Bucket: bucket}); err != nil {
		t.Error(err)
	}
}

package s3test_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"kmsplan.dev/kmsplan/internal/batch/source/s3/s3test"
)

// The front has what gofakes3 has not, and nothing of it where a test takes that away.
func TestTheFrontKeepsConditions(t *testing.T) {
	for _, without := range []string{"", "complete"} {
		store := s3test.Start(t)
		store.Without[without] = true
		core, err := minio.NewCore(store.Endpoint[len("http://"):], &minio.Options{Creds: credentials.NewEnvAWS(), Region: "us-east-1"})
		if err != nil {
			t.Fatal(err)
		}
		put := func(o minio.PutObjectOptions) error {
			_, err := core.Client.PutObject(t.Context(), store.Bucket, "a", bytes.NewReader([]byte("a")), 1, o)
			return err
		}
		if err := put(minio.PutObjectOptions{UserTags: map[string]string{"k": "v"}, CacheControl: "no-store"}); err != nil {
			t.Fatal(err)
		}
		wrong, read := minio.PutObjectOptions{}, minio.GetObjectOptions{}
		wrong.SetMatchETag("x")
		if err := put(wrong); minio.ToErrorResponse(err).StatusCode != 412 {
			t.Errorf("PutObject: %v", err)
		}
		body, info, _, err := core.GetObject(t.Context(), store.Bucket, "a", read)
		if err != nil || info.Metadata.Get("Cache-Control") != "no-store" || info.UserTagCount != 1 {
			t.Errorf("%+v, %v", info, err)
		}
		io.Copy(io.Discard, body)
		body.Close()
		if err := read.SetMatchETag("x"); err != nil {
			t.Fatal(err)
		}
		if _, _, _, err := core.GetObject(t.Context(), store.Bucket, "a", read); minio.ToErrorResponse(err).StatusCode != 412 {
			t.Errorf("GetObject: %v", err)
		}
		id, err := core.NewMultipartUpload(t.Context(), store.Bucket, "a", minio.PutObjectOptions{})
		if err != nil {
			t.Fatal(err)
		}
		part, err := core.CopyObjectPart(t.Context(), store.Bucket, "a", store.Bucket, "a", id, 1, 0, 1, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := core.CompleteMultipartUpload(t.Context(), store.Bucket, "a", id, []minio.CompletePart{part}, wrong); (err == nil) != (without == "complete") {
			t.Errorf("CompleteMultipartUpload without %q: %v", without, err)
		}
		if want := map[string]int{"": 1, "complete": 2}[without]; store.Writes("a") != want || store.Calls("copy") != 1 {
			t.Errorf("%d writes, %d copies", store.Writes("a"), store.Calls("copy"))
		}
	}
}

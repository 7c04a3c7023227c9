package cli

import (
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	sdk "github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"
	"github.com/minio/minio-go/v7"
	mcredentials "github.com/minio/minio-go/v7/pkg/credentials"

	"kmsplan.dev/kmsplan/internal/cli/clitest"
	"kmsplan.dev/kmsplan/internal/emulator"
	"kmsplan.dev/kmsplan/internal/emulator/emulatortest"
)

// bucket is one of the test's own on the S3 server that all tests share.
type bucket struct {
	*minio.Client
	name, endpoint, secret string
	env                    []string // credentials for it
}

func bucketOnS3(t *testing.T) bucket {
	b := bucket{name: "b-" + unused(), endpoint: needs(t, "KMSPLAN_TEST_S3"), secret: os.Getenv("KMSPLAN_TEST_S3_SECRET")}
	access := os.Getenv("KMSPLAN_TEST_S3_ACCESS")
	b.env = []string{"AWS_ACCESS_KEY_ID=" + access, "AWS_SECRET_ACCESS_KEY=" + b.secret}
	var err error
	b.Client, err = minio.New(strings.TrimPrefix(b.endpoint, "http://"), &minio.Options{Creds: mcredentials.NewStaticV4(access, b.secret, ""), Region: "us-east-1"})
	if err == nil {
		err = b.MakeBucket(t.Context(), b.name, minio.MakeBucketOptions{})
	}
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// onS3 is a bucket that keeps every version.
func onS3(t *testing.T) aStore {
	b := bucketOnS3(t)
	if err := b.EnableVersioning(t.Context(), b.name); err != nil {
		t.Fatal(err)
	}
	put := func(t *testing.T, key, text string) {
		if _, err := b.PutObject(t.Context(), b.name, key, strings.NewReader(text), int64(len(text)), minio.PutObjectOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	return aStore{
		block:   fmt.Sprintf("backend \"s3\" {\n bucket = %q\n key = \"prod/kms\"\n endpoint = %q\n path_style = true\n }", b.name, b.endpoint),
		env:     b.env,
		secrets: map[string]string{"the secret of S3": b.secret},
		holds:   func(t *testing.T) map[string][]byte { return versionsIn(t, b.Client, b.name) },
		log:     logs(t, "s3.log"),
		plant:   func(t *testing.T, text string) { put(t, "prod/kms", text) },
		mention: func(t *testing.T, text string) { put(t, text, "mentioned") },
	}
}

// versionsIn is every version of every object of a bucket, with what the service says of it.
func versionsIn(t *testing.T, c *minio.Client, bucket string) map[string][]byte {
	t.Helper()
	held := map[string][]byte{}
	for o := range c.ListObjects(t.Context(), bucket, minio.ListObjectsOptions{Recursive: true, WithVersions: true, WithMetadata: true}) {
		if o.Err != nil {
			t.Fatal(o.Err)
		}
		name := o.Key + " " + o.VersionID
		if o.IsDeleteMarker {
			continue
		}
		r, err := c.GetObject(t.Context(), bucket, o.Key, minio.GetObjectOptions{VersionID: o.VersionID})
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(r)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		held[name] = fmt.Appendf(body, "\n%v", o.UserMetadata)
	}
	return held
}

// onOSS is a bucket of an emulator's object service, whose log of everything that goes wrong is its only one.
func onOSS(t *testing.T) aStore {
	log := &syncBuffer{}
	r := emulatortest.New(t, func(o *emulator.Options) { o.OSSListen, o.Logger = "127.0.0.1:0", log.logger() }).Ready()
	c := objectClient(t, r)
	bucket := "b-" + unused()
	if _, err := c.PutBucket(t.Context(), &sdk.PutBucketRequest{Bucket: &bucket}); err != nil {
		t.Fatal(err)
	}
	return aStore{
		block:   fmt.Sprintf("backend \"oss\" {\n bucket = %q\n key = \"prod/kms\"\n region = %q\n endpoint = %q\n ca_file = %q\n }", bucket, r.Region, "https://"+r.OSS, r.CAFile),
		env:     []string{"OSS_ACCESS_KEY_ID=" + r.AccessKeyID, "OSS_ACCESS_KEY_SECRET=" + r.AccessKeySecret},
		secrets: map[string]string{"the AccessKey's secret of OSS": r.AccessKeySecret},
		holds:   func(t *testing.T) map[string][]byte { return objectsIn(t, c, bucket) },
		log:     func(*testing.T) map[string][]byte { return map[string][]byte{"the emulator's log": log.bytes()} },
		plant: func(t *testing.T, text string) {
			if _, err := c.PutObject(t.Context(), &sdk.PutObjectRequest{Bucket: &bucket, Key: sdk.Ptr(unused()), Body: strings.NewReader(text)}); err != nil {
				t.Fatal(err)
			}
		},
		mention: func(_ *testing.T, text string) { log.logger().Debug(text) },
	}
}

// objectClient is the vendor's, for one test.
func objectClient(t *testing.T, r emulator.Ready) *sdk.Client {
	t.Helper()
	c, end, err := clitest.ObjectClient(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(end)
	return c
}

// objectsIn is every object of a bucket.
func objectsIn(t *testing.T, c *sdk.Client, bucket string) map[string][]byte {
	t.Helper()
	held := map[string][]byte{}
	l, err := c.ListObjectsV2(t.Context(), &sdk.ListObjectsV2Request{Bucket: &bucket, MaxKeys: 1000})
	if err != nil || l.IsTruncated {
		t.Fatal("listing the objects", err)
	}
	for _, o := range l.Contents {
		r, err := c.GetObject(t.Context(), &sdk.GetObjectRequest{Bucket: &bucket, Key: o.Key})
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(r.Body)
		_ = r.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		held[*o.Key] = body
	}
	return held
}

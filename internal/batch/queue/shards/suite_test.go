package shards_test

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	sdk "github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"
	osscred "github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss/credentials"
	"github.com/google/uuid"
	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"golang.org/x/sync/errgroup"

	"kmsplan.dev/kmsplan/internal/batch/queue"
	"kmsplan.dev/kmsplan/internal/batch/queue/queuetest"
	"kmsplan.dev/kmsplan/internal/batch/queue/shards"
	"kmsplan.dev/kmsplan/internal/batch/quota"
	"kmsplan.dev/kmsplan/internal/emulator"
	"kmsplan.dev/kmsplan/internal/emulator/emulatortest"
	"kmsplan.dev/kmsplan/internal/state/remote"
)

var quick = shards.Options{Retry: remote.Retrying{Attempts: 4, Pause: 5 * time.Millisecond}, Look: time.Nanosecond}

func open(t *testing.T, ledger string, s shards.Shard, o shards.Options) *shards.Queue {
	t.Helper()
	q, err := shards.Open(ledger, s, o)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// all are the workers of all shards, as one queue.
type all struct {
	*shards.Queue
	others []*shards.Queue
	bucket quota.Bucket
}

func (a all) Work(ctx context.Context, w queue.Worker) error {
	w.Parallel = max(w.Parallel/(1+len(a.others)), 1) // so many in all, as the suite asks for
	g, ctx := errgroup.WithContext(ctx)
	for _, q := range append(a.others, a.Queue) {
		g.Go(func() error { return q.Work(ctx, w) })
	}
	return g.Wait()
}

// Bucket is one for all: of several shards each has a part, and the suite looks at the whole.
func (a all) Bucket(string, string) quota.Bucket { return a.bucket }

func suite(t *testing.T, of int, fresh func(t *testing.T) (string, shards.Options)) {
	queuetest.Suite(t, func(t *testing.T) queuetest.Rig {
		ledger, o := fresh(t)
		return queuetest.Rig{Alone: true, Open: func(t *testing.T) queue.Queue {
			first := open(t, ledger, shards.Shard{Index: 0, Of: of}, o)
			if of == 1 {
				return first
			}
			a := all{Queue: first, bucket: quota.NewMemory(1000, nil)}
			for i := 1; i < of; i++ {
				a.others = append(a.others, open(t, ledger, shards.Shard{Index: i, Of: of}, o))
			}
			return a
		}}
	})
}

func folder(t *testing.T) (string, shards.Options) {
	return filepath.Join(t.TempDir(), "ledger"), quick
}

func TestAShardInADirectoryIsAQueue(t *testing.T) { suite(t, 1, folder) }

func TestTwoShardsInADirectoryAreAQueue(t *testing.T) { suite(t, 2, folder) }

func TestTwoShardsInABucketAreAQueue(t *testing.T) {
	endpoint := os.Getenv("KMSPLAN_TEST_S3")
	if endpoint == "" {
		t.Skip("no server: KMSPLAN_TEST_S3 is not set; .ci/servers starts one")
	}
	t.Setenv("AWS_ACCESS_KEY_ID", os.Getenv("KMSPLAN_TEST_S3_ACCESS"))
	t.Setenv("AWS_SECRET_ACCESS_KEY", os.Getenv("KMSPLAN_TEST_S3_SECRET"))
	c, err := minio.New(strings.TrimPrefix(endpoint, "http://"), &minio.Options{Creds: credentials.NewEnvAWS(), Region: "us-east-1"})
	if err != nil {
		t.Fatal(err)
	}
	suite(t, 2, func(t *testing.T) (string, shards.Options) {
		bucket := "b-" + uuid.NewString()
		if err := c.MakeBucket(t.Context(), bucket, minio.MakeBucketOptions{}); err != nil {
			t.Fatal(err)
		}
		return "s3://" + bucket + "/jobs/re?path_style=true&endpoint=" + endpoint, quick
	})
}

func TestTwoShardsInABucketOfOSSAreAQueue(t *testing.T) {
	r := emulatortest.New(t, func(o *emulator.Options) { o.OSSListen = "127.0.0.1:0" }).Ready()
	t.Setenv("OSS_ACCESS_KEY_ID", r.AccessKeyID)
	t.Setenv("OSS_ACCESS_KEY_SECRET", r.AccessKeySecret)
	transport, err := remote.Transport("oss", r.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(transport.CloseIdleConnections)
	c := sdk.NewClient(sdk.NewConfig().WithRegion(r.Region).WithEndpoint("https://" + r.OSS).WithHttpClient(&http.Client{Transport: transport}).
		WithCredentialsProvider(osscred.NewStaticCredentialsProvider(r.AccessKeyID, r.AccessKeySecret, "")))
	suite(t, 2, func(t *testing.T) (string, shards.Options) {
		bucket := "b-" + uuid.NewString()
		if _, err := c.PutBucket(t.Context(), &sdk.PutBucketRequest{Bucket: &bucket}); err != nil {
			t.Fatal(err)
		}
		o := quick
		o.CAFile = r.CAFile
		return "oss://" + bucket + "/jobs?region=" + r.Region + "&endpoint=https://" + r.OSS, o
	})
}

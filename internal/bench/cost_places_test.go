//go:build unix

package bench

import (
	"bytes"
	"context"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	sdk "github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/minio/minio-go/v7"

	"kmsplan.dev/kmsplan/internal/batch/source/files"
	"kmsplan.dev/kmsplan/internal/batch/source/oss"
	"kmsplan.dev/kmsplan/internal/batch/source/postgres"
	"kmsplan.dev/kmsplan/internal/batch/source/s3"
	"kmsplan.dev/kmsplan/internal/state/oss/connect"
	"kmsplan.dev/kmsplan/internal/state/s3client"
)

type namedPlace struct {
	name string
	open func(testing.TB) place
}

func places() []namedPlace {
	return []namedPlace{{"files", inFiles}, {"memory", inMemory}, {"s3", inS3}, {"oss", inOSS}, {"postgres", inPostgres}, {"postgres-pooled", inPooledPostgres}}
}

// inFiles is a directory on the disk.
func inFiles(tb testing.TB) place { return filesIn(tb, tb.TempDir()) }

// inMemory is a directory in memory, where that is.
func inMemory(tb testing.TB) place {
	dir, err := os.MkdirTemp("/dev/shm", "kmsplan-bench-")
	if err != nil {
		tb.Skipf("no file system in memory: %v", err)
	}
	tb.Cleanup(func() { os.RemoveAll(dir) })
	return filesIn(tb, dir)
}

func filesIn(tb testing.TB, dir string) place {
	s, err := files.Open(files.Options{Root: dir})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { s.Close() })
	return place{
		source: s,
		get:    func(_ context.Context, name string) ([]byte, error) { return os.ReadFile(filepath.Join(dir, name)) },
		put: func(_ context.Context, name string, content []byte) error {
			return writeSynced(filepath.Join(dir, name), content)
		},
	}
}

// writeSynced puts a content in place of a file's, whole or not at all.
func writeSynced(path string, content []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), "copy-")
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := f.Write(content); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

func inS3(tb testing.TB) place {
	at := needs(tb, "KMSPLAN_TEST_S3")
	tb.Setenv("AWS_ACCESS_KEY_ID", os.Getenv("KMSPLAN_TEST_S3_ACCESS"))
	tb.Setenv("AWS_SECRET_ACCESS_KEY", os.Getenv("KMSPLAN_TEST_S3_SECRET"))
	c, err := s3client.Open(s3client.Options{For: "benchmark", Endpoint: at, PathStyle: true})
	if err != nil {
		tb.Fatal(err)
	}
	bucket := "b-" + uuid.NewString()
	if err := c.MakeBucket(tb.Context(), bucket, minio.MakeBucketOptions{}); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { emptied(c, bucket) })
	s, err := s3.Open(s3.Options{Bucket: bucket, Endpoint: at, PathStyle: true})
	if err != nil {
		tb.Fatal(err)
	}
	return place{
		source: s, bucket: bucket,
		get: func(ctx context.Context, name string) ([]byte, error) {
			o, err := c.GetObject(ctx, bucket, name, minio.GetObjectOptions{})
			if err != nil {
				return nil, err
			}
			defer o.Close()
			return io.ReadAll(o)
		},
		put: func(ctx context.Context, name string, content []byte) error {
			_, err := c.PutObject(ctx, bucket, name, bytes.NewReader(content), int64(len(content)), minio.PutObjectOptions{DisableMultipart: true}) // whose parts gofakes3 keeps with their signatures
			return err
		},
	}
}

// emptied removes a bucket.
func emptied(c *minio.Client, bucket string) {
	ctx := context.Background()
	for range c.RemoveObjects(ctx, bucket, c.ListObjects(ctx, bucket, minio.ListObjectsOptions{Recursive: true}), minio.RemoveObjectsOptions{}) {
	}
	_ = c.RemoveBucket(ctx, bucket)
}

func inOSS(tb testing.TB) place {
	w := newWorld(tb, "memory", "-oss-listen=127.0.0.1:0")
	var ready struct {
		Region          string
		OSS             string
		AccessKeyID     string `json:"access_key_id"`
		AccessKeySecret string `json:"access_key_secret"`
		CAFile          string `json:"ca_file"`
	}
	decode(tb, w.read("ready.json"), &ready)
	tb.Setenv("OSS_ACCESS_KEY_ID", ready.AccessKeyID)
	tb.Setenv("OSS_ACCESS_KEY_SECRET", ready.AccessKeySecret)
	bucket, at := "b-"+uuid.NewString(), "https://"+ready.OSS
	c, _, err := connect.Options{For: "benchmark", Bucket: bucket, Region: ready.Region, Endpoint: at, CAFile: ready.CAFile}.Client()
	w.must(err)
	_, err = c.PutBucket(tb.Context(), &sdk.PutBucketRequest{Bucket: &bucket})
	w.must(err)
	_, err = c.PutBucketVersioning(tb.Context(), &sdk.PutBucketVersioningRequest{Bucket: &bucket,
		VersioningConfiguration: &sdk.VersioningConfiguration{Status: sdk.VersionEnabled}})
	w.must(err)
	s, err := oss.Open(oss.Options{Bucket: bucket, Region: ready.Region, Endpoint: at, CAFile: ready.CAFile})
	w.must(err)
	return place{
		source: s,
		get: func(ctx context.Context, name string) ([]byte, error) {
			r, err := c.GetObject(ctx, &sdk.GetObjectRequest{Bucket: &bucket, Key: &name})
			if err != nil {
				return nil, err
			}
			defer r.Body.Close()
			return io.ReadAll(r.Body)
		},
		put: func(ctx context.Context, name string, content []byte) error {
			_, err := c.PutObject(ctx, &sdk.PutObjectRequest{Bucket: &bucket, Key: &name, Body: bytes.NewReader(content)})
			return err
		},
	}
}

// inPostgres is a column; the loop beside it prepares its statements, as pgx does by itself.
func inPostgres(tb testing.TB) place { return postgresIn(tb, pgx.QueryExecModeCacheStatement) }

// inPooledPostgres has a loop that prepares nothing: a pooler of transactions may stand in between, as with the source.
func inPooledPostgres(tb testing.TB) place { return postgresIn(tb, pgx.QueryExecModeExec) }

func postgresIn(tb testing.TB, mode pgx.QueryExecMode) place {
	at, err := url.Parse(needs(tb, "KMSPLAN_TEST_PG"))
	if err != nil {
		tb.Fatal(err)
	}
	config, err := pgxpool.ParseConfig(at.String())
	if err != nil {
		tb.Fatal(err)
	}
	config.ConnConfig.DefaultQueryExecMode = mode
	pool, err := pgxpool.NewWithConfig(tb.Context(), config)
	if err != nil {
		tb.Fatal(err)
	}
	table := "bench_" + strings.ReplaceAll(uuid.NewString(), "-", "")
	if _, err := pool.Exec(tb.Context(), "CREATE TABLE "+table+" (id text PRIMARY KEY, body bytea)"); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { pool.Exec(context.Background(), "DROP TABLE "+table); pool.Close() })
	if password, ok := at.User.Password(); ok {
		tb.Setenv("PGPASSWORD", password)
		at.User = url.User(at.User.Username())
	}
	s, err := postgres.Open(tb.Context(), postgres.Options{ConnStr: at.String(), Table: table, Column: "body"})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { s.Close() })
	return place{
		source: s,
		get: func(ctx context.Context, name string) (content []byte, err error) {
			err = pool.QueryRow(ctx, "SELECT body FROM "+table+" WHERE id = $1", name).Scan(&content)
			return content, err
		},
		put: func(ctx context.Context, name string, content []byte) error {
			done, err := pool.Exec(ctx, "UPDATE "+table+" SET body = $2 WHERE id = $1", name, content)
			if err == nil && done.RowsAffected() == 0 {
				_, err = pool.Exec(ctx, "INSERT INTO "+table+" VALUES ($1, $2)", name, content)
			}
			return err
		},
	}
}

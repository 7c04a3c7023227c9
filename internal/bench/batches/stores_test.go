//go:build linux

package batches

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"sync"
	"testing"

	sdk "github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"
	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss/credentials"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/minio/minio-go/v7"

	"kmsplan.dev/kmsplan/internal/batch/source/s3/s3test"
)

// store is where the objects are. put and get go past the batch, as another program does.
type store interface {
	block() string // of the module
	env() []string
	put(t *testing.T, name string, content []byte)
	get(t *testing.T, name string) []byte
	// writes is how often each object was written but by put, as the store counts it.
	writes(t *testing.T) map[string]int
}

var stores = map[string]func(*testing.T, *rig) store{"files": openFiles, "s3": openS3, "postgres": openPostgres, "oss": openOSS}

// s3Store is a bucket behind a front that counts.
type s3Store struct {
	*s3test.Store
	names sync.Map
}

func openS3(t *testing.T, _ *rig) store { return &s3Store{Store: s3test.Start(t)} }

func (s *s3Store) block() string {
	return fmt.Sprintf("s3 {\n bucket = %q\n endpoint = %q\n path_style = true\n }", s.Bucket, s.Endpoint)
}

func (s *s3Store) env() []string {
	return []string{"AWS_ACCESS_KEY_ID=kmsplan", "AWS_SECRET_ACCESS_KEY=kmsplan-tests"}
}

func (s *s3Store) put(t *testing.T, name string, content []byte) {
	t.Helper()
	s.names.Store(name, true)
	if _, err := s.Past.PutObject(t.Context(), s.Bucket, name, bytes.NewReader(content), int64(len(content)), minio.PutObjectOptions{}); err != nil {
		t.Fatal(err)
	}
}

func (s *s3Store) get(t *testing.T, name string) []byte {
	t.Helper()
	o, err := s.Past.GetObject(t.Context(), s.Bucket, name, minio.GetObjectOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	content, err := io.ReadAll(o)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func (s *s3Store) writes(*testing.T) map[string]int {
	out := map[string]int{}
	s.names.Range(func(name, _ any) bool { out[name.(string)] = s.Writes(name.(string)); return true })
	return out
}

// pgStore is a column of the queue's own database; a trigger counts.
type pgStore struct {
	pool *pgxpool.Pool
}

func openPostgres(t *testing.T, r *rig) store {
	pool, err := pgxpool.New(t.Context(), r.pg.ConnStr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	for _, statement := range []string{
		`CREATE TABLE orders (name text PRIMARY KEY, body bytea)`,
		`CREATE TABLE orders_written (name text)`,
		`CREATE FUNCTION written() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO orders_written VALUES (NEW.name); RETURN NULL; END $$`,
		`CREATE TRIGGER written AFTER UPDATE ON orders FOR EACH ROW WHEN (current_setting('application_name') <> 'another') EXECUTE FUNCTION written()`,
	} {
		if _, err := pool.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	return &pgStore{pool}
}

func (s *pgStore) block() string { return "postgres {\n table = \"orders\"\n column = \"body\"\n }" }
func (s *pgStore) env() []string { return nil }

func (s *pgStore) put(t *testing.T, name string, content []byte) {
	t.Helper()
	err := pgx.BeginFunc(t.Context(), s.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(t.Context(), "SET LOCAL application_name = 'another'"); err != nil {
			return err
		}
		_, err := tx.Exec(t.Context(), "INSERT INTO orders VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET body = $2", name, content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (s *pgStore) get(t *testing.T, name string) (content []byte) {
	t.Helper()
	if err := s.pool.QueryRow(t.Context(), "SELECT body FROM orders WHERE name = $1", name).Scan(&content); err != nil {
		t.Fatal(err)
	}
	return content
}

func (s *pgStore) writes(t *testing.T) map[string]int {
	t.Helper()
	rows, err := s.pool.Query(t.Context(), "SELECT name, count(*) FROM orders_written GROUP BY name")
	if err != nil {
		t.Fatal(err)
	}
	out, name, n := map[string]int{}, "", 0
	if _, err := pgx.ForEachRow(rows, []any{&name, &n}, func() error { out[name] = n; return nil }); err != nil {
		t.Fatal(err)
	}
	return out
}

// ossStore is a bucket with versions: they are its count.
type ossStore struct {
	client *sdk.Client
	bucket string
	rig    *rig
	puts   map[string]int
}

func openOSS(t *testing.T, r *rig) store {
	ready := r.server.Ready()
	pem, err := os.ReadFile(ready.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}
	t.Cleanup(transport.CloseIdleConnections)
	s := &ossStore{bucket: "orders", rig: r, puts: map[string]int{}, client: sdk.NewClient(sdk.NewConfig().WithRegion(ready.Region).WithEndpoint("https://" + ready.OSS).
		WithHttpClient(&http.Client{Transport: transport}).WithCredentialsProvider(credentials.NewStaticCredentialsProvider(ready.AccessKeyID, ready.AccessKeySecret, "")))}
	if _, err := s.client.PutBucket(t.Context(), &sdk.PutBucketRequest{Bucket: &s.bucket}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.client.PutBucketVersioning(t.Context(), &sdk.PutBucketVersioningRequest{Bucket: &s.bucket,
		VersioningConfiguration: &sdk.VersioningConfiguration{Status: sdk.VersionEnabled}}); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *ossStore) block() string {
	ready := s.rig.server.Ready()
	return fmt.Sprintf("oss {\n bucket = %q\n region = %q\n endpoint = %q\n ca_file = %q\n path_style = true\n }", s.bucket, ready.Region, "https://"+ready.OSS, ready.CAFile)
}

func (s *ossStore) env() []string {
	ready := s.rig.server.Ready()
	return []string{"OSS_ACCESS_KEY_ID=" + ready.AccessKeyID, "OSS_ACCESS_KEY_SECRET=" + ready.AccessKeySecret}
}

func (s *ossStore) put(t *testing.T, name string, content []byte) {
	t.Helper()
	s.puts[name]++
	if _, err := s.client.PutObject(t.Context(), &sdk.PutObjectRequest{Bucket: &s.bucket, Key: &name, Body: bytes.NewReader(content)}); err != nil {
		t.Fatal(err)
	}
}

func (s *ossStore) get(t *testing.T, name string) []byte {
	t.Helper()
	r, err := s.client.GetObject(t.Context(), &sdk.GetObjectRequest{Bucket: &s.bucket, Key: &name})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	content, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func (s *ossStore) writes(t *testing.T) map[string]int {
	t.Helper()
	out := map[string]int{}
	for name, n := range maps.All(s.puts) {
		out[name] = -n
	}
	p := s.client.NewListObjectVersionsPaginator(&sdk.ListObjectVersionsRequest{Bucket: &s.bucket, MaxKeys: 1000})
	for p.HasNext() {
		page, err := p.NextPage(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range page.ObjectVersions {
			out[*v.Key]++
		}
	}
	return out
}

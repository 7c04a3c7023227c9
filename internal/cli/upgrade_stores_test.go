package cli

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"

	sdk "github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"
	"github.com/jackc/pgx/v5"
	"github.com/minio/minio-go/v7"

	"kmsplan.dev/kmsplan/internal/emulator"
	"kmsplan.dev/kmsplan/internal/emulator/emulatortest"
	"kmsplan.dev/kmsplan/internal/state/http/gitlab"
)

// aKept is a store whose content is taken down with a release and put back ever after. What is sealed in it is bound to its
// place, so the place's name is the same each time: the server is not.
type aKept struct {
	settings func(key string) string
	env      []string
	moves    bool // its settings say an address, which is another one each time
	// dump is what the server holds, and restore puts it into an empty one.
	dump    func(t *testing.T) map[string][]byte
	restore func(t *testing.T, held map[string][]byte)
}

// keptStores are the stores that releases leave something in.
var keptStores = map[string]func(t *testing.T) aKept{"http": keptHTTP, "pg": keptPG, "s3": keptS3, "oss": keptOSS}

// The names of the places.
const (
	keptSchema = "kmsplan_kept"
	keptBucket = "kmsplan-kept"
	keptKey    = "prod/kms"
)

func keptHTTP(t *testing.T) aKept {
	s := gitlab.New(t)
	s.Locks, s.Versions = true, true
	block := fmt.Sprintf("backend \"http\" {\n address = \"%[1]s/state\"\n lock_address = \"%[1]s/state/lock\"\n lock_method = \"POST\"\n unlock_method = \"DELETE\"\n ca_file = %[2]q\n }",
		s.URL, writeCA(t, s.CA()))
	return aKept{
		moves:    true,
		settings: aStore{block: block}.settings,
		env:      []string{"KMSPLAN_HTTP_USERNAME=" + gitlab.User, "KMSPLAN_HTTP_PASSWORD=" + gitlab.Password},
		dump:     func(*testing.T) map[string][]byte { return map[string][]byte{"document": bytes.Clone(s.Document())} },
		restore: func(_ *testing.T, held map[string][]byte) {
			s.Edit(func([]byte) []byte { return held["document"] })
		},
	}
}

// keptS3 is a bucket of its own on the server that all tests share. A proxy gives it its name.
func keptS3(t *testing.T) aKept {
	b := bucketOnS3(t)
	server, err := url.Parse(b.endpoint)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(server)
		r.Out.URL.Path = strings.Replace(r.Out.URL.Path, keptBucket, b.name, 1)
		r.Out.URL.RawPath = ""
	}})
	t.Cleanup(proxy.Close)
	block := fmt.Sprintf("backend \"s3\" {\n bucket = %q\n key = %q\n endpoint = %q\n path_style = true\n }", keptBucket, keptKey, proxy.URL)
	return aKept{
		moves:    true,
		settings: aStore{block: block}.settings,
		env:      b.env,
		dump: func(t *testing.T) map[string][]byte {
			held := map[string][]byte{}
			for o := range b.ListObjects(t.Context(), b.name, minio.ListObjectsOptions{Recursive: true}) {
				r, err := b.GetObject(t.Context(), b.name, o.Key, minio.GetObjectOptions{})
				if err != nil {
					t.Fatal(err)
				}
				if held[o.Key], err = io.ReadAll(r); err != nil {
					t.Fatal(err)
				}
			}
			return held
		},
		restore: func(t *testing.T, held map[string][]byte) {
			for key, data := range held {
				if _, err := b.PutObject(t.Context(), b.name, key, bytes.NewReader(data), int64(len(data)), minio.PutObjectOptions{}); err != nil {
					t.Fatal(err)
				}
			}
		},
	}
}

// keptOSS is a bucket of an emulator's object service. The log is an append object, the others are not.
func keptOSS(t *testing.T) aKept {
	r := emulatortest.New(t, func(o *emulator.Options) { o.OSSListen = "127.0.0.1:0" }).Ready()
	c := objectClient(t, r)
	if _, err := c.PutBucket(t.Context(), &sdk.PutBucketRequest{Bucket: sdk.Ptr(keptBucket)}); err != nil {
		t.Fatal(err)
	}
	block := fmt.Sprintf("backend \"oss\" {\n bucket = %q\n key = %q\n region = %q\n endpoint = %q\n ca_file = %q\n }", keptBucket, keptKey, r.Region, "https://"+r.OSS, r.CAFile)
	appended := func(key string) bool { return key == keptKey || strings.HasPrefix(key, keptKey+".d/log-") }
	return aKept{
		moves:    true,
		settings: aStore{block: block}.settings,
		env:      []string{"OSS_ACCESS_KEY_ID=" + r.AccessKeyID, "OSS_ACCESS_KEY_SECRET=" + r.AccessKeySecret},
		dump:     func(t *testing.T) map[string][]byte { return objectsIn(t, c, keptBucket) },
		restore: func(t *testing.T, held map[string][]byte) {
			for key, data := range held {
				var err error
				if appended(key) {
					_, err = c.AppendObject(t.Context(), &sdk.AppendObjectRequest{Bucket: sdk.Ptr(keptBucket), Key: &key, Position: sdk.Ptr(int64(0)), Body: bytes.NewReader(data)})
				} else {
					_, err = c.PutObject(t.Context(), &sdk.PutObjectRequest{Bucket: sdk.Ptr(keptBucket), Key: &key, Body: bytes.NewReader(data)})
				}
				if err != nil {
					t.Fatal(err)
				}
			}
		},
	}
}

// keptPG is a database of its own: the schema's name is the place's.
func keptPG(t *testing.T) aKept {
	address, err := url.Parse(needs(t, direct))
	if err != nil {
		t.Fatal(err)
	}
	database := unused()
	query(t, "CREATE DATABASE "+database)
	t.Cleanup(func() { query(t, "DROP DATABASE "+database+" WITH (FORCE)") })
	address.Path = "/" + database
	in := func(t *testing.T, do func(ctx context.Context, c *pgx.Conn) error) {
		t.Helper()
		c, err := pgx.Connect(t.Context(), address.String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close(t.Context())
		if err := do(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	return aKept{
		settings: aStore{block: fmt.Sprintf("backend \"pg\" {\n schema_name = %q\n name = %q\n }", keptSchema, keptKey)}.settings,
		env:      []string{"KMSPLAN_PG_CONN_STR=" + address.String()},
		dump: func(t *testing.T) (held map[string][]byte) {
			in(t, func(ctx context.Context, c *pgx.Conn) error {
				held, err = dumpPG(ctx, c)
				return err
			})
			return held
		},
		restore: func(t *testing.T, held map[string][]byte) {
			in(t, func(ctx context.Context, c *pgx.Conn) error { return restorePG(ctx, c, held) })
		},
	}
}

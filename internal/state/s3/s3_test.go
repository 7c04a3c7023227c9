package s3_test

import (
	"bytes"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"kmsplan.dev/kmsplan/internal/state"
	"kmsplan.dev/kmsplan/internal/state/remote"
	"kmsplan.dev/kmsplan/internal/state/remote/placetest"
	"kmsplan.dev/kmsplan/internal/state/s3"
	"kmsplan.dev/kmsplan/internal/state/statetest"
)

// realServer is the address of one, without which a test is skipped as a whole.
func realServer(t *testing.T) string {
	t.Helper()
	endpoint := os.Getenv("KMSPLAN_TEST_S3")
	if endpoint == "" {
		t.Skip("no server: KMSPLAN_TEST_S3 is not set; .ci/servers starts one")
	}
	return endpoint
}

// bucket is an empty bucket of a real server, and a client that looks at it without us.
func bucket(t *testing.T) (s3.Options, *minio.Client) {
	endpoint := realServer(t)
	t.Setenv("AWS_ACCESS_KEY_ID", os.Getenv("KMSPLAN_TEST_S3_ACCESS"))
	t.Setenv("AWS_SECRET_ACCESS_KEY", os.Getenv("KMSPLAN_TEST_S3_SECRET"))
	c, err := minio.New(strings.TrimPrefix(endpoint, "http://"), &minio.Options{Creds: credentials.NewEnvAWS(), Region: "us-east-1"})
	if err != nil {
		t.Fatal(err)
	}
	o := s3.Options{Bucket: "b-" + uuid.NewString(), Key: "prod/kmsplan", Endpoint: endpoint, PathStyle: true}
	if err := c.MakeBucket(t.Context(), o.Bucket, minio.MakeBucketOptions{}); err != nil {
		t.Fatal(err)
	}
	return o, c
}

func open(t *testing.T, o s3.Options) *s3.Place {
	t.Helper()
	p, err := s3.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPlace(t *testing.T) {
	placetest.Run(t, func(t *testing.T) func() remote.Place {
		o, _ := bucket(t)
		return func() remote.Place { return open(t, o) }
	})
}

func TestStoreContract(t *testing.T) {
	statetest.Run(t, func(t *testing.T) statetest.Subject {
		o, c := bucket(t)
		fault := &placetest.Faulty{}
		shared := open(t, o)
		edit := func(key string, edit func([]byte) []byte) {
			object, err := c.GetObject(t.Context(), o.Bucket, key, minio.GetObjectOptions{})
			if err != nil {
				t.Fatal(err)
			}
			var b bytes.Buffer
			if _, err := b.ReadFrom(object); err != nil {
				t.Fatal(err)
			}
			data := edit(b.Bytes())
			if _, err := c.PutObject(t.Context(), o.Bucket, key, bytes.NewReader(data), int64(len(data)), minio.PutObjectOptions{}); err != nil {
				t.Fatal(err)
			}
		}
		return statetest.Subject{
			Open: func() state.Store {
				return remote.New(remote.Retry(fault.Over(shared), placetest.Quick), remote.Options{})
			},
			Lose: func(bool) { fault.Lose(placetest.Quick.Attempts) },
			Damage: func(journal bool) {
				if journal {
					edit(o.Key, func(head []byte) []byte {
						return regexp.MustCompile(`"journal":"[^"]*"`).ReplaceAll(head, []byte(`"journal":"ZGFtYWdlZA=="`))
					})
					return
				}
				for object := range c.ListObjects(t.Context(), o.Bucket, minio.ListObjectsOptions{Prefix: o.Key + ".d/", Recursive: true}) {
					edit(object.Key, func([]byte) []byte { return []byte("damaged") })
				}
			},
		}
	})
}

func TestAServerIsMeasured(t *testing.T) {
	o, c := bucket(t)
	if err := remote.Measure(t.Context(), open(t, o)); err != nil {
		t.Error(err)
	}
	for object := range c.ListObjects(t.Context(), o.Bucket, minio.ListObjectsOptions{Recursive: true}) {
		t.Errorf("measuring left %s", object.Key)
	}
}

// A store that takes what its condition forbids is refused, and one that knows no conditions.
func TestAStoreWithoutConditionsIsRefused(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "canary-s3-access")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "canary-s3-secret")
	for name, tt := range map[string]struct {
		answer func(w http.ResponseWriter, r *http.Request)
		want   string
	}{
		"it ignores them":       {func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("ETag", `"x"`) }, "two runs could write over each other"},
		"it does not know them": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotImplemented) }, "does not know conditional writes"},
		"it refuses us": {func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusForbidden)
			w.Write([]byte(r.Header.Get("Authorization")))
		}, "AWS_ACCESS_KEY_ID"},
	} {
		server := httptest.NewServer(http.HandlerFunc(tt.answer))
		err := remote.Measure(t.Context(), open(t, s3.Options{Bucket: "bucket", Key: "k", Endpoint: server.URL, PathStyle: true}))
		server.Close()
		if !errors.Is(err, remote.ErrRefused) || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestOptionsThatAreRefused(t *testing.T) {
	for want, o := range map[string]s3.Options{
		"needs bucket and key": {Bucket: "b"},
		"slash":                {Bucket: "b", Key: "/k"},
		"no URL":               {Bucket: "b", Key: "k", Endpoint: "host:1"},
		"not encrypted":        {Bucket: "b", Key: "k", Endpoint: "http://minio.example"},
		"holds credentials":    {Bucket: "b", Key: "k", Endpoint: "https://a:b@minio.example"},
		"ca_file":              {Bucket: "b", Key: "k", CAFile: "nowhere.pem"},
	} {
		if _, err := s3.Open(o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v", o, err)
		}
	}
}

func TestWorkspaces(t *testing.T) {
	o, _ := bucket(t)
	placetest.Houses(t, func() remote.House { return open(t, o) })
}

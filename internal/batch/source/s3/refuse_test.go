package s3

import (
	"bytes"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"

	"kmsplan.dev/kmsplan/internal/batch/source"
	"kmsplan.dev/kmsplan/internal/batch/source/s3/s3test"
)

func TestObjectsThatAreHeldAreRefused(t *testing.T) {
	for want, o := range map[string]minio.PutObjectOptions{
		"retention rule": {Mode: minio.Governance, RetainUntilDate: time.Now().Add(time.Hour)},
		"legal hold":     {LegalHold: minio.LegalHoldEnabled},
	} {
		store := s3test.Start(t)
		o.DisableMultipart = true
		if _, err := store.Past.PutObject(t.Context(), store.Bucket, prefix+"a", bytes.NewReader([]byte("old")), 3, o); err != nil {
			t.Fatal(err)
		}
		_, err := handleOf(t, open(t, store.Endpoint, store.Bucket), prefix+"a").Replace(t.Context(), source.Content{Head: strings.NewReader("new"), Size: 3, Keep: -1})
		if !errors.Is(err, source.ErrRefused) || !strings.Contains(err.Error(), want) || string(get(t, store, prefix+"a")) != "old" {
			t.Errorf("%s: %v", want, err)
		}
	}
}

// A store that begins an answer and stops, or never begins one, does not hold a worker up.
func TestARequestThatMovesNothingEnds(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "kmsplan")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "kmsplan-tests")
	for name, serve := range map[string]http.HandlerFunc{
		"silent": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"stops": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "100")
			w.Header().Set("Last-Modified", "Mon, 02 Jan 2006 15:04:05 GMT")
			w.Write([]byte("begin"))
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		},
	} {
		server := httptest.NewServer(serve)
		s, err := Open(Options{Bucket: "bucket", Endpoint: server.URL, PathStyle: true, Pause: time.Millisecond, Stall: 30 * time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Open(t.Context(), "a"); !errors.Is(err, errStalled) {
			t.Errorf("%s: %v", name, err)
		}
		server.Close()
	}
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	s, err := Open(Options{Bucket: "bucket", Endpoint: "http://" + closed.Addr().String(), PathStyle: true, Pause: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Open(t.Context(), "a"); err == nil || !strings.Contains(err.Error(), "open s3://bucket/a") {
		t.Error(err)
	}
}

package s3test

import (
	"bytes"
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// Store is a bucket of its own.
type Store struct {
	Endpoint string // of the front
	Bucket   string
	// Past is a client that goes past the front: another program.
	Past *minio.Client
	// Without takes away what gofakes3 has not: nothing, "complete" (If-Match on uploads of parts), "copy" (UploadPartCopy), or
	// "put" (If-Match on PutObject), which gofakes3 has.
	Without map[string]bool
	// Fail is asked before each call; what is not 0 is its answer's status. Lose is asked after each call whose work is done;
	// true = its answer does not come.
	Fail func(*http.Request) int
	Lose func(*http.Request) bool

	proxy *httputil.ReverseProxy
	mu    sync.Mutex // held for each write: a condition and its write are one step
	count struct {
		sync.Mutex
		writes map[string]int
		calls  map[string]int
	}
}

// moved are headers that gofakes3 drops; they lie in others.
var moved = []string{"Cache-Control", "Expires", "Content-Language"}

const moving = "X-Amz-Meta-Front-"

// Start makes a bucket; the test is skipped without a server.
func Start(t *testing.T) *Store {
	t.Helper()
	behind := os.Getenv("KMSPLAN_TEST_S3")
	if behind == "" {
		t.Skip("no server: KMSPLAN_TEST_S3 is not set; .ci/servers starts one")
	}
	if os.Getenv("AWS_ACCESS_KEY_ID") == "" {
		os.Setenv("AWS_ACCESS_KEY_ID", "kmsplan") // tests that run beside each other cannot use t.Setenv
		os.Setenv("AWS_SECRET_ACCESS_KEY", "kmsplan-tests")
	}
	to, err := url.Parse(behind)
	if err != nil {
		t.Fatal(err)
	}
	s := &Store{Bucket: "b-" + uuid.NewString(), Without: map[string]bool{}}
	s.count.writes, s.count.calls = map[string]int{}, map[string]int{}
	s.Past, err = minio.New(to.Host, &minio.Options{Creds: credentials.NewStaticV4("kmsplan", "kmsplan-tests", ""), Region: "us-east-1"})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Past.MakeBucket(t.Context(), s.Bucket, minio.MakeBucketOptions{}); err != nil {
		t.Fatal(err)
	}
	s.proxy = &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to) }, ModifyResponse: back}
	front := httptest.NewServer(s)
	t.Cleanup(front.Close)
	s.Endpoint = front.URL
	return s
}

// Writes is how often an object was written through the front.
func (s *Store) Writes(key string) int {
	s.count.Lock()
	defer s.count.Unlock()
	return s.count.writes[key]
}

// Calls is how many calls of a kind came: "GET", "PUT", "copy", "part", "begin", "complete", "abort".
func (s *Store) Calls(kind string) int {
	s.count.Lock()
	defer s.count.Unlock()
	return s.count.calls[kind]
}

// kind names a call.
func kind(r *http.Request) string {
	q := r.URL.Query()
	switch {
	case r.Method == http.MethodPut && r.Header.Get("X-Amz-Copy-Source") != "":
		return "copy"
	case r.Method == http.MethodPut && q.Has("uploadId"):
		return "part"
	case r.Method == http.MethodPost && q.Has("uploads"):
		return "begin"
	case r.Method == http.MethodPost && q.Has("uploadId"):
		return "complete"
	case r.Method == http.MethodDelete && q.Has("uploadId"):
		return "abort"
	case q.Has("tagging"):
		return "tags"
	}
	return r.Method
}

// ServeHTTP implements http.Handler.
func (s *Store) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	k := kind(r)
	s.count.Lock()
	s.count.calls[k]++
	s.count.Unlock()
	if s.Fail != nil {
		if status := s.Fail(r); status != 0 {
			answer(w, status, "Injected")
			return
		}
	}
	// A store ends what it began, and counts it, also where who asked was killed meanwhile.
	r = r.WithContext(context.WithoutCancel(r.Context()))
	done := httptest.NewRecorder()
	s.serve(done, r, k)
	if key := strings.TrimPrefix(r.URL.Path, "/"+s.Bucket+"/"); done.Code < 300 && (k == http.MethodPut || k == "complete") {
		s.count.Lock()
		s.count.writes[key]++
		s.count.Unlock()
	}
	if s.Lose != nil && s.Lose(r) {
		panic(http.ErrAbortHandler)
	}
	for name, values := range done.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(done.Code)
	w.Write(done.Body.Bytes())
}

func (s *Store) serve(w http.ResponseWriter, r *http.Request, k string) {
	switch k {
	case http.MethodGet, http.MethodHead:
		if match := r.Header.Get("If-Match"); match != "" && s.etag(r.URL.Path) != match {
			answer(w, http.StatusPreconditionFailed, "PreconditionFailed")
			return
		}
	case http.MethodPut, "begin":
		for _, name := range moved {
			if v := r.Header.Get(name); v != "" {
				r.Header.Set(moving+name, v)
			}
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.Without["put"] {
			r.Header.Del("If-Match")
		}
	case "tags":
		s.tags(w, r)
		return
	case "copy":
		s.copy(w, r)
		return
	case "complete":
		s.mu.Lock()
		defer s.mu.Unlock()
		if match := r.Header.Get("If-Match"); match != "" && !s.Without["complete"] && s.etag(r.URL.Path) != match {
			answer(w, http.StatusPreconditionFailed, "PreconditionFailed")
			return
		}
	}
	s.proxy.ServeHTTP(w, r)
}

// answer is an error of S3's.
func answer(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	fmt.Fprintf(w, "<Error><Code>%s</Code><Message>canary-message</Message><RequestId>R-1</RequestId></Error>", code)
}

// back gives an answer what the front keeps for gofakes3.
func back(a *http.Response) error {
	for _, name := range moved {
		if v := a.Header.Get(moving + name); v != "" {
			a.Header.Set(name, v)
			a.Header.Del(moving + name)
		}
	}
	if tags, err := url.ParseQuery(a.Header.Get("X-Amz-Tagging")); err == nil && len(tags) > 0 {
		a.Header.Del("X-Amz-Tagging")
		a.Header.Set("X-Amz-Tagging-Count", fmt.Sprint(len(tags)))
	}
	return nil
}

// behind asks gofakes3 itself.
func (s *Store) behind(method, path, part string) *http.Response {
	r, err := http.NewRequest(method, s.Past.EndpointURL().String()+path, nil)
	if err != nil {
		panic(err)
	}
	if part != "" {
		r.Header.Set("Range", part)
	}
	a, err := http.DefaultClient.Do(r)
	if err != nil {
		panic(err)
	}
	return a
}

func (s *Store) etag(path string) string {
	a := s.behind(http.MethodHead, (&url.URL{Path: path}).EscapedPath(), "")
	a.Body.Close()
	return a.Header.Get("ETag")
}

func (s *Store) tags(w http.ResponseWriter, r *http.Request) {
	a := s.behind(http.MethodHead, r.URL.EscapedPath(), "")
	a.Body.Close()
	all, _ := url.ParseQuery(a.Header.Get("X-Amz-Tagging"))
	fmt.Fprint(w, "<Tagging><TagSet>")
	for name := range all {
		fmt.Fprint(w, "<Tag><Key>")
		xml.EscapeText(w, []byte(name))
		fmt.Fprint(w, "</Key><Value>")
		xml.EscapeText(w, []byte(all.Get(name)))
		fmt.Fprint(w, "</Value></Tag>")
	}
	fmt.Fprint(w, "</TagSet></Tagging>")
}

// copy uploads a part of what it reads.
func (s *Store) copy(w http.ResponseWriter, r *http.Request) {
	if s.Without["copy"] {
		answer(w, http.StatusNotImplemented, "NotImplemented")
		return
	}
	source := "/" + strings.TrimPrefix(r.Header.Get("X-Amz-Copy-Source"), "/")
	a := s.behind(http.MethodGet, source, r.Header.Get("X-Amz-Copy-Source-Range"))
	data, err := io.ReadAll(a.Body)
	a.Body.Close()
	if match := r.Header.Get("X-Amz-Copy-Source-If-Match"); err != nil || match != "" && a.Header.Get("ETag") != match {
		answer(w, http.StatusPreconditionFailed, "PreconditionFailed")
		return
	}
	part, err := http.NewRequest(http.MethodPut, s.Past.EndpointURL().String()+r.URL.RequestURI(), bytes.NewReader(data))
	if err != nil {
		panic(err)
	}
	up, err := http.DefaultClient.Do(part)
	if err != nil {
		panic(err)
	}
	up.Body.Close()
	fmt.Fprintf(w, "<CopyPartResult><ETag>%s</ETag><LastModified>2026-01-02T03:04:05.000Z</LastModified></CopyPartResult>", up.Header.Get("ETag"))
}

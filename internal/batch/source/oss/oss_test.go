package oss_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	sdk "github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"
	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss/credentials"
	"github.com/google/uuid"

	"kmsplan.dev/kmsplan/internal/batch/source"
	"kmsplan.dev/kmsplan/internal/batch/source/oss"
	"kmsplan.dev/kmsplan/internal/batch/source/sourcetest"
	"kmsplan.dev/kmsplan/internal/emulator"
	"kmsplan.dev/kmsplan/internal/emulator/emulatortest"
)

// service is an emulator's object service, and a client that works past the source.
type service struct {
	ready     emulator.Ready
	client    *sdk.Client
	transport *http.Transport
}

func serve(t *testing.T) service {
	t.Helper()
	r := emulatortest.New(t, func(o *emulator.Options) { o.OSSListen = "127.0.0.1:0" }).Ready()
	t.Setenv("OSS_ACCESS_KEY_ID", r.AccessKeyID)
	t.Setenv("OSS_ACCESS_KEY_SECRET", r.AccessKeySecret)
	ca, err := os.ReadFile(r.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ca)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}, MaxIdleConnsPerHost: 16}
	t.Cleanup(transport.CloseIdleConnections)
	c := sdk.NewConfig().WithRegion(r.Region).WithEndpoint("https://" + r.OSS).WithHttpClient(&http.Client{Transport: transport}).
		WithCredentialsProvider(credentials.NewStaticCredentialsProvider(r.AccessKeyID, r.AccessKeySecret, ""))
	return service{r, sdk.NewClient(c), transport}
}

// bucket is an empty bucket.
func (s service) bucket(t *testing.T, versioning string) oss.Options {
	t.Helper()
	o := oss.Options{Bucket: "b-" + uuid.NewString(), Prefix: "dir/", Region: s.ready.Region, Endpoint: "https://" + s.ready.OSS, CAFile: s.ready.CAFile}
	if _, err := s.client.PutBucket(context.Background(), &sdk.PutBucketRequest{Bucket: &o.Bucket}); err != nil {
		t.Fatal(err)
	}
	if versioning != "" {
		_, err := s.client.PutBucketVersioning(context.Background(), &sdk.PutBucketVersioningRequest{Bucket: &o.Bucket,
			VersioningConfiguration: &sdk.VersioningConfiguration{Status: sdk.VersioningStatusType(versioning)}})
		if err != nil {
			t.Fatal(err)
		}
	}
	return o
}

func open(t *testing.T, o oss.Options) *oss.Source {
	t.Helper()
	s, err := oss.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (s service) put(t *testing.T, o oss.Options, key, content string, change ...func(*sdk.PutObjectRequest)) string {
	t.Helper()
	q := &sdk.PutObjectRequest{Bucket: &o.Bucket, Key: &key, Body: strings.NewReader(content)}
	for _, f := range change {
		f(q)
	}
	r, err := s.client.PutObject(context.Background(), q)
	if err != nil {
		t.Fatal(err)
	}
	return sdk.ToString(r.VersionId)
}

func (s service) get(t *testing.T, o oss.Options, key string) []byte {
	t.Helper()
	r, err := s.client.GetObject(context.Background(), &sdk.GetObjectRequest{Bucket: &o.Bucket, Key: &key})
	var no *sdk.ServiceError
	if errors.As(err, &no) && no.Code == "NoSuchKey" {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	data, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// versions are the ids of an object's versions, the newest first.
func (s service) versions(t *testing.T, o oss.Options, key string) (ids []string) {
	t.Helper()
	l, err := s.client.ListObjectVersions(context.Background(), &sdk.ListObjectVersionsRequest{Bucket: &o.Bucket, Prefix: &key, MaxKeys: 1000})
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range l.ObjectVersions {
		ids = append(ids, *v.VersionId)
	}
	return ids
}

// uploads is how many uploads are under way.
func (s service) uploads(t *testing.T, o oss.Options) int {
	t.Helper()
	l, err := s.client.ListMultipartUploads(context.Background(), &sdk.ListMultipartUploadsRequest{Bucket: &o.Bucket})
	if err != nil {
		t.Fatal(err)
	}
	return len(l.Uploads)
}

// between is a proxy before the service: before is told of each request, and what after says is lost is answered with a cut.
type between struct {
	before  func(*http.Request)
	lost    func(*http.Request) bool
	instead func(http.ResponseWriter, *http.Request) bool // answers in place of the service
}

func (s service) through(t *testing.T, o oss.Options, b *between) oss.Options {
	t.Helper()
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "https", Host: s.ready.OSS})
	proxy.Transport = s.transport
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if b.before != nil {
			b.before(r)
		}
		if b.instead != nil && b.instead(w, r) {
			return
		}
		if b.lost != nil && b.lost(r) {
			proxy.ServeHTTP(httptest.NewRecorder(), r)
			panic(http.ErrAbortHandler)
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	o.Endpoint, o.CAFile = server.URL, filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(o.CAFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	return o
}

func handle(t *testing.T, s *oss.Source, key string) source.Handle {
	t.Helper()
	h, err := s.Open(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.Close() })
	return h
}

func text(s string) source.Content {
	return source.Content{Head: strings.NewReader(s), Size: int64(len(s)), Keep: -1}
}

func TestSuite(t *testing.T) {
	s := serve(t)
	for _, part := range []int64{0, 1 << 20} {
		t.Run(fmt.Sprintf("parts of %d", part), func(t *testing.T) {
			sourcetest.Suite(t, func(t *testing.T) sourcetest.Rig {
				o := s.bucket(t, "Enabled")
				o.Part = part
				return sourcetest.Rig{
					Source: open(t, o), Name: func(n int) string { return fmt.Sprintf("dir/ä b+%%41/%04d", n) },
					Put: func(t *testing.T, name string, content []byte) { s.put(t, o, name, string(content)) },
					Get: func(t *testing.T, name string) []byte { return s.get(t, o, name) },
					Delete: func(t *testing.T, name string) {
						if _, err := s.client.DeleteObject(context.Background(), &sdk.DeleteObjectRequest{Bucket: &o.Bucket, Key: &name}); err != nil {
							t.Fatal(err)
						}
					},
				}
			})
		})
	}
}

func TestABucketWithoutVersionsIsNotWritten(t *testing.T) {
	s := serve(t)
	for _, versioning := range []string{"", "Suspended"} {
		o := s.bucket(t, versioning)
		s.put(t, o, "dir/k", "old")
		src := open(t, o)
		if err := src.Probe(t.Context()); err == nil || !strings.Contains(err.Error(), "enable versioning") {
			t.Errorf("versioning %q: %v", versioning, err)
		}
		if _, err := handle(t, src, "dir/k").Replace(t.Context(), text("new")); err == nil || string(s.get(t, o, "dir/k")) != "old" {
			t.Errorf("versioning %q: %v, and the object is %q", versioning, err, s.get(t, o, "dir/k"))
		}
	}
}

// What describes an object is the same afterwards, whichever way its content came.
func TestWhatDescribesAnObjectSurvives(t *testing.T) {
	s := serve(t)
	o := s.bucket(t, "Enabled")
	src := open(t, o)
	for name, c := range map[string]struct {
		old string
		new source.Content
	}{
		"one call":   {"old", text("new")},
		"parts":      {"old", text(strings.Repeat("x", 9<<20))},
		"and copies": {strings.Repeat("y", 3<<20), source.Content{Head: strings.NewReader("head"), Size: 4, Keep: 4}},
	} {
		key := "dir/" + name
		s.put(t, o, key, c.old, func(q *sdk.PutObjectRequest) {
			q.CacheControl, q.ContentType, q.ContentEncoding, q.ContentDisposition = sdk.Ptr("no-cache"), sdk.Ptr("text/x"), sdk.Ptr("gzip"), sdk.Ptr("inline")
			q.Metadata, q.Tagging, q.StorageClass, q.Acl = map[string]string{"team": "orders"}, sdk.Ptr("a=1&b%20c=%C3%A4%26"), sdk.StorageClassIA, sdk.ObjectACLPublicRead
		})
		w, err := handle(t, src, key).Replace(t.Context(), c.new)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %d bytes sent, %d copied", name, w.Sent, w.Copied)
		h, err := s.client.HeadObject(t.Context(), &sdk.HeadObjectRequest{Bucket: &o.Bucket, Key: &key})
		if err != nil || *h.CacheControl != "no-cache" || *h.ContentType != "text/x" || *h.ContentEncoding != "gzip" || *h.ContentDisposition != "inline" ||
			h.Metadata["team"] != "orders" || *h.StorageClass != "IA" {
			t.Errorf("%s: the head is %+v, %v", name, h, err)
		}
		if tags, err := src.Tags(t.Context(), key); err != nil || len(tags) != 2 || tags["b c"] != "ä&" {
			t.Errorf("%s: the tags are %q, %v", name, tags, err)
		}
		if acl, err := s.client.GetObjectAcl(t.Context(), &sdk.GetObjectAclRequest{Bucket: &o.Bucket, Key: &key}); err != nil || *acl.ACL != "public-read" {
			t.Errorf("%s: the ACL is %+v, %v", name, acl, err)
		}
	}
}

func TestObjectsThatAreNotRewritten(t *testing.T) {
	s := serve(t)
	o := s.bucket(t, "Enabled")
	src := open(t, o)
	s.put(t, o, "dir/archived", "old", func(q *sdk.PutObjectRequest) { q.StorageClass = sdk.StorageClassArchive })
	if _, err := s.client.AppendObject(t.Context(), &sdk.AppendObjectRequest{Bucket: &o.Bucket, Key: sdk.Ptr("dir/appended"), Position: sdk.Ptr(int64(0)), Body: strings.NewReader("old")}); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"dir/archived", "dir/appended"} {
		if _, err := handle(t, src, key).Replace(t.Context(), text("new")); !errors.Is(err, source.ErrRefused) {
			t.Errorf("%s: %v", key, err)
		}
		if ids := s.versions(t, o, key); len(ids) != 1 {
			t.Errorf("%s has the versions %q", key, ids)
		}
	}
	if _, err := handle(t, src, "dir/archived").ReadAt(make([]byte, 1), 0); !errors.Is(err, source.ErrRefused) {
		t.Errorf("reading what is archived: %v", err)
	}
}

// Another writes, or deletes, in the moment between the last look and the write: its version stays and is named.
func TestWhatAnotherWritesInBetweenIsNamed(t *testing.T) {
	s := serve(t)
	o := s.bucket(t, "Enabled")
	for name, c := range map[string]struct {
		content source.Content
		at      func(*http.Request) bool
	}{
		"one call": {text("new"), func(r *http.Request) bool { return r.Method == "PUT" }},
		"parts":    {text(strings.Repeat("x", 9<<20)), func(r *http.Request) bool { return r.Method == "POST" && r.URL.Query().Has("uploadId") }},
	} {
		key, foreign := "dir/"+name, ""
		s.put(t, o, key, "older")
		s.put(t, o, key, "old")
		src := open(t, s.through(t, o, &between{before: func(r *http.Request) {
			if foreign == "" && c.at(r) {
				foreign = s.put(t, o, key, "another's")
			}
		}}))
		w, err := handle(t, src, key).Replace(t.Context(), c.content)
		if err != nil || foreign == "" || w.Foreign != foreign {
			t.Errorf("%s: %+v, %v; the foreign version is %s", name, w, err, foreign)
		}
		if ids := s.versions(t, o, key); len(ids) != 4 || ids[1] != foreign {
			t.Errorf("%s: the versions are %q", name, ids)
		}
	}
}

// Of two that write one object at once, one does and the other hears of it, or one names the other's version.
func TestTwoWritersAtOnce(t *testing.T) {
	s := serve(t)
	o := s.bucket(t, "Enabled")
	named := 0
	for n := range 30 {
		key := fmt.Sprintf("dir/%d", n)
		s.put(t, o, key, "old")
		var wg sync.WaitGroup
		var errs [2]error
		var written [2]source.Written
		handles := [2]source.Handle{handle(t, open(t, o), key), handle(t, open(t, o), key)}
		for i := range 2 {
			wg.Go(func() {
				written[i], errs[i] = handles[i].Replace(context.Background(), text(fmt.Sprintf("written by %d", i)))
			})
		}
		wg.Wait()
		ids := s.versions(t, o, key)
		switch {
		case errs[0] == nil && errs[1] == nil:
			named++
			if len(ids) != 3 || (written[0].Foreign == ids[1]) == (written[1].Foreign == ids[1]) {
				t.Errorf("both wrote, %+v and %+v, and the versions are %q", written[0], written[1], ids)
			}
		case errs[0] == nil && errors.Is(errs[1], source.ErrChanged), errs[1] == nil && errors.Is(errs[0], source.ErrChanged):
			if len(ids) != 2 {
				t.Errorf("one wrote, and the versions are %q", ids)
			}
		default:
			t.Errorf("%v and %v", errs[0], errs[1])
		}
	}
	t.Logf("both wrote %d times of 30", named)
}

// A write whose answer is lost took effect once and is reported as done; so is one whose upload was completed.
func TestAnAnswerThatIsLost(t *testing.T) {
	s := serve(t)
	o := s.bucket(t, "Enabled")
	for name, c := range map[string]struct {
		content source.Content
		at      func(*http.Request) bool
	}{
		"one call":     {text("brand new"), func(r *http.Request) bool { return r.Method == "PUT" }},
		"parts":        {text(strings.Repeat("x", 9<<20)), func(r *http.Request) bool { return r.Method == "POST" && r.URL.Query().Has("uploadId") }},
		"a part":       {text(strings.Repeat("x", 9<<20)), func(r *http.Request) bool { return r.Method == "PUT" && r.URL.Query().Get("partNumber") == "2" }},
		"a look":       {text("brand new"), func(r *http.Request) bool { return r.URL.Query().Has("acl") }},
		"a later look": {text(strings.Repeat("x", 9<<20)), func(r *http.Request) bool { return r.Method == "HEAD" }},
	} {
		key := "dir/" + name
		s.put(t, o, key, "old")
		var lost atomic.Int32
		src := open(t, s.through(t, o, &between{lost: func(r *http.Request) bool { return c.at(r) && lost.Add(1) == 1 }}))
		w, err := handle(t, src, key).Replace(t.Context(), c.content)
		if err != nil || lost.Load() == 0 || w.Foreign != "" {
			t.Errorf("%s: %+v, %v, %d answers", name, w, err, lost.Load())
		}
		if ids := s.versions(t, o, key); len(ids) != 2 || int64(len(s.get(t, o, key))) != c.content.Size {
			t.Errorf("%s: the versions are %q", name, ids)
		}
		if n := s.uploads(t, o); n != 0 {
			t.Errorf("%s: %d uploads are left", name, n)
		}
	}
}

// Of a large object little is read and sent: the service copies what stays, and nothing is left of an upload that broke off.
func TestALargeObjectIsCopiedByTheService(t *testing.T) {
	s := serve(t)
	o := s.bucket(t, "Enabled")
	old := strings.Repeat("0123456789abcdef", 2<<20)
	s.put(t, o, "dir/large", old)
	var sent atomic.Int64
	src := open(t, s.through(t, o, &between{before: func(r *http.Request) { sent.Add(max(r.ContentLength, 0)) }}))
	w, err := handle(t, src, "dir/large").Replace(t.Context(), source.Content{Head: strings.NewReader("HEAD"), Size: 4, Keep: 4})
	if err != nil || string(s.get(t, o, "dir/large")) != "HEAD"+old[4:] {
		t.Fatalf("%+v, %v", w, err)
	}
	if n := sent.Load(); n > 200<<10 || w.Sent > 200<<10 || w.Sent+w.Copied != 32<<20 {
		t.Errorf("%d bytes went over the wire; it is said that %d were sent and %d copied", n, w.Sent, w.Copied)
	}
	h := handle(t, src, "dir/large")
	s.put(t, o, "dir/large", "another's")
	if _, err := h.Replace(t.Context(), source.Content{Head: strings.NewReader("HEAD"), Size: 4, Keep: 4}); !errors.Is(err, source.ErrChanged) {
		t.Errorf("over another's: %v", err)
	}
	if n := s.uploads(t, o); n != 0 || string(s.get(t, o, "dir/large")) != "another's" {
		t.Errorf("%d uploads are left", n)
	}
}

// An object under retention, which the emulator does not have, is refused for good; a service in trouble is asked again.
func TestAnswersOfTheServiceThatTheEmulatorDoesNotGive(t *testing.T) {
	s := serve(t)
	o := s.bucket(t, "Enabled")
	s.put(t, o, "dir/k", "old")
	status, code, times := 0, "", 0
	src := open(t, s.through(t, o, &between{instead: func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodPut || times == 0 {
			return false
		}
		times--
		w.Header().Set("x-oss-request-id", "1")
		w.WriteHeader(status)
		_, _ = fmt.Fprintf(w, "<Error><Code>%s</Code><Message>canary</Message><RequestId>1</RequestId></Error>", code)
		return true
	}}))
	for _, c := range []struct {
		status int
		code   string
		times  int
		want   error
	}{{409, "FileImmutable", 9, source.ErrRefused}, {403, "InvalidObjectState", 9, source.ErrRefused}, {503, "ServiceUnavailable", 2, nil}} {
		status, code, times = c.status, c.code, c.times
		_, err := handle(t, src, "dir/k").Replace(t.Context(), text("new"))
		if !errors.Is(err, c.want) || err != nil && strings.Contains(err.Error(), "canary") || c.want != nil && times != c.times-1 {
			t.Errorf("%s: %v, and %d of %d answers are left", c.code, err, times, c.times)
		}
	}
	if ids := s.versions(t, o, "dir/k"); len(ids) != 2 {
		t.Errorf("the versions are %q", ids)
	}
}

// A small object is read by one call and written by three: the look before, the write, and the versions after it.
func TestASmallObjectIsFourCalls(t *testing.T) {
	s := serve(t)
	o := s.bucket(t, "Enabled")
	key := "dir/small"
	s.put(t, o, key, "old")
	var calls atomic.Int32
	src := open(t, s.through(t, o, &between{lost: func(*http.Request) bool { calls.Add(1); return false }}))
	if err := src.Probe(t.Context()); err != nil {
		t.Fatal(err)
	}
	calls.Store(0)
	h := handle(t, src, key)
	if got := make([]byte, 3); calls.Load() != 1 {
		t.Errorf("to open it took %d calls", calls.Load())
	} else if _, err := h.ReadAt(got, 0); err != nil || string(got) != "old" || calls.Load() != 1 {
		t.Errorf("read %q, %v, after %d calls", got, err, calls.Load())
	}
	if _, err := h.Replace(t.Context(), text("new")); err != nil || calls.Load() != 4 {
		t.Errorf("%v, after %d calls", err, calls.Load())
	}
}

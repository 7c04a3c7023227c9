package s3

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/minio/minio-go/v7"

	"kmsplan.dev/kmsplan/internal/batch/source"
	"kmsplan.dev/kmsplan/internal/batch/source/s3/s3test"
	"kmsplan.dev/kmsplan/internal/batch/source/sourcetest"
)

const prefix = "archive/"

func open(t *testing.T, endpoint, bucket string) *Source {
	t.Helper()
	s, err := Open(Options{Bucket: bucket, Prefix: prefix, Endpoint: endpoint, PathStyle: true, Pause: time.Millisecond, Stall: 20 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func put(t *testing.T, s *s3test.Store, name string, content []byte) {
	t.Helper()
	_, err := s.Past.PutObject(t.Context(), s.Bucket, name, bytes.NewReader(content), int64(len(content)), minio.PutObjectOptions{DisableMultipart: true})
	if err != nil {
		t.Fatal(err)
	}
}

func get(t *testing.T, s *s3test.Store, name string) []byte {
	t.Helper()
	o, err := s.Past.GetObject(t.Context(), s.Bucket, name, minio.GetObjectOptions{})
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(o)
	if minio.ToErrorResponse(err).Code == minio.NoSuchKey {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func handleOf(t *testing.T, s *Source, name string) source.Handle {
	t.Helper()
	h, err := s.Open(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.Close() })
	return h
}

// nothingLeft holds that no upload is under way.
func nothingLeft(t *testing.T, s *s3test.Store) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Minute)
	defer cancel()
	for u := range s.Past.ListIncompleteUploads(ctx, s.Bucket, "", true) {
		if minio.ToErrorResponse(u.Err).Code == noSuchUpload { // what gofakes3 says where there never was one
			return
		}
		t.Errorf("an upload is left: %s %v", u.Key, u.Err)
	}
}

// Each way to write is held to the suite: as S3 does, without UploadPartCopy, without a condition on uploads of parts, and on
// gofakes3 itself, which has neither.
func TestSource(t *testing.T) {
	for _, without := range []string{"", "copy", "complete", "front"} {
		t.Run("without "+without, func(t *testing.T) {
			sourcetest.Suite(t, func(t *testing.T) sourcetest.Rig {
				store := s3test.Start(t)
				store.Without[without] = true
				endpoint := store.Endpoint
				if without == "front" {
					endpoint = store.Past.EndpointURL().String()
				}
				t.Cleanup(func() { nothingLeft(t, store) })
				return sourcetest.Rig{
					Source: open(t, endpoint, store.Bucket), Name: func(n int) string { return fmt.Sprintf("%so bject/%04d+ü", prefix, n) },
					Put: func(t *testing.T, name string, content []byte) { put(t, store, name, content) },
					Get: func(t *testing.T, name string) []byte { return get(t, store, name) },
					Delete: func(t *testing.T, name string) {
						if err := store.Past.RemoveObject(t.Context(), store.Bucket, name, minio.RemoveObjectOptions{}); err != nil {
							t.Error(err)
						}
					},
				}
			})
		})
	}
}

// contents are the ways in which an object is written: what is sent at most, and what the store copies, of 12 MiB.
var contents = map[string]struct {
	old, sent, copied int
	content           func(old []byte) (source.Content, []byte)
}{
	"small": {10, 4, 0, func([]byte) (source.Content, []byte) {
		return source.Content{Head: strings.NewReader("ours"), Size: 4, Keep: -1}, []byte("ours")
	}},
	"small, with its rest": {1 << 20, 1 << 20, 0, func(old []byte) (source.Content, []byte) {
		return source.Content{Head: strings.NewReader("ours"), Size: 4, Keep: 4}, append([]byte("ours"), old[4:]...)
	}},
	"large, with its rest": {12 << 20, 5 << 20, 7 << 20, func(old []byte) (source.Content, []byte) {
		return source.Content{Head: strings.NewReader("ours"), Size: 4, Keep: 4}, append([]byte("ours"), old[4:]...)
	}},
	"large, of unknown length": {10, 20 << 20, 0, func([]byte) (source.Content, []byte) {
		content := pattern(20 << 20)
		return source.Content{Head: onlyRead{bytes.NewReader(content)}, Size: -1, Keep: -1}, content
	}},
}

type onlyRead struct{ io.Reader }

func pattern(n int) []byte {
	out := make([]byte, n)
	for i := range out {
		out[i] = byte(i*7 + i>>8 + i>>16)
	}
	return out
}

func TestWhatIsSentIsWhatIsSaid(t *testing.T) {
	for name, tt := range contents {
		store := s3test.Start(t)
		old := bytes.Repeat([]byte("o"), tt.old)
		put(t, store, prefix+"a", old)
		c, want := tt.content(old)
		w, err := handleOf(t, open(t, store.Endpoint, store.Bucket), prefix+"a").Replace(t.Context(), c)
		if err != nil || int(w.Sent) != tt.sent || int(w.Copied) != tt.copied {
			t.Errorf("%s: %+v, %v", name, w, err)
		}
		if got := get(t, store, prefix+"a"); !bytes.Equal(got, want) {
			t.Errorf("%s: %d bytes, want %d", name, len(got), len(want))
		}
	}
}

// marked begins with another byte.
type marked struct {
	io.Reader
	mark byte
}

func (m *marked) Read(p []byte) (int, error) {
	n, err := m.Reader.Read(p)
	if n > 0 && m.mark != 0 {
		p[0], m.mark = m.mark, 0
	}
	return n, err
}

// Of workers that opened the same revision one writes, whatever way it goes.
func TestOfManyWorkersOneWrites(t *testing.T) {
	for name, tt := range contents {
		store := s3test.Start(t)
		s := open(t, store.Endpoint, store.Bucket)
		old := bytes.Repeat([]byte("o"), tt.old)
		put(t, store, prefix+"a", old)
		var wg sync.WaitGroup
		var written, changed atomic.Int32
		handles := []source.Handle{handleOf(t, s, prefix+"a"), handleOf(t, s, prefix+"a"), handleOf(t, s, prefix+"a")}
		for n, h := range handles {
			wg.Go(func() {
				c, _ := tt.content(old)
				c.Head = &marked{c.Head, byte('0' + n)}
				switch _, err := h.Replace(t.Context(), c); {
				case err == nil:
					written.Add(1)
				case errors.Is(err, source.ErrChanged):
					changed.Add(1)
				default:
					t.Errorf("%s: %v", name, err)
				}
			})
		}
		wg.Wait()
		if store.Writes(prefix+"a") != 1 || written.Load() != 1 {
			t.Errorf("%s: %d writes; %d say so, %d were told", name, store.Writes(prefix+"a"), written.Load(), changed.Load())
		}
		nothingLeft(t, store)
	}
}

// An answer that is lost is looked for: the write was made once, and is known.
func TestALostAnswerIsFoundAgain(t *testing.T) {
	for name, tt := range contents {
		for _, foreign := range []bool{false, true} {
			store := s3test.Start(t)
			s := open(t, store.Endpoint, store.Bucket)
			old := bytes.Repeat([]byte("o"), tt.old)
			put(t, store, prefix+"a", old)
			if _, err := s.measured(t.Context()); err != nil {
				t.Fatal(err)
			}
			var lost atomic.Bool
			store.Lose = func(r *http.Request) bool {
				decides := r.Method == http.MethodPut && r.URL.RawQuery == "" || r.Method == http.MethodPost && r.URL.Query().Has("uploadId")
				if !decides || !lost.CompareAndSwap(false, true) {
					return false
				}
				if foreign {
					put(t, store, prefix+"a", []byte("another's"))
				}
				return true
			}
			c, want := tt.content(old)
			_, err := handleOf(t, s, prefix+"a").Replace(t.Context(), c)
			if foreign {
				want = []byte("another's")
			}
			if foreign != errors.Is(err, source.ErrChanged) || !foreign && err != nil {
				t.Errorf("%s, foreign %v: %v", name, foreign, err)
			}
			if got := get(t, store, prefix+"a"); !bytes.Equal(got, want) {
				t.Errorf("%s, foreign %v: %d bytes, want %d", name, foreign, len(got), len(want))
			}
			nothingLeft(t, store)
		}
	}
}

func TestWhatTheObjectHadStays(t *testing.T) {
	for name, tt := range contents {
		store := s3test.Start(t)
		s := open(t, store.Endpoint, store.Bucket)
		old := bytes.Repeat([]byte("o"), tt.old)
		front := open(t, store.Endpoint, store.Bucket).core
		_, err := front.Client.PutObject(t.Context(), store.Bucket, prefix+"a", bytes.NewReader(old), int64(len(old)), minio.PutObjectOptions{
			DisableMultipart: true, ContentType: "text/x", ContentEncoding: "br", ContentDisposition: "inline", ContentLanguage: "de", CacheControl: "max-age=60",
			Expires: time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC), UserMetadata: map[string]string{"Owner": "team a", "x": "y=ü"}, UserTags: map[string]string{"class": "a b+c", "t": ""},
			StorageClass: "STANDARD_IA", WebsiteRedirectLocation: "/b",
		})
		if err != nil {
			t.Fatal(err)
		}
		look := func() map[string]string {
			h := handleOf(t, s, prefix+"a").(*handle)
			out, err := s.Tags(t.Context(), prefix+"a")
			if err != nil {
				t.Fatal(err)
			}
			for name := range h.header {
				if strings.HasPrefix(name, metaPrefix) {
					out[name] = h.header.Get(name)
				}
			}
			for _, name := range keptHeaders {
				out[name] = h.header.Get(name)
			}
			return out
		}
		before := look()
		c, _ := tt.content(old)
		if _, err := handleOf(t, s, prefix+"a").Replace(t.Context(), c); err != nil {
			t.Fatal(name, err)
		}
		if after := look(); cmp.Diff(before, after) != "" || before["Cache-Control"] == "" || before["X-Amz-Storage-Class"] == "" || before["class"] != "a b+c" {
			t.Errorf("%s: %s, of %v", name, cmp.Diff(before, after), before)
		}
	}
}

func TestStoresAreMeasured(t *testing.T) {
	for without, want := range map[string]string{"": "", "copy": "", "complete": "", "put": "does not honour If-Match"} {
		store := s3test.Start(t)
		store.Without[without] = true
		s := open(t, store.Endpoint, store.Bucket)
		err := s.Probe(t.Context())
		if want == "" && err != nil || want != "" && (!errors.Is(err, source.ErrRefused) || !strings.Contains(err.Error(), want)) {
			t.Errorf("without %q: %v", without, err)
		}
		if s.multipart != nil && (s.multipart.conditional == (without == "complete") || s.multipart.copies == (without == "copy")) {
			t.Errorf("without %q: %+v", without, *s.multipart)
		}
		for o := range store.Past.ListObjects(t.Context(), store.Bucket, minio.ListObjectsOptions{Recursive: true}) {
			t.Errorf("without %q: left %s", without, o.Key)
		}
		nothingLeft(t, store)
	}
}

// A failing part takes its upload away, also where the caller's time is over.
func TestNothingIsLeftOfAnUploadThatFails(t *testing.T) {
	for _, at := range []string{"part", "copy", "complete"} {
		store := s3test.Start(t)
		s := open(t, store.Endpoint, store.Bucket)
		old := bytes.Repeat([]byte("o"), 12<<20)
		put(t, store, prefix+"a", old)
		if _, err := s.measured(t.Context()); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		store.Fail = func(r *http.Request) int {
			q := r.URL.Query()
			this := at == "complete" && r.Method == http.MethodPost && q.Has("uploadId") ||
				r.Method == http.MethodPut && q.Has("uploadId") && (r.Header.Get("X-Amz-Copy-Source") != "") == (at == "copy") && at != "complete"
			if this {
				cancel()
				return http.StatusInternalServerError
			}
			return 0
		}
		c, _ := contents["large, with its rest"].content(old)
		if _, err := handleOf(t, s, prefix+"a").Replace(ctx, c); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", at, err)
		}
		nothingLeft(t, store)
		if got := get(t, store, prefix+"a"); !bytes.Equal(got, old) {
			t.Errorf("%s: the object has %d bytes", at, len(got))
		}
	}
}

func TestAnswersThatPassAreTriedAgain(t *testing.T) {
	for status, tries := range map[int]int{http.StatusConflict: 3, http.StatusServiceUnavailable: 3, http.StatusTooManyRequests: 3, http.StatusForbidden: 1, http.StatusBadRequest: 1} {
		store := s3test.Start(t)
		s := open(t, store.Endpoint, store.Bucket)
		put(t, store, prefix+"a", []byte("old"))
		h := handleOf(t, s, prefix+"a")
		n := 0
		store.Fail = func(*http.Request) int {
			if n++; n < 3 || tries == 1 {
				return status
			}
			return 0
		}
		_, err := h.Replace(t.Context(), source.Content{Head: strings.NewReader("new"), Size: 3, Keep: -1})
		if n != tries || (err == nil) != (tries > 1) {
			t.Errorf("%d: %d tries, %v", status, n, err)
		}
		if err != nil {
			var told interface{ Failed() (string, int, string) }
			if !errors.As(err, &told) || strings.Contains(err.Error(), "canary") || !strings.Contains(err.Error(), prefix+"a") {
				t.Errorf("%d: %v", status, err)
			}
		}
	}
}

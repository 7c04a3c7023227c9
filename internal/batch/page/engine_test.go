package page_test

import (
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
)

// engine counts what reaches it.
type engine struct{ reads, changes atomic.Int32 }

func (e *engine) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		e.reads.Add(1)
	} else {
		e.changes.Add(1)
	}
	_, _ = w.Write([]byte("the engine's " + r.URL.Path))
}

// TestTheEnginesPagesKeepToTheSameRules as ours: names of the page's own, the token to read where there is one and to change
// always, and no other site.
func TestTheEnginesPagesKeepToTheSameRules(t *testing.T) {
	for _, with := range []string{"", token} {
		e := &engine{}
		g := startedWith(t, e, with)
		refused := func(method, path string, edit func(*http.Request)) {
			t.Helper()
			answer, body := g.do(method, path, nil, edit)
			if answer.StatusCode < 300 || strings.Contains(body, "the engine's") {
				t.Errorf("%s %s is answered with %d: %s", method, path, answer.StatusCode, body)
			}
		}
		for _, method := range []string{"POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "get", "X"} {
			refused(method, "/river/api/jobs/cancel", nil)
			refused(method, "/river/api/jobs/cancel", func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token[1:]) })
			refused(method, "/river/api/jobs/cancel?token="+token, func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "same-origin") })
			refused(method, "/river/api/jobs/cancel", func(r *http.Request) {
				r.Header.Set("Sec-Fetch-Site", "same-origin")
				r.AddCookie(&http.Cookie{Name: "kmsplan_batches", Value: "x"})
			})
		}
		for _, host := range []string{"evil.example", "evil.example:" + g.port, "127.0.0.1.evil.example", "10.0.0.8"} {
			refused("GET", "/river/", func(r *http.Request) { r.Host = host })
		}
		for _, path := range []string{"/river/../api/batches/..", "/river/%2e%2e/batch", "/river//", "/riverx", "/river/..", "/RIVER/"} {
			answer, body := g.do("GET", path, nil, nil)
			if answer.StatusCode == http.StatusOK && strings.Contains(body, "archive") && with != "" {
				t.Errorf("%s tells of the batch without the token: %d", path, answer.StatusCode)
			}
		}
		if n := e.changes.Load(); n != 0 {
			t.Errorf("with the token %q, %d changes reached the engine", with, n)
		}
	}
}

// TestWithATokenTheEngineIsReadAndChanged by a browser that was let in and says where it comes from, and by a script.
func TestWithATokenTheEngineIsReadAndChanged(t *testing.T) {
	e := &engine{}
	g := startedWith(t, e, token)
	for path, status := range map[string]int{"/river/": http.StatusSeeOther, "/river/jobs": http.StatusSeeOther, "/river/api/jobs": http.StatusUnauthorized, "/river/assets/x.js": http.StatusSeeOther} {
		answer, body := g.get(path)
		g.want(status, answer, body)
	}
	if n := e.reads.Load(); n != 0 {
		t.Fatalf("without the token, %d requests reached the engine", n)
	}
	bearer := func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }
	for _, method := range []string{"GET", "POST"} {
		answer, body := g.do(method, "/river/api/jobs", nil, bearer)
		g.want(http.StatusOK, answer, body)
	}
	g.login()
	answer, body := g.get("/")
	g.want(http.StatusOK, answer, body)
	if !strings.Contains(body, `href="/river/"`) {
		t.Error("the page does not lead to the engine's")
	}
	answer, body = g.get("/river/")
	g.want(http.StatusOK, answer, body)
	h := answer.Header
	if p := h.Get("Content-Security-Policy"); !strings.Contains(p, "default-src 'none'") || strings.Contains(p, "script-src 'self' '") || strings.Contains(p, "unsafe-eval") || h.Get("Cache-Control") != "no-store" || h.Get("X-Frame-Options") != "DENY" {
		t.Errorf("its headers are %v", h)
	}
	for name, want := range map[[2]string]int{
		{"", ""}: 403, {"Sec-Fetch-Site", "cross-site"}: 403, {"Sec-Fetch-Site", "same-site"}: 403, {"Sec-Fetch-Site", "none"}: 403, {"Origin", "http://evil.example"}: 403, {"Origin", "null"}: 403,
		{"Origin", "http://127.0.0.1:1"}: 403, {"Sec-Fetch-Site", "same-origin"}: 200, {"Origin", g.base}: 200,
	} {
		before := e.changes.Load()
		answer, body := g.do("POST", "/river/api/queues/batch_1/pause", url.Values{}, func(r *http.Request) {
			if name[0] != "" {
				r.Header.Set(name[0], name[1])
			}
		})
		if answer.StatusCode != want || (e.changes.Load() > before) != (want == 200) {
			t.Errorf("%v: %d, %s", name, answer.StatusCode, body)
		}
	}
}

// TestWithoutAnEngineThereIsNothingBelow its path, and no page leads there.
func TestWithoutAnEngineThereIsNothingBelow(t *testing.T) {
	g := started(t, "")
	answer, body := g.get("/river/")
	g.want(http.StatusNotFound, answer, body)
	if _, body := g.get("/"); strings.Contains(body, "river") {
		t.Error("the page leads nowhere")
	}
}

package page_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/batch"
	"kmsplan.dev/kmsplan/internal/batch/page"
)

// TestForeignHostsAreRefused: what a site whose name points here would send.
func TestForeignHostsAreRefused(t *testing.T) {
	g := started(t, "", "kms.example.com", "10.0.0.9")
	for host, status := range map[string]int{
		"127.0.0.1:" + g.port: 200, "localhost:" + g.port: 200, "LOCALHOST": 200, "[::1]:" + g.port: 200, "127.0.0.2": 200,
		"kms.example.com": 200, "KMS.example.com:1": 200, "10.0.0.9:80": 200,
		"evil.example": 421, "evil.example:" + g.port: 421, "127.0.0.1.evil.example": 421, "localhost.evil.example": 421, "10.0.0.8": 421,
		"x.kms.example.com": 421, "0.0.0.0:" + g.port: 421, "localhost:80:80": 421, "[::2]:1": 421,
	} {
		for _, path := range []string{"/", "/api/batches", "/page.css"} {
			answer, body := g.do("GET", path, nil, func(r *http.Request) { r.Host = host })
			if answer.StatusCode != status || status != 200 && strings.Contains(body, "archive") {
				t.Errorf("Host %s, %s: %d, and should be %d", host, path, answer.StatusCode, status)
			}
		}
	}
}

// TestChangesNeedTheTokenAndAForm: of five ways in, the one that is a form of the page's own, of a browser that was let in.
func TestChangesNeedTheTokenAndAForm(t *testing.T) {
	resume := url.Values{"address": {address}, "do": {"resume"}}
	for _, with := range []string{"", token} {
		g := started(t, with)
		for name, edit := range map[string]func(*http.Request){
			"nothing":                nil,
			"a wrong token":          func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token[1:]) },
			"an empty token":         func(r *http.Request) { r.Header.Set("Authorization", "Bearer ") },
			"a made-up cookie":       func(r *http.Request) { r.AddCookie(&http.Cookie{Name: "kmsplan_batches", Value: "x"}) },
			"the token in the query": func(r *http.Request) { r.URL.RawQuery = "token=" + token },
		} {
			answer, body := g.do("POST", "/change", resume, edit)
			g.want(http.StatusForbidden, answer, name+": "+body)
		}
		if s := g.status(); s != batch.Paused {
			t.Errorf("the batch is %s", s)
		}
	}
	g := started(t, token)
	form := g.login()
	for _, wrong := range []string{"", "x", form[1:]} {
		answer, body := g.do("POST", "/change", url.Values{"address": {address}, "do": {"resume"}, "form": {wrong}}, nil)
		g.want(http.StatusForbidden, answer, body)
	}
	answer, body := g.do("GET", "/change?do=resume&form="+form+"&address="+url.QueryEscape(address), nil, nil)
	g.want(http.StatusMethodNotAllowed, answer, body)
	if s := g.status(); s != batch.Paused {
		t.Errorf("the batch is %s", s)
	}
	// A query is no form: it stands in logs.
	answer, body = g.do("POST", "/change?form="+form, resume, nil)
	g.want(http.StatusForbidden, answer, body)
	resume.Set("form", form)
	answer, body = g.do("POST", "/change", resume, nil)
	g.want(http.StatusSeeOther, answer, body)
	if s := g.status(); s != batch.Running {
		t.Errorf("the batch is %s", s)
	}
}

// TestOtherSitesChangeNothing even with the cookie and the form.
func TestOtherSitesChangeNothing(t *testing.T) {
	g := started(t, token)
	form := url.Values{"form": {g.login()}, "address": {address}, "do": {"resume"}}
	for name, value := range map[string][2]string{
		"another site": {"Sec-Fetch-Site", "cross-site"}, "another port": {"Sec-Fetch-Site", "same-site"},
		"an old browser": {"Origin", "http://evil.example"}, "another local port": {"Origin", "http://127.0.0.1:1"}, "a sandbox": {"Origin", "null"},
	} {
		answer, body := g.do("POST", "/change", form, func(r *http.Request) { r.Header.Set(value[0], value[1]) })
		g.want(http.StatusForbidden, answer, name+": "+body)
		answer, body = g.do("POST", "/login", url.Values{"token": {token}}, func(r *http.Request) { r.Header.Set(value[0], value[1]) })
		g.want(http.StatusForbidden, answer, name+": "+body)
	}
	if s := g.status(); s != batch.Paused {
		t.Errorf("the batch is %s", s)
	}
	answer, body := g.do("POST", "/change", form, func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "same-origin") })
	g.want(http.StatusSeeOther, answer, body)
}

// TestWithATokenNobodyReadsWithoutIt, by the page or the API.
func TestWithATokenNobodyReadsWithoutIt(t *testing.T) {
	g := started(t, token)
	for path, status := range map[string]int{"/": 303, "/batch?address=" + url.QueryEscape(address): 303, "/api/batches": 401, "/login": 200} {
		answer, body := g.get(path)
		g.want(status, answer, body)
		if strings.Contains(body, "archive") {
			t.Errorf("%s tells of the batch", path)
		}
	}
	answer, body := g.do("GET", "/api/batches", nil, func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) })
	g.want(http.StatusOK, answer, body)
	var told struct {
		Batches []batch.Record
	}
	if err := json.Unmarshal([]byte(body), &told); err != nil || len(told.Batches) != 1 || told.Batches[0].Spec.Address != address {
		t.Errorf("%v: %s", err, body)
	}
}

// TestTheCookie is out of reach of scripts and other sites, and ends.
func TestTheCookie(t *testing.T) {
	g := started(t, token)
	answer, body := g.do("POST", "/login", url.Values{"token": {token[1:]}}, nil)
	g.want(http.StatusForbidden, answer, body)
	answer, _ = g.do("POST", "/login", url.Values{"token": {token}}, nil)
	set := answer.Cookies()
	if len(set) != 1 || !set[0].HttpOnly || set[0].SameSite != http.SameSiteStrictMode || set[0].MaxAge <= 0 || set[0].Domain != "" || strings.Contains(set[0].Value, token) {
		t.Fatalf("the cookie is %v", set)
	}
	form := g.login()
	answer, body = g.do("POST", "/logout", url.Values{"form": {"x"}}, nil)
	g.want(http.StatusForbidden, answer, body)
	answer, body = g.do("POST", "/logout", url.Values{"form": {form}}, nil)
	g.want(http.StatusSeeOther, answer, body)
	answer, body = g.do("GET", "/", nil, func(r *http.Request) { r.AddCookie(set[0]) })
	g.want(http.StatusOK, answer, body) // the first login is a session of its own
	answer, body = g.get("/")
	g.want(http.StatusSeeOther, answer, body)
}

// TestNamesAreText: of objects, sources and messages, on every page.
func TestNamesAreText(t *testing.T) {
	g := started(t, "")
	g.fail(120)
	for _, path := range []string{"/", "/batch?address=" + url.QueryEscape(address), "/batch?page=2&address=" + url.QueryEscape(address), "/batch?address=" + url.QueryEscape(hostile)} {
		answer, body := g.get(path)
		markup := strings.HasPrefix(answer.Header.Get("Content-Type"), "text/html")
		if markup && (strings.Contains(body, "<script>") || strings.Contains(body, "<i>")) {
			t.Errorf("%s has a name as markup:\n%s", path, body)
		}
		if strings.Contains(body, "style=") || strings.Contains(body, "onclick") {
			t.Errorf("%s has inline style or script, which its policy forbids", path)
		}
		h := answer.Header
		if p := h.Get("Content-Security-Policy"); !strings.Contains(p, "default-src 'none'") || strings.Contains(p, "unsafe") || !strings.Contains(p, "frame-ancestors 'none'") {
			t.Errorf("%s: the policy is %q", path, p)
		}
		if h.Get("Cache-Control") != "no-store" || h.Get("X-Frame-Options") != "DENY" || h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("%s: the headers are %v", path, h)
		}
	}
}

// TestABatchIsShown with all that is known of it, failures by the hundred.
func TestABatchIsShown(t *testing.T) {
	g := started(t, "")
	g.fail(120)
	at := "/batch?address=" + url.QueryEscape(address)
	_, body := g.get(at)
	for _, word := range []string{"done", "rewrap", "key key-1, version v2, gateway here", strings.Repeat("0", 63) + "2", "a test", "2023-11-14 22:13:20 UTC", "2,468", "4.0 MiB", "v1", "Rejected.Disabled (403)", "req-1", "kms", "no-0-099", `max="6"`} {
		if !strings.Contains(body, word) {
			t.Errorf("the page lacks %q", word)
		}
	}
	if strings.Contains(body, "no-0-100") || !strings.Contains(body, "page=2") || strings.Contains(body, "page=0") || strings.Contains(body, "<button name=\"do\"") {
		t.Error("the first page has more than its hundred, no next one, or buttons without a token")
	}
	_, body = g.get(at + "&page=3")
	if !strings.Contains(body, "no-1-119") || strings.Contains(body, "page=4") || !strings.Contains(body, "page=2") {
		t.Errorf("the last page is\n%s", body)
	}
	for path, status := range map[string]int{"/batch?address=batch.none": 404, "/batch": 404, "/none": 404, at + "&page=99999999999999999999": 200, at + "&page=-1": 200} {
		answer, body := g.get(path)
		g.want(status, answer, body)
	}
}

// TestWhatAFormAsksFor is done, or refused with what is wrong.
func TestWhatAFormAsksFor(t *testing.T) {
	g := started(t, token)
	form := g.login()
	ask := func(status int, more url.Values) {
		t.Helper()
		more.Set("form", form)
		if !more.Has("address") {
			more.Set("address", address)
		}
		answer, body := g.do("POST", "/change", more, nil)
		g.want(status, answer, body)
	}
	for _, wrong := range []url.Values{
		{}, {"do": {"delete"}}, {"do": {"cancel"}}, {"do": {"rate"}}, {"do": {"rate"}, "share": {"1.5"}}, {"do": {"rate"}, "share": {"NaN"}},
		{"do": {"rate"}, "calls_per_second": {"-1"}}, {"do": {"rate"}, "calls_per_second": {"Inf"}}, {"do": {"rate"}, "share": {"0"}}, {"do": {"rate"}, "calls_per_second": {"1e-300"}},
	} {
		ask(http.StatusBadRequest, wrong)
	}
	before := g.record()
	if before.Status != batch.Paused || before.Rate != (batch.Rate{CallsPerSecond: 100}) {
		t.Errorf("what was refused changed the batch: %+v", before)
	}
	ask(http.StatusNotFound, url.Values{"do": {"pause"}, "address": {"batch.none"}})
	ask(http.StatusForbidden, url.Values{"do": {"pause"}, "long": {strings.Repeat("x", 20<<10)}})
	ask(http.StatusSeeOther, url.Values{"do": {"rate"}, "share": {"0.5"}, "calls_per_second": {" 40 "}})
	if r := g.record().Rate; r != (batch.Rate{Share: 0.5, CallsPerSecond: 40}) {
		t.Errorf("the rate is %+v", r)
	}
	ask(http.StatusSeeOther, url.Values{"do": {"resume"}})
	ask(http.StatusSeeOther, url.Values{"do": {"pause"}})
	if r := g.record(); r.Status != batch.Paused || r.Reason != "paused on the page, from 127.0.0.1" {
		t.Errorf("it is %s: %s", r.Status, r.Reason)
	}
	ask(http.StatusSeeOther, url.Values{"do": {"cancel"}, "sure": {"yes"}})
	ask(http.StatusConflict, url.Values{"do": {"resume"}})
}

// TestServersHaveDeadlines: without any one of these a slow browser holds a connection for good.
func TestServersHaveDeadlines(t *testing.T) {
	s := page.Server(nil)
	if s.ReadHeaderTimeout <= 0 || s.ReadTimeout <= 0 || s.WriteTimeout <= 0 || s.IdleTimeout <= 0 || s.MaxHeaderBytes <= 0 {
		t.Errorf("%+v", s)
	}
}

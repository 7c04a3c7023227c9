package page_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/batch"
	"kmsplan.dev/kmsplan/internal/batch/page"
	"kmsplan.dev/kmsplan/internal/batch/queue"
	"kmsplan.dev/kmsplan/internal/batch/queue/queuetest"
)

const (
	address = `batch.archive["a/b & <i>"]`
	token   = "a-token-of-a-test-0123456789"
	hostile = `"><script>alert(1)</script>`
)

// rig is a page on a real listener, over a queue with one batch.
type rig struct {
	t      *testing.T
	queue  *queuetest.Memory
	base   string // http://127.0.0.1:port
	port   string
	client *http.Client
}

func started(t *testing.T, token string, hosts ...string) *rig {
	return startedWith(t, nil, token, hosts...)
}

func startedWith(t *testing.T, engine http.Handler, token string, hosts ...string) *rig {
	q := queuetest.NewMemory()
	spec := queuetest.Spec(address, 2)
	spec.Source = hostile
	if err := q.Create(t.Context(), spec, queuetest.Parts(2)); err != nil {
		t.Fatal(err)
	}
	l, err := page.Listen(t.Context(), "127.0.0.1:0", token)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- page.Serve(ctx, l, page.New(page.Options{Queue: q, Token: token, Hosts: hosts, Engine: engine}))
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	_, port, _ := net.SplitHostPort(l.Addr().String())
	jar, _ := cookiejar.New(nil)
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &rig{t: t, queue: q, base: "http://" + l.Addr().String(), port: port, client: &http.Client{Jar: jar, Timeout: 20 * time.Second, CheckRedirect: stay}}
}

// do sends a request that edit may change, and gives the answer with its body.
func (g *rig) do(method, path string, form url.Values, edit func(*http.Request)) (answered, string) {
	g.t.Helper()
	r, err := http.NewRequestWithContext(g.t.Context(), method, g.base+path, strings.NewReader(form.Encode()))
	if err != nil {
		g.t.Fatal(err)
	}
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if edit != nil {
		edit(r)
	}
	answer, err := g.client.Do(r)
	if err != nil {
		g.t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		g.t.Fatal(err)
	}
	return answered{answer.StatusCode, answer.Header, answer.Cookies(), method + " " + r.URL.Path}, string(body)
}

// answered is an answer whose body was read.
type answered struct {
	StatusCode int
	Header     http.Header
	cookies    []*http.Cookie
	to         string
}

func (a answered) Cookies() []*http.Cookie { return a.cookies }

func (g *rig) get(path string) (answered, string) { return g.do("GET", path, nil, nil) }

func (g *rig) want(status int, answer answered, body string) {
	g.t.Helper()
	if answer.StatusCode != status {
		g.t.Errorf("%s is answered with %d, and should be with %d:\n%s", answer.to, answer.StatusCode, status, body)
	}
}

// login lets the client in, and gives what its forms carry.
func (g *rig) login() (form string) {
	g.t.Helper()
	answer, body := g.do("POST", "/login", url.Values{"token": {token}}, nil)
	g.want(http.StatusSeeOther, answer, body)
	_, body = g.get("/batch?address=" + url.QueryEscape(address))
	found := regexp.MustCompile(`name="form" value="([^"]+)"`).FindStringSubmatch(body)
	if found == nil {
		g.t.Fatalf("there is no form on the page of the batch:\n%s", body)
	}
	return found[1]
}

func (g *rig) status() batch.Status { return g.record().Status }

func (g *rig) record() batch.Record {
	g.t.Helper()
	r, err := g.queue.Record(g.t.Context(), address)
	if err != nil {
		g.t.Fatal(err)
	}
	return r
}

// fail lets every object of the batch fail, under hostile names.
func (g *rig) fail(objects int) {
	g.t.Helper()
	if _, err := g.queue.Change(g.t.Context(), address, queue.Change{Status: batch.Running}); err != nil {
		g.t.Fatal(err)
	}
	err := g.queue.Work(g.t.Context(), queue.Worker{Parallel: 1, Once: true, Do: func(ctx context.Context, d queue.Delivery) error {
		s := batch.Step{Attempt: d.Last().Attempt, Cursor: 3, Done: true, Worker: "here"}
		s.Tally = batch.Tally{Objects: 3, Failed: 3, Calls: 1234, Sent: 2 << 20, Under: []batch.Under{{KeyID: "key-1", KeyVersion: "v1", Objects: 3}}}
		for n := range objects {
			s.Failures = append(s.Failures, batch.Failure{
				Object: fmt.Sprintf("no-%d-%03d%s", d.Chunk().Index, n, hostile), Class: batch.ClassKMS, Code: "Rejected.Disabled", Status: 403,
				RequestID: "req-1", Attempts: 2, Message: hostile, At: time.Unix(1_700_000_000, 0),
			})
		}
		_, err := d.Record(ctx, s)
		return err
	}})
	if err != nil {
		g.t.Fatal(err)
	}
}

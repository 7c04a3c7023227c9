package cli

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

const pageToken = "0123456789abcdefghijklmnopqrstuv"

// A worker whose queue is PostgreSQL serves River's own pages below its page, with the rights of a worker's role: to be read
// without a token, by this machine's names alone, and changed with the token.
func TestAWorkerServesRiversPages(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a server, and many commands")
	}
	j := newRowsJob(t, 120)
	for _, g := range j.grants() {
		j.sql(g)
	}
	j.run(t, 1, "batch", "start", "-input=false", "batch.rows")
	if err := os.WriteFile(filepath.Join(j.dir, "token"), []byte(pageToken), 0o600); err != nil {
		t.Fatal(err)
	}
	open := j.serve()
	for path, want := range map[string]int{
		"river/": 200, "river/jobs": 200, "river/api/jobs?state=available": 200, "river/api/queues": 200, "river/api/states": 200, "river/api/features": 200, "river/api/health-checks/complete": 200,
		"river/none": 200, "river/..%2f..%2f..%2fetc%2fpasswd": 200, "river/assets/%2e%2e/%2e%2e/%2e%2e/etc/passwd": 200,
	} {
		status, body := asked(t, "GET", open+path, nil)
		if status != want || strings.Contains(body, "root:") || strings.Contains(body, "42501") {
			t.Errorf("%s is answered with %d: %.300s", path, status, body)
		}
	}
	if _, jobs := asked(t, "GET", open+"river/api/jobs?state=available", nil); strings.Count(jobs, `"kmsplan_chunk"`) != 3 {
		t.Errorf("the jobs are %.500s", jobs)
	}
	closed := j.serve("-token-file", "token")
	script := http.Header{"Authorization": {"Bearer " + pageToken}}
	pause := "river/api/queues/batch_1/pause"
	for name, c := range map[string]struct {
		base   string
		header http.Header
		want   int
	}{
		"without a token":                {open, nil, 403},
		"with one, to a page without":    {open, script, 403},
		"without the token":              {closed, nil, 403},
		"another site with the token":    {closed, http.Header{"Authorization": script["Authorization"], "Origin": {"http://evil.example"}}, 403},
		"a name that was rebound":        {closed, http.Header{"Authorization": script["Authorization"], "Host": {"evil.example"}}, 421},
		"with the token, what is no job": {closed, script, 404},
	} {
		path := pause
		if c.want == 404 {
			path = "river/api/queues/none/pause"
		}
		if status, body := asked(t, "PUT", c.base+path, c.header); status != c.want {
			t.Errorf("%s: %d, %s", name, status, body)
		}
	}
	if status, _ := asked(t, "GET", closed+"river/api/jobs", nil); status != http.StatusUnauthorized {
		t.Errorf("without the token the jobs are read: %d", status)
	}
	j.browse(open)
}

// browse lets a real browser show River's pages.
func (j *rowsJob) browse(base string) {
	j.Helper()
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		j.Log("there is no chromium in PATH: no browser looked; on Debian: apt-get install chromium")
		return
	}
	ctx, cancel := context.WithTimeout(j.Context(), 2*time.Minute)
	defer cancel()
	// Without a sandbox, because the tests of a container run as root; the page is this machine's.
	c := exec.CommandContext(ctx, chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--enable-logging=stderr",
		"--disable-background-networking", "--user-data-dir="+j.TempDir(), "--virtual-time-budget=20000", "--dump-dom", base+"river/jobs?state=available")
	c.WaitDelay = 5 * time.Second
	var errs strings.Builder
	c.Stderr = &errs
	dom, err := c.Output()
	if err != nil || !strings.Contains(string(dom), "kmsplan_chunk") || strings.Contains(errs.String(), "Content Security Policy") {
		j.Errorf("the browser shows (%v)\n%s\n%s", err, dom, errs.String())
	}
}

var shownOn = regexp.MustCompile(`shown on (http:\S+/)`)

// serve starts a worker with a page, and gives where it is.
func (j *rowsJob) serve(args ...string) (base string) {
	j.Helper()
	base, _ = served(j.T, j.command(j.T, append([]string{"worker", "-listen", "127.0.0.1:0"}, args...)...))
	return base
}

// served starts a worker that serves a page, and gives where it is and what it says; it ends with the test.
func served(t *testing.T, c *exec.Cmd) (base string, said *syncBuffer) {
	t.Helper()
	said = &syncBuffer{}
	c.Stdout, c.Stderr = said, said
	c.Cancel, c.WaitDelay = func() error { return c.Process.Signal(syscall.SIGTERM) }, time.Minute // at the end of the test
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Wait(); err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("the worker ends with %v: %s", err, said.bytes())
		}
	})
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if found := shownOn.FindSubmatch(said.bytes()); found != nil {
			return string(found[1]), said
		}
	}
	t.Fatalf("no page is served: %s", said.bytes())
	return "", nil
}

// asked asks a page. A header Host is the name it is asked under.
func asked(t *testing.T, method, url string, header http.Header) (status int, body string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, values := range header {
		r.Header[name] = values
	}
	r.Host = header.Get("Host")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

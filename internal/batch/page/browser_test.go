package page_test

import (
	"context"
	"net/url"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// TestABrowserShowsIt: a real one reads the pages, and gets in with the token in the fragment of an address.
func TestABrowserShowsIt(t *testing.T) {
	chromium := browser(t)
	open := started(t, "")
	open.fail(2)
	for path, word := range map[string]string{
		"/": `data-refresh="5"`, "/batch?address=" + url.QueryEscape(address): "no-1-001",
	} {
		dom := dump(t, chromium, open.base+path)
		if !strings.Contains(dom, word) || !strings.Contains(dom, "batch.archive[") || strings.Contains(dom, "<script>alert") {
			t.Errorf("%s shows\n%s", path, dom)
		}
	}
	closed := started(t, token)
	if dom := dump(t, chromium, closed.base+"/login#token="+token); !strings.Contains(dom, "batch.archive[") || strings.Contains(dom, token) {
		t.Errorf("with the token in the fragment, the browser shows\n%s", dom)
	}
	if dom := dump(t, chromium, closed.base+"/#token="+token); !strings.Contains(dom, "batch.archive[") {
		t.Errorf("with the token in the fragment of the first page, the browser shows\n%s", dom)
	}
	if dom := dump(t, chromium, closed.base+"/"); !strings.Contains(dom, `type="password"`) || strings.Contains(dom, "batch.archive[") {
		t.Errorf("without the token, the browser shows\n%s", dom)
	}
}

func browser(t *testing.T) string {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skip("there is no chromium, chromium-browser or google-chrome in PATH; on Debian: apt-get install chromium")
	return ""
}

// dump is what a browser has of a page once its script has run.
func dump(t *testing.T, chromium, address string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	// Without a sandbox, because the tests of a container run as root; the page is our own.
	c := exec.CommandContext(ctx, chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
		"--disable-background-networking", "--user-data-dir="+t.TempDir(), "--virtual-time-budget=3000", "--dump-dom", address)
	c.WaitDelay = 5 * time.Second
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%s: %v", chromium, err)
	}
	return string(out)
}

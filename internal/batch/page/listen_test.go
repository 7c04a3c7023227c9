package page_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/batch/page"
)

func TestOtherMachinesNeedAToken(t *testing.T) {
	for _, addr := range []string{":0", "0.0.0.0:0", "[::]:0"} {
		if l, err := page.Listen(t.Context(), addr, ""); err == nil {
			l.Close()
			t.Errorf("%s is open to everybody", addr)
		} else if !strings.Contains(err.Error(), "-token-file") {
			t.Errorf("%s: %v", addr, err)
		}
	}
	l, err := page.Listen(t.Context(), "0.0.0.0:0", page.NewToken())
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	if l, err = page.Listen(t.Context(), "localhost:0", ""); err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if a := page.Address(l, "secret"); !strings.HasSuffix(a, "/login#token=secret") || strings.Contains(a, "?") {
		t.Errorf("the address is %s", a)
	}
}

func TestATokensFileIsItsOwnersAlone(t *testing.T) {
	name := filepath.Join(t.TempDir(), "token")
	good := page.NewToken()
	if len(good) < 26 || good == page.NewToken() {
		t.Errorf("a new token is %q", good)
	}
	for _, c := range []struct {
		text string
		mode os.FileMode
		want string // in the error; "" = none
	}{
		{good + "\n", 0o600, ""}, {good, 0o400, ""}, {good, 0o640, "chmod 600"}, {good, 0o604, "chmod 600"},
		{"short", 0o600, "openssl rand"}, {"", 0o600, "openssl rand"}, {good + "\n" + good, 0o600, "one line"}, {strings.Repeat("x", 5000), 0o600, "one line"},
	} {
		os.Remove(name)
		if err := os.WriteFile(name, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(name, c.mode); err != nil {
			t.Fatal(err)
		}
		got, err := page.ReadToken(name)
		switch {
		case c.want == "" && (err != nil || got != good):
			t.Errorf("%q, %v", got, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), good)):
			t.Errorf("%q of mode %o: %v", c.text, c.mode, err)
		}
	}
	if _, err := page.ReadToken(t.TempDir()); err == nil {
		t.Error("a directory is a token")
	}
}

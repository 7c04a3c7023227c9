//go:build falsify

package safety_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/safety"
)

// longest is how long one test may take; a test that does not end says nothing.
const longest = time.Minute

// TestEverySafetyIsMissed runs the test of each safety with all of them in, and without that one: it must pass, and then
// fail.
func TestEverySafetyIsMissed(t *testing.T) {
	b := &binaries{dir: t.TempDir(), built: map[string]func() (string, error){}}
	for _, s := range safety.Table() {
		t.Run(string(s.Switch), func(t *testing.T) {
			t.Parallel()
			binary, err := b.of(t.Context(), s.Package)
			if err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			if verdict, text := run(t.Context(), binary, s, ""); verdict != "PASS" {
				t.Fatalf("%s of %s with every safety in: %s\n%s", s.Test, s.Package, verdict, text)
			}
			if verdict, text := run(t.Context(), binary, s, s.Switch); verdict != "FAIL" {
				t.Fatalf("%s of %s does not notice that %s is out: %s\n%s", s.Test, s.Package, s.Switch, verdict, text)
			}
			fmt.Printf("%-28s is missed by %s: %s (%.1f s)\n", s.Switch, s.Package, s.Test, time.Since(began).Seconds())
		})
	}
}

// run says what a test binary says of the safety's test: PASS, FAIL, or nothing, with all that it wrote.
func run(ctx context.Context, binary string, s safety.Safety, without safety.Switch) (verdict, text string) {
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	c := exec.CommandContext(ctx, binary, "-test.v", "-test.short", "-test.run", pattern(s.Test))
	c.Dir = filepath.Join(top, filepath.FromSlash(s.Package))
	c.Env = append(os.Environ(), safety.Variable+"="+string(without), "RAPID_NOFAILFILE=true")
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, &out
	failed := c.Run() != nil
	test, _, _ := strings.Cut(s.Test, "/")
	for _, is := range []string{"PASS", "FAIL"} {
		if strings.Contains("\n"+out.String(), fmt.Sprintf("\n--- %s: %s ", is, test)) && (is == "FAIL") == failed {
			verdict = is
		}
	}
	return verdict, out.String()
}

// pattern is what -test.run takes for one test, or for some of its subtests. Where there are none, the test passes whatever is out.
func pattern(test string) string {
	test, sub, _ := strings.Cut(test, "/")
	return "^" + test + "$/^" + regexp.QuoteMeta(sub)
}

// binaries are test binaries with switches, each built once.
type binaries struct {
	dir   string
	mu    sync.Mutex
	built map[string]func() (string, error)
}

func (b *binaries) of(ctx context.Context, pkg string) (string, error) {
	b.mu.Lock()
	build, ok := b.built[pkg]
	if !ok {
		build = sync.OnceValues(func() (string, error) { return b.build(ctx, pkg) })
		b.built[pkg] = build
	}
	b.mu.Unlock()
	return build()
}

func (b *binaries) build(ctx context.Context, pkg string) (string, error) {
	binary := filepath.Join(b.dir, strings.ReplaceAll(pkg, "/", "-")+".test")
	c := exec.CommandContext(ctx, "go", "test", "-c", "-vet=off", "-tags", "falsify", "-o", binary, "./"+pkg)
	c.Dir = top
	if text, err := c.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the tests of %s: %w\n%s", pkg, err, text)
	}
	return binary, nil
}

package apply_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/apply"
	"kmsplan.dev/kmsplan/internal/state/failpoint"
	"kmsplan.dev/kmsplan/internal/state/local"
)

// A crash test runs the test binary as a child that ends itself, with status 137 and
// nothing cleaned up, at a numbered failpoint, and then goes on in this process.

const (
	childDir  = "KMSPLAN_APPLY_TEST_DIR"
	childFail = "KMSPLAN_APPLY_TEST_FAILPOINT"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		if err := child(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// child recovers, plans and applies the stack at dir, and dies where it is told.
func child(dir string) error {
	hook, err := failpoint.Parse(os.Getenv(childFail), func() { os.Exit(137) })
	if err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(dir, readyName)); err == nil {
		e, err := openEmulated(dir, hook, 0)
		if err != nil {
			return err
		}
		return e.apply(context.Background())
	}
	s, err := openStack(dir)
	if err != nil {
		return err
	}
	if err := s.load(); err != nil {
		return err
	}
	if s.store, err = local.Open(s.store.Path(), local.Options{Fail: hook}); err != nil {
		return err
	}
	s.input.Store, s.input.Failpoint = s.store, hook
	found, err := apply.Recover(context.Background(), s.input.Work)
	if err != nil {
		return err
	}
	s.input.Plan = s.plan(found.State)
	_, err = apply.Run(context.Background(), s.input)
	return err
}

// crash runs the child on the stack's directory until the failpoint. It reports false when
// the child came to its end before.
func crash(t *testing.T, dir, spec string) bool {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childDir+"="+dir, childFail+"="+spec)
	out, err := cmd.CombinedOutput()
	if err != nil && cmd.ProcessState.ExitCode() != 137 {
		t.Fatalf("failpoint %s: %v: %s", spec, err, out)
	}
	return err != nil
}

// shapes are what an apply can be in the middle of: what was there, and what is wanted.
var shapes = map[string]struct{ before, after string }{
	"the first apply of a stack": {"", twoKeys},
	"objects join and change":    {twoKeys, strings.ReplaceAll(twoKeys, "second", "changed") + "key \"c\" {}\nkey \"d\" {}"},
	"objects are taken away":     {twoKeys, `key "b" { description = "second" }`},
}

func TestACrashAtAnyPointLosesNothing(t *testing.T) {
	for name, shape := range shapes {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // it waits for the disk most of the time
			template := newStack(t, shape.before)
			if shape.before != "" {
				template.mustApply(t)
			}
			template.configure(t, shape.after)
			n, step := 1, 1
			if testing.Short() {
				step = 7
			}
			for ; crashAndFinish(t, template.dir, n); n += step {
			}
			if n < 25 {
				t.Errorf("only %d failpoints were passed", n-1)
			}
			t.Logf("%d crash points", n-1)
		})
	}
}

// crashAndFinish dies at the n-th point of an apply, then once more while the next run picks up,
// and lets a third finish.
func crashAndFinish(t *testing.T, template string, n int) bool {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(template)); err != nil {
		t.Fatal(err)
	}
	if !crash(t, dir, fmt.Sprintf("*:%d", n)) {
		return false
	}
	crash(t, dir, fmt.Sprintf("*:%d", n%7+1))
	s, err := openStack(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.load(); err != nil {
		t.Fatal(err)
	}
	s.mustApply(t)
	s.checkNothingLost(t)
	st := s.state(t)
	for _, c := range s.plan(st).Changes {
		if c.Action != ' ' {
			t.Errorf("point %d: another apply would still %c %s", n, c.Action, c.Addr)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".*.tmp")); len(left) > 1 {
		t.Errorf("point %d: %v were left", n, left)
	}
	if t.Failed() {
		t.Fatalf("after a crash at point %d", n)
	}
	return true
}

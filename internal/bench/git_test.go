//go:build linux

package bench

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
)

// A repository whose documents share a data key is shown by git for one KMS call, which the first of the processes that git
// starts makes; the second time there is none.
func TestGitDiffOfAllFilesIsOneCall(t *testing.T) {
	r := newRepository(t, 60)
	w := r.world
	w.clearCalls()
	out := r.git("diff", "--cached").out
	if got := w.calls(); got != 1 || bytes.Count(out, []byte("\n+  name3: value 3 of file ")) != 60 {
		t.Errorf("%d calls\n%s", got, out)
	}
	r.git("commit", "-q", "-m", "one")
	r.edit()
	w.clearCalls()
	out = r.git("diff").out
	if got := w.calls(); got != 0 || bytes.Count(out, []byte("\n+  name3: changed")) != 60 {
		t.Errorf("%d calls\n%s", got, out)
	}
	w.run("git", "cache", "stop")
	r.git("diff")
	if got := w.calls(); got != 1 {
		t.Errorf("%d calls once the cache has forgotten", got)
	}
}

// BenchmarkGitDiff is git diff of a work tree in which a value of every file changed: two versions of each are opened.
// KMSPLAN_GIT_FILES says how many files there are.
func BenchmarkGitDiff(b *testing.B) {
	n := 1000
	if text := os.Getenv("KMSPLAN_GIT_FILES"); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil {
			b.Fatal(err)
		}
	}
	r := newRepository(b, n)
	r.git("commit", "-q", "-m", "one")
	r.edit()
	var total sum
	calls := 0
	for b.Loop() {
		r.world.run("git", "cache", "stop")
		r.world.clearCalls()
		total.add(r.git("diff"))
		calls += r.world.calls()
	}
	total.report(b, float64(2*n), "versions")
	b.ReportMetric(float64(calls)/float64(b.N), "calls/op")
	b.ReportMetric(float64(n), "files")
}

// repository is one of documents that were sealed in one run.
type repository struct {
	tb    testing.TB
	world *world
}

func newRepository(tb testing.TB, files int) repository {
	tb.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		tb.Skip("git is not installed")
	}
	w := newWorld(tb, "memory")
	r := repository{tb, w}
	runtime, err := os.MkdirTemp("", "git") // a socket's path is short
	w.must(err)
	tb.Cleanup(func() { _ = os.RemoveAll(runtime) })
	tb.Cleanup(func() { _ = w.command("git", "cache", "stop").Run() })
	w.env = append(w.env, "XDG_RUNTIME_DIR="+runtime, "GIT_CONFIG_GLOBAL="+filepath.Join(w.dir, "gitconfig"), "GIT_PAGER=cat")
	w.write("gitconfig", []byte("[user]\n\tname = A\n\temail = a@example.com\n"))
	w.must(os.Mkdir(filepath.Join(w.dir, "secrets"), 0o700))
	for i := range files {
		var text bytes.Buffer
		text.WriteString("settings:\n")
		for v := range 9 {
			fmt.Fprintf(&text, "  name%d: value %d of file %d\n", v, v, i)
		}
		w.write(fmt.Sprintf("secrets/%05d.yaml", i), text.Bytes())
	}
	w.run("encrypt", "-r", "-values", "-in-place", "-scope", "run", "-key", w.key(), "secrets")
	r.git("init", "-q", "-b", "main", ".")
	w.run("git", "install")
	r.git("add", ".gitattributes", "secrets")
	return r
}

// git is git in the world's directory, and what it and all that it starts took.
func (r repository) git(args ...string) cost {
	r.tb.Helper()
	c := r.world.command()
	c.Path, _ = exec.LookPath("git")
	c.Args = append([]string{"git"}, args...)
	return measure(r.tb, c)
}

// edit changes a value of every file; each keeps its data key.
func (r repository) edit() {
	r.tb.Helper()
	files, err := filepath.Glob(filepath.Join(r.world.dir, "secrets", "*.yaml"))
	r.world.must(err)
	c := r.world.command(append([]string{"edit"}, files...)...)
	c.Env = append(c.Env, "KMSPLAN_EDITOR=sed -i s/name3:.*/name3:\\ changed/")
	measure(r.tb, c)
}

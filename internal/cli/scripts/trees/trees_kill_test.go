package trees

import (
	"bufio"
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/cli/clitest"
)

// thousand is a module with a key and a tree of a thousand files.
type thousand struct {
	t   *testing.T
	dir string
}

const canaryOfTrees = "canary-of-a-tree-"

func newThousand(t *testing.T) thousand {
	t.Helper()
	r := thousand{t, t.TempDir()}
	must(t, os.WriteFile(filepath.Join(r.dir, "main.kms.hcl"), []byte("gateway \"dev\" {\n  emulator {}\n}\nkey \"k\" {}\nalias \"k\" {\n  name = \"alias/k\"\n  key  = key.k.id\n}\n"), 0o644))
	for i := range 1000 {
		path := filepath.Join(r.dir, r.name(i))
		must(t, os.MkdirAll(filepath.Dir(path), 0o755))
		must(t, os.WriteFile(path, r.text(i), 0o600))
	}
	r.run("apply", "-auto-approve")
	return r
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (r thousand) name(i int) string { return fmt.Sprintf("t/%02d/f%03d", i/50, i) }

func (r thousand) text(i int) []byte {
	return []byte(strings.Repeat(fmt.Sprintf("%s%d\n", canaryOfTrees, i), 1+i%40))
}

func (r thousand) command(args ...string) *exec.Cmd {
	c := exec.Command(os.Args[0], args...)
	c.Dir, c.Env = r.dir, append(os.Environ(), clitest.ActAsMain+"=1", "HOME="+r.dir, "NO_COLOR=1")
	return c
}

func (r thousand) run(args ...string) string {
	r.t.Helper()
	out, err := r.command(args...).CombinedOutput()
	if err != nil {
		r.t.Fatalf("%v: %v\n%s", args, err, out)
	}
	return string(out)
}

// killed runs a command until it has said a word n times, and kills it.
func (r thousand) killed(word string, n int, args ...string) {
	r.t.Helper()
	c := r.command(args...)
	stderr, err := c.StderrPipe()
	must(r.t, err)
	must(r.t, c.Start())
	lines := bufio.NewScanner(stderr)
	for n > 0 && lines.Scan() {
		if strings.Contains(lines.Text(), word) {
			n--
		}
	}
	must(r.t, c.Process.Kill())
	if err := c.Wait(); n > 0 || err == nil {
		r.t.Fatalf("%v ended before it was killed: %v", args, err)
	}
}

// files counts those that are sealed, and demands that every other is what it was.
func (r thousand) sealed() (n int) {
	r.t.Helper()
	for i := range 1000 {
		got, err := os.ReadFile(filepath.Join(r.dir, r.name(i)))
		must(r.t, err)
		switch {
		case bytes.HasPrefix(got, []byte("kmsplan.dev/envelope/")):
			n++
		case !bytes.Equal(got, r.text(i)):
			r.t.Fatalf("%s is neither the old file nor the new one", r.name(i))
		}
	}
	return n
}

// TestATreeOfAThousandFilesThatIsInterrupted: a run over a tree that is killed in the middle leaves whole files, and the
// same command finishes it, doing nothing twice.
func TestATreeOfAThousandFilesThatIsInterrupted(t *testing.T) {
	r := newThousand(t)
	r.killed("in its place", 300, "encrypt", "-r", "-in-place", "-key", "alias/k", "t")
	done := r.sealed()
	if done < 300 || done == 1000 {
		t.Fatalf("%d files are sealed", done)
	}
	said := r.run("encrypt", "-r", "-in-place", "-key", "alias/k", "t")
	if want := fmt.Sprintf("1000 files: %d encrypted, %d done already", 1000-done, done); !strings.Contains(said, want) {
		t.Errorf("not %q: %s", want, tail(said))
	}
	if n := r.sealed(); n != 1000 {
		t.Fatalf("%d files are sealed", n)
	}
	must(t, filepath.WalkDir(r.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		if content, err := os.ReadFile(path); err != nil || bytes.Contains(content, []byte(canaryOfTrees)) {
			t.Errorf("%s holds plaintext, or cannot be read: %v", path, err)
		}
		return nil
	}))

	r.killed("anew under", 300, "reencrypt", "-r", "t")
	if said := r.run("verify", "-r", "t"); !strings.Contains(said, "1000 files: 1000 good") {
		t.Errorf("after the kill: %s", tail(said))
	}
	said = r.run("reencrypt", "-r", "t")
	if !strings.Contains(said, "going on with the run of") || !strings.Contains(said, "done already") || strings.Count(said, "anew under") > 700 {
		t.Errorf("%d files anew: %s", strings.Count(said, "anew under"), tail(said))
	}
	if said := r.run("reencrypt", "-r", "-dry-run", "t"); strings.Count(said, "would reencrypt") != 1000 {
		t.Errorf("a dry run: %s", tail(said))
	}
	r.run("decrypt", "-r", "-in-place", "t")
	if n := r.sealed(); n != 0 {
		t.Errorf("%d files are sealed after all were decrypted", n)
	}
}

func tail(text string) string { return text[max(0, len(text)-600):] }

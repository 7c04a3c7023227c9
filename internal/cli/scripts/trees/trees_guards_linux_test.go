package trees

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/cli/clitest"
)

// TestATreeOfAThousandFilesAndItsGuards: a data key's scope ends where it should, and what somebody edited holds up nothing but
// itself, until -force says otherwise.
func TestATreeOfAThousandFilesAndItsGuards(t *testing.T) {
	r := newThousand(t)
	r.run("encrypt", "-r", "-key", "alias/k", "-scope", "run", "-scope-files", "300", "t")
	served := map[string]int{}
	for i := range 1000 {
		served[r.wrap(i)]++
	}
	if len(served) != 4 {
		t.Errorf("%d data keys", len(served))
	}
	for _, files := range served {
		if files > 300 {
			t.Errorf("a data key serves %d files", files)
		}
	}

	r.edit(0, "somebody's own\n")
	r.run("encrypt", "-key", "alias/k", "-context", "app=other", "-force", r.name(1))
	before := r.wrap(2)
	said := r.fails("encrypt", "-r", "-key", "alias/k", "t")
	for _, want := range []string{
		"2 of 1000 files failed", r.name(0) + ".enc is there already and is no envelope", r.name(1) + ".enc is there already, and its context is another one", "998 encrypted", "2 failed",
	} {
		if !strings.Contains(strings.Join(strings.Fields(said), " "), want) {
			t.Errorf("no %q: %s", want, tail(said))
		}
	}
	if r.wrap(2) == before {
		t.Error("a file that was not edited was not encrypted again")
	}
	if said := r.run("encrypt", "-r", "-force", "-key", "alias/k", "t"); !strings.Contains(said, ": 1000 encrypted") {
		t.Error(tail(said))
	}

	must(t, os.WriteFile(filepath.Join(r.dir, r.name(3)), []byte("edited"), 0o600))
	said = r.fails("decrypt", "-r", "t")
	if !strings.Contains(said, r.name(3)+" is there already") || !strings.Contains(said, "999 done already") {
		t.Error(tail(said))
	}
	r.run("decrypt", "-r", "-force", "t")
	if got, err := os.ReadFile(filepath.Join(r.dir, r.name(3))); err != nil || !bytes.Equal(got, r.text(3)) {
		t.Errorf("-force left %q, %v", got, err)
	}
	r.onTerminal("verifying: ", "verify", "-r", "t")
	r.onTerminal("rewrapping: ", "rewrap", "-r", "-key", "alias/k", "t")
}

// wrap is the wrapped data key of an envelope.
func (r thousand) wrap(i int) string {
	r.t.Helper()
	content, err := os.ReadFile(filepath.Join(r.dir, r.name(i)+".enc"))
	must(r.t, err)
	_, stanza, found := strings.Cut(string(content), "-> alikms ")
	if !found {
		r.t.Fatalf("%s.enc has no KMS key", r.name(i))
	}
	_, body, _ := strings.Cut(stanza, "\n")
	wrap, _, _ := strings.Cut(body, "\n-")
	return wrap
}

func (r thousand) edit(i int, text string) {
	r.t.Helper()
	must(r.t, os.WriteFile(filepath.Join(r.dir, r.name(i)+".enc"), []byte(text), 0o600))
}

// fails runs a command that must end with 1.
func (r thousand) fails(args ...string) string {
	r.t.Helper()
	c := r.command(args...)
	out, err := c.CombinedOutput()
	if c.ProcessState == nil || c.ProcessState.ExitCode() != 1 {
		r.t.Fatalf("%v: %v\n%s", args, err, tail(string(out)))
	}
	return string(out)
}

// onTerminal demands that a command draws how far it is, and takes the line away.
func (r thousand) onTerminal(drawn string, args ...string) {
	r.t.Helper()
	person, program := clitest.Terminal(r.t)
	c := r.command(args...)
	for i, v := range c.Env {
		if v == "NO_COLOR=1" {
			c.Env[i] = "TERM=xterm"
		}
	}
	c.Stdout, c.Stderr = program, program
	must(r.t, c.Start())
	program.Close()
	out, _ := io.ReadAll(person) // EIO at the end
	must(r.t, c.Wait())
	text := string(out)
	if !strings.Contains(text, "\r\x1b[K"+drawn) || !strings.Contains(text, " of 1,000 files") {
		r.t.Errorf("%v drew nothing: %q", args, tail(text))
	}
	if last := text[strings.LastIndex(text, "\x1b[K"):]; strings.Contains(last, drawn) {
		r.t.Errorf("%v left its line: %q", args, last)
	}
}

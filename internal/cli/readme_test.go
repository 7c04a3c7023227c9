package cli

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/cli/clitest"
)

// example is one command of a console block with what stands below it.
type example struct {
	line    int
	command string
	output  []string
}

// TestReadmeDoesWhatItShows runs the README's console blocks from the first to the last, in one shell, as a reader would, and
// holds what comes out against what is printed there: a line of three dots stands for any lines, a key's id for any key's.
func TestReadmeDoesWhatItShows(t *testing.T) {
	if testing.Short() {
		t.Skip("does all that the README shows")
	}
	if runtime.GOOS == "windows" {
		t.Skip("the README is written for a POSIX shell")
	}
	text, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	readme := strings.ReplaceAll(string(text), "/tmp/", dir+"/")
	examples, copied := consoleBlocks(readme), regexp.MustCompile(`(?m)^mkdir .*/tour && .*$`).FindString(readme)
	if copied == "" {
		t.Fatal("the README does not say how to copy the example")
	}
	if len(examples) < 15 {
		t.Fatalf("only %d commands were found", len(examples))
	}
	said := runExamples(t, dir, copied, examples)
	for i, e := range examples {
		if missing := e.differs(said[i]); missing != "" {
			t.Errorf("README.md:%d: $ %s\nprints\n%s\nand not, or not there: %q", e.line, e.command, strings.Join(said[i], "\n"), missing)
		}
	}
}

// consoleBlocks are the commands of ```console blocks.
func consoleBlocks(text string) (out []example) {
	inside := false
	for i, line := range strings.Split(text, "\n") {
		switch command, isCommand := strings.CutPrefix(line, "$ "); {
		case strings.HasPrefix(line, "```"):
			inside = line == "```console"
		case inside && isCommand:
			out = append(out, example{line: i + 1, command: command})
		case inside:
			last := &out[len(out)-1]
			last.output = append(last.output, line)
		}
	}
	return out
}

// runExamples runs the commands in one shell, after the one that copies the quickstart and goes there, and returns the lines
// of each.
func runExamples(t *testing.T, dir, copied string, examples []example) [][]string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	program := fmt.Sprintf("#!/bin/sh\n%s=1 exec %q \"$@\"\n", clitest.ActAsMain, self)
	if err := os.WriteFile(filepath.Join(dir, "kmsplan"), []byte(program), 0o755); err != nil {
		t.Fatal(err)
	}
	const mark = "@@ the next command @@"
	var script strings.Builder
	for _, e := range examples {
		fmt.Fprintf(&script, "echo '%s'\n%s\n", mark, e.command)
	}
	shell := exec.CommandContext(t.Context(), "bash", "-c", "exec 2>&1\n"+copied+"\n"+script.String())
	shell.Dir = filepath.Join("..", "..")
	shell.Env = append(os.Environ(), "PATH="+dir+":"+os.Getenv("PATH"), "NO_COLOR=1", "HOME="+dir)
	out, err := shell.Output()
	parts := strings.Split(string(out), mark+"\n")[1:]
	if len(parts) != len(examples) {
		t.Fatalf("%d of %d commands ran: %v\n%s", len(parts), len(examples), err, out)
	}
	said := make([][]string, len(parts))
	for i, part := range parts {
		said[i] = strings.Split(strings.TrimRight(part, "\n"), "\n")
	}
	return said
}

// keyID is an id as the emulator makes them up.
var keyID = regexp.MustCompile(`key-[a-z]{3}[0-9a-z]{10,}`)

// differs is the first line that is shown and was not printed, in order, or "". Without dots at the end nothing may follow.
func (e example) differs(said []string) string {
	at, anywhere := 0, false
	for _, want := range e.output {
		if want == "..." {
			anywhere = true
			continue
		}
		found := at
		for found < len(said) && !sameLine(want, said[found]) {
			found++
		}
		if found == len(said) || found > at && !anywhere {
			return want
		}
		at, anywhere = found+1, false
	}
	if len(e.output) > 0 && !anywhere && strings.TrimSpace(strings.Join(said[min(at, len(said)):], "")) != "" {
		return said[at]
	}
	return ""
}

func sameLine(a, b string) bool {
	return keyID.ReplaceAllString(strings.TrimRight(a, " "), "key-…") == keyID.ReplaceAllString(strings.TrimRight(b, " "), "key-…")
}

// TestTheReadmesTestCanFail holds that a line that is not printed is noticed, wherever it stands.
func TestTheReadmesTestCanFail(t *testing.T) {
	said := []string{"one", "two", "three"}
	for _, c := range []struct {
		output string
		good   bool
	}{
		{"one\ntwo\nthree", true}, {"one\n...", true}, {"...\nthree", true}, {"one\n...\nthree", true}, {"", true},
		{"one", false}, {"two\n...", false}, {"one\nthree", false}, {"...\nfour", false}, {"...\nthree\n...\none", false}, {"...\ntwo", false},
	} {
		var e example
		if c.output != "" {
			e.output = strings.Split(c.output, "\n")
		}
		if got := e.differs(said) == ""; got != c.good {
			t.Errorf("%q: %v, want %v", c.output, got, c.good)
		}
	}
}

// The Chinese README has the same commands with the same output, so that what runs for one holds for both.
func TestTheReadmesShowTheSame(t *testing.T) {
	fence := regexp.MustCompile("(?ms)^```(?:sh|console)$.*?^```$")
	var shown [2][]string
	for i, name := range []string{"README.md", "README.zh-CN.md"} {
		text, err := os.ReadFile(filepath.Join("..", "..", name))
		if err != nil {
			t.Fatal(err)
		}
		shown[i] = fence.FindAllString(string(text), -1)
	}
	if len(shown[0]) < 8 || !slices.Equal(shown[0], shown[1]) {
		t.Errorf("README.md shows %d blocks and README.zh-CN.md %d, and they are not the same", len(shown[0]), len(shown[1]))
	}
}

// What one README leads to and names, the other does: every page that is linked, and every command, also in prose.
func TestTheReadmesNameTheSame(t *testing.T) {
	named := regexp.MustCompile(`\]\(([^)#]+)[^)]*\)|\x60(kmsplan [a-z-]+)[^\x60]*\x60`)
	var names [2]map[string]bool
	for i, name := range []string{"README.md", "README.zh-CN.md"} {
		text, err := os.ReadFile(filepath.Join("..", "..", name))
		if err != nil {
			t.Fatal(err)
		}
		names[i] = map[string]bool{}
		for _, m := range named.FindAllStringSubmatch(string(text), -1) {
			if !strings.HasPrefix(m[1], "README") {
				names[i][m[1]+m[2]] = true
			}
		}
	}
	if len(names[0]) < 30 {
		t.Fatalf("only %d names were found", len(names[0]))
	}
	for name := range names[0] {
		if !names[1][name] {
			t.Errorf("README.zh-CN.md does not have %s", name)
		}
	}
	for name := range names[1] {
		if !names[0][name] {
			t.Errorf("README.md does not have %s", name)
		}
	}
}

// Whoever looks for a page finds it in the README's table, those of a folder too. Commands and decisions have an index of their own.
func TestTheReadmeNamesEveryPage(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	docs, pages := os.DirFS(filepath.Join("..", "..", "docs")), 0
	err = fs.WalkDir(docs, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case name == "commands" || name == "decisions":
			return fs.SkipDir
		case d.IsDir() || filepath.Ext(name) != ".md":
			return nil
		}
		pages++
		if !strings.Contains(string(text), "](docs/"+name+")") {
			t.Errorf("README.md does not name docs/%s", name)
		}
		return nil
	})
	if err != nil || pages < 25 {
		t.Errorf("%d pages were found: %v", pages, err)
	}
}

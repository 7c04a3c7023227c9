package stack

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"kmsplan.dev/kmsplan/internal/hcl"
)

// gitignore is where a module says what git leaves alone.
const gitignore = ".gitignore"

// Ignore makes git leave alone what must not be committed of a module: its state with generations and lock, what
// kmsplan keeps in .kmsplan, embedded emulators, and client keys. It makes the module's .gitignore, or adds to it what is
// missing; nothing in it is changed, and a line that begins with ! is a decision that stands. It returns the lines added.
func Ignore(cfg *hcl.Config) (added []string, err error) {
	name := filepath.Join(cfg.Dir, gitignore)
	if info, err := os.Lstat(name); err == nil && !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no regular file", name)
	}
	there, err := os.ReadFile(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, line := range unwanted(cfg) {
		if !decided(there, line) && !decided([]byte(strings.Join(added, "\n")), line) {
			added = append(added, line)
		}
	}
	if len(added) == 0 {
		return nil, nil
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return nil, err
	}
	text := "# kmsplan: the state, the embedded emulator and client keys stay out of the repository.\n" + strings.Join(added, "\n") + "\n"
	if len(there) > 0 && !bytes.HasSuffix(there, []byte("\n")) {
		text = "\n" + text
	}
	_, err = f.WriteString(text)
	return added, errors.Join(err, f.Close())
}

// unwanted are the patterns of what must not be committed, relative to the module.
func unwanted(cfg *hcl.Config) []string {
	out := []string{".kmsplan/"}
	add := func(name, suffix string) {
		if rel, err := filepath.Rel(cfg.Dir, absolute(cfg.Dir, name)); name != "" && err == nil && filepath.IsLocal(rel) {
			out = append(out, "/"+filepath.ToSlash(rel)+suffix)
		}
	}
	add(statePath(cfg), "*")
	for _, g := range cfg.Gateways {
		if g.Emulator != nil {
			add(g.Emulator.Path, "/")
		}
		if g.Instance != nil && g.Instance.ClientKey != nil {
			add(g.Instance.ClientKey.File, "")
		}
	}
	for _, name := range clientKeyFileNames(cfg) {
		add(name, "")
	}
	return out
}

func absolute(dir, name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(dir, name)
}

// decided reports whether an ignore file has a pattern, or one for a directory above it, in one of its usual
// spellings, or says the contrary.
func decided(there []byte, pattern string) bool {
	for want := plain(pattern); want != "."; want = path.Dir(want) {
		for line := range strings.Lines(string(there)) {
			got := plain(line)
			if match, err := path.Match(got, want); got != "" && (got == want || got == strings.TrimSuffix(want, "*") || err == nil && match) {
				return true
			}
		}
	}
	return false
}

// plain is a line of an ignore file without what spellings differ in; a comment matches nothing.
func plain(line string) string {
	return strings.Trim(strings.TrimPrefix(strings.TrimSpace(line), "!"), "/")
}

// ignoreOnce sees to the module's .gitignore before a stack is stored for the first time.
func (s *Stack) ignoreOnce() {
	if s.State.Serial > 0 {
		return
	}
	added, err := Ignore(s.Config)
	switch {
	case err != nil:
		s.options.Note(fmt.Sprintf("the state and the keys of this module must not be committed, and its .gitignore could not be written: %v", err))
	case len(added) > 0:
		s.options.Note("added to .gitignore, so that it is not committed: " + strings.Join(added, " "))
	}
}

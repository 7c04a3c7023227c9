package lint

import (
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// repository is the git work tree that a module lies in, and what is ignored there: .git/info/exclude and the .gitignore
// files of the tree, as git reads them. What a user ignores on one machine alone (core.excludesFile) is not asked.
type repository struct {
	top   string              // "" = no work tree
	below string              // the module's directory, relative to top, with slashes; "." = top
	read  map[string][]string // directory relative to top → the lines of its .gitignore
}

// repositoryOf finds the work tree around a directory.
func repositoryOf(dir string) *repository {
	r := &repository{read: map[string][]string{}}
	if top, below, ok := WorkTree(dir); ok {
		r.top, r.below = top, below
	}
	return r
}

// WorkTree finds the top of the git work tree that a directory lies in, and the directory relative to it, with slashes. others are
// tops beside those that git knows. Links are followed.
func WorkTree(dir string, others ...string) (top, below string, ok bool) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", "", false
	}
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real
	}
	for top := dir; ; top = filepath.Dir(top) {
		if _, err := os.Lstat(filepath.Join(top, ".git")); err == nil || slices.Contains(others, top) {
			rel, err := filepath.Rel(top, dir)
			return top, filepath.ToSlash(rel), err == nil
		}
		if top == filepath.Dir(top) {
			return "", "", false
		}
	}
}

// commits reports whether git would take a file of the module into a commit: it lies in a work tree, and nothing
// ignores it.
func (r *repository) commits(name string) bool {
	p := path.Join(r.below, filepath.ToSlash(name))
	if r.top == "" || p == ".." || strings.HasPrefix(p, "../") {
		return false
	}
	parts := strings.Split(p, "/")
	for i := range parts {
		if r.ignores(strings.Join(parts[:i+1], "/"), i+1 < len(parts)) {
			return false
		}
	}
	return true
}

// ignores asks every ignore file from the top down; the last line that matches decides.
func (r *repository) ignores(p string, isDir bool) bool {
	ignored := match(r.lines(".git/info", "exclude"), p, isDir, false)
	dir := ""
	for _, part := range append([]string{""}, strings.Split(path.Dir(p), "/")...) {
		if dir = path.Join(dir, part); part == "." {
			break
		}
		rel := strings.TrimPrefix(strings.TrimPrefix(p, dir), "/")
		ignored = match(r.lines(dir, ".gitignore"), rel, isDir, ignored)
	}
	return ignored
}

// lines are those of an ignore file, none where it cannot be read.
func (r *repository) lines(dir, name string) []string {
	key := path.Join(dir, name)
	lines, known := r.read[key]
	if !known {
		lines = ignoreLines(filepath.Join(r.top, filepath.FromSlash(key)))
		r.read[key] = lines
	}
	return lines
}

// maxIgnoreFile bounds an ignore file, bytes.
const maxIgnoreFile = 1 << 20

// ignoreLines reads a plain file of a sensible size: a pipe in its place would wait for ever.
func ignoreLines(name string) []string {
	if info, err := os.Lstat(name); err != nil || !info.Mode().IsRegular() || info.Size() > maxIgnoreFile {
		return nil
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return nil
	}
	return strings.Split(string(text), "\n")
}

// match is whether a path, relative to the ignore file, is ignored once the file's lines were read; before says what
// was decided above it.
func match(lines []string, p string, isDir, before bool) bool {
	for _, line := range lines {
		line = strings.TrimSuffix(line, "\r")
		if !strings.HasSuffix(line, `\ `) {
			line = strings.TrimRight(line, " ")
		}
		if line == "" || line[0] == '#' {
			continue
		}
		pattern, taken := strings.CutPrefix(line, "!")
		pattern, onlyDirs := strings.CutSuffix(strings.TrimPrefix(pattern, `\`), "/")
		if onlyDirs && !isDir {
			continue
		}
		if rooted := strings.Contains(pattern, "/"); !rooted {
			pattern = "**/" + pattern
		}
		if ok, err := doublestar.Match(strings.TrimPrefix(pattern, "/"), p); err == nil && ok {
			before = !taken
		}
	}
	return before
}

package ops

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"kmsplan.dev/kmsplan/internal/durable"
	"kmsplan.dev/kmsplan/internal/kind"
)

// matches are what a pattern finds below a directory: regular files, and what it cannot take, each with the
// reason.
type matches struct {
	files []string
	bad   []mismatch
}

// mismatch is a name that a pattern matches, or below which matches may be, and that is not looked at.
type mismatch struct{ name, problem string }

// glob finds the regular files below root that match the pattern, sorted. It follows
// no symbolic link, leaves directories alone whose names begin with a dot unless the pattern
// names them, and looks only where a match can be. Names are bytes. No match is no error.
func glob(root *os.Root, pattern string) (matches, error) {
	pattern = slash(pattern)
	w := walk{root: root, pattern: pattern}
	if !kind.ValidGlob(pattern) || !inside(pattern) {
		return w.matches, fmt.Errorf("the pattern %s is malformed or leaves the module's directory", pattern)
	}
	w.directory(".")
	slices.Sort(w.files)
	slices.SortFunc(w.bad, func(a, b mismatch) int { return strings.Compare(a.name, b.name) })
	return w.matches, nil
}

func inside(p string) bool { return p != ".." && !strings.HasPrefix(p, "../") && !path.IsAbs(p) }

// walk is one search.
type walk struct {
	root    *os.Root
	pattern string
	matches
}

// directory looks through one directory. One that went away since it was listed is none.
func (w *walk) directory(name string) {
	entries, err := readDir(w.root, name)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err != nil {
		w.bad = append(w.bad, mismatch{name, "the directory " + shown(name) + " cannot be read: " + durable.Reason(err).Error()})
		return
	}
	for _, e := range entries {
		w.entry(path.Join(name, e.Name()), e)
	}
}

func readDir(root *os.Root, name string) ([]fs.DirEntry, error) {
	dir, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	return dir.ReadDir(-1)
}

func (w *walk) entry(name string, e fs.DirEntry) {
	matched := kind.MatchGlob(w.pattern, name)
	switch {
	case e.IsDir():
		if w.leads(name) {
			w.directory(name)
		}
	case durable.IsTemp(e.Name()):
	case e.Type().IsRegular():
		if matched {
			w.files = append(w.files, name)
		}
	case e.Type()&fs.ModeSymlink != 0:
		if info, err := w.root.Stat(name); matched || err == nil && info.IsDir() && w.leads(name) {
			w.bad = append(w.bad, mismatch{name, "the envelope " + shown(name) + " is a symbolic link, which is not followed; let the pattern match the file itself"})
		}
	case matched:
		w.bad = append(w.bad, mismatch{name, "the envelope " + shown(name) + " is not a regular file"})
	}
}

// leads reports whether a match can be below a directory.
func (w *walk) leads(dir string) bool {
	if strings.HasPrefix(path.Base(dir), ".") && !strings.HasPrefix(w.pattern, dir+"/") {
		return false
	}
	if strings.Contains(w.pattern, "{") {
		return true // an alternative may hold a slash
	}
	segments := strings.Split(w.pattern, "/")
	for i, name := range strings.Split(dir, "/") {
		switch {
		case i < len(segments) && segments[i] == "**":
			return true
		case i >= len(segments)-1 || !kind.MatchGlob(segments[i], name):
			return false
		}
	}
	return true
}

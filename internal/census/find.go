package census

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"kmsplan.dev/kmsplan/internal/durable"
	"kmsplan.dev/kmsplan/internal/ops"
	"kmsplan.dev/kmsplan/internal/state"
)

// Passed is a name that was not taken, with the reason.
type Passed struct {
	Path, Reason string
	Found        bool // it was only found, and is nothing that could be an encrypted file of its own: a link, a pipe
}

// Found is what a search found.
type Found struct {
	Entries []Entry  // Outside
	Passed  []Passed // links, what cannot be read, what is damaged
	Plain   int      // files of directories that are not encrypted
}

// Find reads the headers of files, and of all files below directories where that is asked for. Paths are as given, and those of
// entries relative to dir. No link is followed; a directory whose name begins with a dot is left alone unless it is named. A named
// file that is not encrypted is passed, with the reason; one that was only found is counted.
func Find(dir string, names []string, recursive bool) Found {
	s := search{dir: dir, seen: map[string]bool{}}
	for _, name := range names {
		s.named(name, recursive)
	}
	slices.SortFunc(s.Entries, func(a, b Entry) int { return compare(a.File, b.File) })
	return s.Found
}

type search struct {
	Found
	dir  string
	seen map[string]bool
}

func (s *search) named(name string, recursive bool) {
	info, err := os.Lstat(At(s.dir, name))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		s.pass(name, "it does not exist")
	case err != nil:
		s.pass(name, reason(err))
	case !info.IsDir():
		s.file(name, true)
	case !recursive:
		s.pass(name, "it is a directory; -r takes what is in it")
	default:
		s.directory(name)
	}
}

func (s *search) directory(name string) {
	entries, err := os.ReadDir(At(s.dir, name))
	if err != nil {
		s.pass(name, reason(err))
		return
	}
	for _, e := range entries {
		below := filepath.Join(name, e.Name())
		switch {
		case e.IsDir():
			if e.Name()[0] != '.' {
				s.directory(below)
			}
		case durable.IsTemp(e.Name()):
		case e.Type().IsRegular():
			s.file(below, false)
		case e.Type()&fs.ModeSymlink != 0:
			s.Passed = append(s.Passed, Passed{below, "it is a symbolic link, which is not followed; name the file itself", true})
		default:
			s.Passed = append(s.Passed, Passed{below, "it is no regular file", true})
		}
	}
}

func (s *search) file(name string, named bool) {
	path, err := relative(s.dir, name)
	if err != nil {
		s.pass(name, reason(err))
		return
	}
	if s.seen[path] {
		return
	}
	s.seen[path] = true
	head, entries, err := ops.Record(At(s.dir, path), path)
	switch {
	case errors.Is(err, ops.ErrPlain) && !named:
		s.Plain++
	case errors.Is(err, ops.ErrPlain):
		s.pass(name, ops.ErrPlain.Error())
	case err != nil:
		s.pass(name, err.Error())
	}
	for i, f := range entries {
		f.Address = state.ImportedAddress(path, i)
		e := Entry{File: f, Status: Outside}
		e.describe(head)
		s.Entries = append(s.Entries, e)
	}
}

func (s *search) pass(name, reason string) { s.Passed = append(s.Passed, Passed{name, reason, false}) }

// relative is a path as the census has it: from the module's directory, with slashes; absolute where there is no way from there.
func relative(dir, name string) (string, error) {
	base, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	abs, err := filepath.Abs(At(dir, name))
	if err != nil {
		return "", err
	}
	if rel, err := filepath.Rel(base, abs); err == nil {
		abs = rel
	}
	return filepath.ToSlash(abs), nil
}

// reason is an error of the system without the path that it repeats.
func reason(err error) string {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err.Error()
	}
	return err.Error()
}

// Below tells whether a path of the census is one of these names, or below one.
func Below(dir string, names []string) (func(path string) bool, error) {
	var wanted []string
	for _, name := range names {
		path, err := relative(dir, name)
		if err != nil {
			return nil, err
		}
		wanted = append(wanted, path)
	}
	return func(path string) bool {
		return slices.ContainsFunc(wanted, func(w string) bool {
			if w == "." {
				return path != ".." && !strings.HasPrefix(path, "../") && !filepath.IsAbs(path)
			}
			return path == w || strings.HasPrefix(path, strings.TrimSuffix(w, "/")+"/")
		})
	}, nil
}

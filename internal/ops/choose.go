package ops

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"kmsplan.dev/kmsplan/internal/durable"
)

// Suffix is what encrypting appends to a file's name and decrypting takes away.
const Suffix = ".enc"

// Choice says which files a command works on: those that are named, those that a pattern matches, and, with Recursive,
// those below a directory that is named.
type Choice struct {
	Path      func(name string) string // where a name as it was given lies
	Recursive bool
	Sealed    bool    // what is encrypted is sought, and what is not otherwise
	InPlace   bool    // the output has the file's own name; otherwise Suffix is added or taken away
	AnyName   bool    // nothing is written under another name, so that no name needs to end in Suffix
	Values    *Values // how values are sealed one by one; where what is encrypted is sought: documents alone
	// Owned says what of kmsplan's or git's own a name leads to, or ""; nil = nothing.
	Owned func(name string) string
}

// Chosen are the files of a choice.
type Chosen struct {
	Files  []string // as they were named, or below the names of their directories
	Passed []Passed // found on the way and not taken
	Errors []error  // what could not be looked into
}

// Passed is a file or directory that a walk came by and does not take.
type Passed struct {
	Name string
	Why  string // a noun: "a symbolic link", "no envelope"
	Done bool   // it is as the command would leave it
}

// Left names of why what is passed over.
const (
	whyLink     = "a symbolic link, which is not followed"
	whySpecial  = "not a regular file"
	whyIgnored  = "left out by " + IgnoreFile
	whyOpen     = "no envelope"
	whyNoSuffix = "its name does not end in " + Suffix + "; -in-place opens it where it is"
	whySuffix   = "its name ends in " + Suffix + ", and it is no envelope"
	whyWhole    = "an envelope, encrypted as a whole"
	whyFormat   = "its name says no format to seal values in"
)

// Choose finds the files. A name that exists is taken as it is, whatever characters it has; one that does not, and is
// a pattern, stands for what it matches. What was named itself is always taken: ignore files and forms are for what
// was only found.
func Choose(names []string, c Choice) Chosen {
	s := &choosing{Choice: c, seen: map[string]bool{}}
	for _, name := range names {
		s.name(name)
	}
	return s.Chosen
}

// choosing is a choice under way.
type choosing struct {
	Choice
	Chosen
	seen map[string]bool
}

func (s *choosing) name(name string) {
	info, err := os.Stat(s.Path(name))
	switch {
	case name == "-":
		s.Files = append(s.Files, name)
	case err == nil && info.IsDir() && s.Recursive:
		s.directory(name)
	case err == nil && info.IsDir():
		s.Errors = append(s.Errors, fmt.Errorf("%s is a directory; say -r for the files in it", shown(name)))
	case errors.Is(err, fs.ErrNotExist) && isPattern(name):
		if _, err := os.Lstat(s.Path(name)); err == nil {
			s.take(name)
			return
		}
		s.matching(name)
	default:
		s.take(name)
	}
}

// take takes a file once, by whichever way it was found.
func (s *choosing) take(name string) {
	if clean := filepath.Clean(name); !s.seen[clean] {
		s.seen[clean] = true
		s.Files = append(s.Files, name)
	}
}

func (s *choosing) pass(name, why string) {
	s.Passed = append(s.Passed, Passed{Name: name, Why: why})
}

// matching takes what a pattern matches. Its constant beginning may lie anywhere.
func (s *choosing) matching(pattern string) {
	base, rest := splitPattern(filepath.ToSlash(pattern))
	root, err := os.OpenRoot(s.Path(base))
	if err != nil {
		s.Errors = append(s.Errors, fmt.Errorf("nothing matches %s: %s: %w", shown(pattern), shown(base), durable.Reason(err)))
		return
	}
	defer root.Close()
	found, err := glob(root, rest)
	if err != nil {
		s.Errors = append(s.Errors, fmt.Errorf("the pattern %s is malformed", shown(pattern)))
		return
	}
	if len(found.files)+len(found.bad) == 0 {
		s.Errors = append(s.Errors, fmt.Errorf("nothing matches %s", shown(pattern)))
		return
	}
	t := s.tree(root, base)
	for _, bad := range found.bad {
		t.irregular(bad.name)
	}
	for _, name := range found.files {
		t.found(name)
	}
}

// splitPattern parts a pattern into the directory that it names outright and the rest.
func splitPattern(pattern string) (base, rest string) {
	segments := strings.Split(pattern, "/")
	i := slices.IndexFunc(segments, isPattern)
	base = strings.Join(segments[:i], "/")
	switch {
	case base == "" && i > 0:
		base = "/"
	case base == "":
		base = "."
	}
	return base, path.Join(segments[i:]...)
}

// directory takes what is below a directory.
func (s *choosing) directory(name string) {
	root, err := os.OpenRoot(s.Path(name))
	if err != nil {
		s.Errors = append(s.Errors, fmt.Errorf("the directory %s cannot be opened: %w", shown(name), durable.Reason(err)))
		return
	}
	defer root.Close()
	s.tree(root, filepath.ToSlash(name)).all()
}

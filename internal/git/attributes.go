package git

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"kmsplan.dev/kmsplan/internal/durable"
)

// attributesFile is where git reads attributes that are committed with the files.
const attributesFile = ".gitattributes"

// The lines that kmsplan keeps stand between these two.
const (
	beginLine = "# kmsplan git install: begin (what stands up to the end is rewritten by it)"
	endLine   = "# kmsplan git install: end"
)

// attributes is a .gitattributes file in three parts.
type attributes struct {
	before, after string
	patterns      []string // those of kmsplan's lines
	there         bool     // kmsplan's lines are
}

func parseAttributes(text string) (attributes, error) {
	begin := strings.Index(text, beginLine)
	if begin < 0 {
		if strings.Contains(text, endLine) {
			return attributes{}, errors.New("the line that begins kmsplan's part of .gitattributes is gone, and the one that ends it is there: take that one out too")
		}
		return attributes{before: text}, nil
	}
	inside, after, ok := strings.Cut(text[begin+len(beginLine):], endLine)
	if !ok || strings.Contains(after, beginLine) {
		return attributes{}, errors.New("kmsplan's part of .gitattributes has no end, or begins twice: take its lines out, and install again")
	}
	a := attributes{before: text[:begin], after: strings.TrimPrefix(strings.TrimPrefix(after, "\r"), "\n"), there: true}
	for _, line := range strings.Split(inside, "\n") {
		if p := patternOf(strings.TrimSpace(line)); p != "" {
			a.patterns = append(a.patterns, p)
		}
	}
	return a, nil
}

// patternOf reads the pattern of a line that lineOf wrote.
func patternOf(line string) string {
	if strings.HasPrefix(line, `"`) {
		if quoted, err := strconv.QuotedPrefix(line); err == nil {
			p, _ := strconv.Unquote(quoted)
			return p
		}
		return ""
	}
	p, _, _ := strings.Cut(line, " ")
	if strings.HasPrefix(p, "#") {
		return ""
	}
	return p
}

// lineOf is the line of a pattern. An envelope is no text whose line ends git may change.
func lineOf(pattern string) string {
	shown := pattern
	if strings.ContainsAny(pattern, " \t\"\\") || strings.HasPrefix(pattern, "#") {
		shown = strconv.Quote(pattern)
	}
	binary := ""
	if strings.HasSuffix(pattern, ".enc") {
		binary = "-text "
	}
	return shown + " " + binary + "diff=" + driver + " merge=" + driver
}

// String is the file again.
func (a attributes) String() string {
	if !a.there {
		return a.before + a.after
	}
	lines := []string{beginLine}
	for _, p := range a.patterns {
		lines = append(lines, lineOf(p))
	}
	before := a.before
	if before != "" && !strings.HasSuffix(before, "\n") {
		before += "\n"
	}
	return before + strings.Join(append(lines, endLine), "\n") + "\n" + a.after
}

// CheckPattern refuses what git does not take for a pattern of attributes.
func CheckPattern(p string) error {
	switch {
	case p == "":
		return errors.New("an empty pattern means no file")
	case strings.HasPrefix(p, "!"):
		return fmt.Errorf("%q: git knows no negative patterns of attributes", p)
	case strings.ContainsFunc(p, func(r rune) bool { return r < ' ' }):
		return fmt.Errorf("%q: a control character has no place in a pattern", p)
	}
	return nil
}

// readAttributes reads the file at the top of the work tree; none is an empty one.
func (r *Repository) readAttributes() (a attributes, perm fs.FileMode, err error) {
	name := filepath.Join(r.Top, attributesFile)
	info, err := os.Lstat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return attributes{}, 0o644, nil
	case err != nil:
		return attributes{}, 0, err
	case !info.Mode().IsRegular():
		return attributes{}, 0, fmt.Errorf("%s is no regular file, and git does not follow it: put a file there", name)
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return attributes{}, 0, err
	}
	a, err = parseAttributes(string(text))
	return a, info.Mode().Perm(), err
}

// writeAttributes writes the file if it changes by that.
func (r *Repository) writeAttributes(a attributes, perm fs.FileMode) (changed bool, err error) {
	name := filepath.Join(r.Top, attributesFile)
	old, err := os.ReadFile(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	text := a.String()
	switch {
	case text == string(old):
		return false, nil
	case text == "":
		return true, os.Remove(name)
	}
	return true, durable.WriteFile(name, []byte(text), perm)
}

// Patterns are those that kmsplan's lines of .gitattributes have.
func (r *Repository) Patterns() ([]string, error) {
	a, _, err := r.readAttributes()
	return a.patterns, err
}

// addPatterns adds what is not there yet, in order.
func (a *attributes) addPatterns(patterns []string) {
	a.there = true
	for _, p := range patterns {
		if !slices.Contains(a.patterns, p) {
			a.patterns = append(a.patterns, p)
		}
	}
}

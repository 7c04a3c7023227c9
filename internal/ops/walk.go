package ops

import (
	"cmp"
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

// tree is a walk below one directory that no step leaves. It follows no link.
type tree struct {
	*choosing
	root  *os.Root
	base  string // the directory as it was named
	rules map[string]ignoring
}

func (s *choosing) tree(root *os.Root, base string) *tree {
	return &tree{choosing: s, root: root, base: base, rules: map[string]ignoring{}}
}

// shownName is a name below the directory as its user would write it.
func (t *tree) shownName(name string) string { return path.Join(t.base, name) }

func (t *tree) all() { t.directory(".") }

func (t *tree) directory(name string) {
	rules, err := t.rulesIn(name)
	if err != nil {
		t.Errors = append(t.Errors, err)
		return
	}
	entries, err := readDir(t.root, name)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			t.Errors = append(t.Errors, fmt.Errorf("the directory %s cannot be read: %w", shown(t.shownName(name)), durable.Reason(err)))
		}
		return
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return cmp.Compare(a.Name(), b.Name()) })
	for _, e := range entries {
		t.entry(path.Join(name, e.Name()), e, rules)
	}
}

func (t *tree) entry(name string, e fs.DirEntry, rules ignoring) {
	switch {
	case durable.IsTemp(e.Name()), e.Name() == IgnoreFile:
	case rules.leavesOut(t.shownName(name), e.IsDir()):
		t.pass(t.shownName(name), whyIgnored)
	case e.IsDir():
		if what := t.owns(name); what != "" {
			t.pass(t.shownName(name), what)
			return
		}
		t.directory(name)
	case !e.Type().IsRegular():
		t.irregular(name)
	default:
		t.regular(name)
	}
}

// found is what a pattern matched.
func (t *tree) found(name string) {
	if path.Base(name) == IgnoreFile {
		return
	}
	out, err := t.leftOut(name, false)
	for dir := path.Dir(name); dir != "." && err == nil && !out; dir = path.Dir(dir) {
		out, err = t.leftOut(dir, true)
	}
	switch {
	case err != nil:
		t.Errors = append(t.Errors, err)
	case out:
		t.pass(t.shownName(name), whyIgnored)
	default:
		t.regular(name)
	}
}

// leftOut reports whether the rules of its directory leave a name out.
func (t *tree) leftOut(name string, dir bool) (bool, error) {
	rules, err := t.rulesIn(path.Dir(name))
	return err == nil && rules.leavesOut(t.shownName(name), dir), err
}

// rulesIn are the rules that hold in a directory of the tree, each read once.
func (t *tree) rulesIn(dir string) (ignoring, error) {
	if rules, known := t.rules[dir]; known {
		return rules, nil
	}
	above, err := t.rulesAbove(dir)
	if err == nil {
		above, err = above.with(t.root, dir, t.shownName(dir))
	}
	if err == nil {
		t.rules[dir] = above
	}
	return above, err
}

// rulesAbove are those of the directories above one: in the tree and, above it, from the working directory on.
func (t *tree) rulesAbove(dir string) (rules ignoring, err error) {
	if dir != "." {
		return t.rulesIn(path.Dir(dir))
	}
	base := path.Clean(t.base)
	if base == "." || !filepath.IsLocal(base) {
		return nil, nil
	}
	root, err := os.OpenRoot(t.Path("."))
	if err != nil {
		return nil, err
	}
	defer root.Close()
	above := "."
	for _, part := range strings.Split(base, "/") {
		if rules, err = rules.with(root, above, above); err != nil {
			return nil, err
		}
		above = path.Join(above, part)
	}
	return rules, nil
}

func (t *tree) irregular(name string) {
	if info, err := t.root.Lstat(name); err == nil && info.Mode()&fs.ModeSymlink == 0 {
		t.pass(t.shownName(name), whySpecial)
		return
	}
	t.pass(t.shownName(name), whyLink)
}

func (t *tree) owns(name string) string {
	if t.Owned == nil {
		return ""
	}
	return t.Owned(t.shownName(name))
}

// regular takes a file that was found, if it is of the kind that is sought. One that cannot be looked at is taken:
// whoever works on it says why.
func (t *tree) regular(name string) {
	full := t.shownName(name)
	if what := t.owns(name); what != "" {
		t.pass(full, what)
		return
	}
	form, err := formOf(place{root: t.root, name: name, shown: full})
	why, done := "", false
	switch {
	case err != nil:
	case t.Sealed:
		why = t.whyNotSealed(name, form)
	case form != "" || t.suffixed(name):
		if why, done = t.whyNotOpen(name, form); why == "" {
			return
		}
	case t.Values != nil && t.Values.Format == "":
		why = t.whyNoFormat(name)
	}
	switch {
	case why == "":
		t.take(full)
	case !t.seen[filepath.Clean(full)]:
		t.Passed = append(t.Passed, Passed{full, why, done})
	}
}

func (t *tree) suffixed(name string) bool { return !t.InPlace && strings.HasSuffix(name, Suffix) }

// whyNotSealed is why a file is not one to open; "" = it is.
func (t *tree) whyNotSealed(name, form string) string {
	suffix := strings.HasSuffix(name, Suffix)
	switch {
	case opens(form) && t.Values != nil && form != formDocument:
		return whyWhole
	case opens(form) && (suffix || t.InPlace || t.AnyName):
		return ""
	case opens(form):
		return whyNoSuffix
	case form != "":
		return form
	case suffix && !t.InPlace:
		return "" // it should be an envelope: whoever opens it says what it is
	}
	return whyOpen
}

// whyNotOpen is why a file that is encrypted, or is named so, is not encrypted; "" = it is the output of a file beside it.
func (t *tree) whyNotOpen(name, form string) (why string, done bool) {
	switch {
	case form == "":
		return whySuffix, false
	case t.suffixed(name) && opens(form):
		if info, err := t.root.Lstat(strings.TrimSuffix(name, Suffix)); err == nil && info.Mode().IsRegular() {
			return "", false
		}
	}
	return form + " already", t.InPlace && (form == formEnvelope && t.Values == nil || form == formDocument && t.Values != nil)
}

// whyNoFormat is why a file's values cannot be sealed one by one; "" = they can.
func (t *tree) whyNoFormat(name string) string {
	if _, err := t.Values.format(name, []byte("{}")); err != nil {
		return whyFormat
	}
	return ""
}

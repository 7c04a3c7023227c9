package stack

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	hclv2 "github.com/hashicorp/hcl/v2"

	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/safety"
)

// inside resolves a path that the configuration names and kmsplan writes to. It lies inside the module, or in a
// directory that a flag named, and no link leads to it: a module that somebody else wrote must not choose what is
// written on this machine.
func (o Options) inside(dir, name, whose string) (string, error) {
	full := name
	if !filepath.IsAbs(full) {
		full = filepath.Join(dir, full)
	}
	for _, root := range append([]string{dir}, o.Outside...) {
		rel, err := filepath.Rel(root, full)
		if err != nil || !filepath.IsLocal(rel) && !safety.Off(safety.InsideModule) {
			continue
		}
		if what := taken(dir, root, rel); what != "" {
			return "", fmt.Errorf("%s %s cannot be used: it is %s; name another place", whose, name, what)
		}
		if link := linkBelow(root, rel); link != "" && !safety.Off(safety.NoLinks) {
			return "", fmt.Errorf("%s %s cannot be used: %s is a symbolic link; name the place itself", whose, name, link)
		}
		return full, nil
	}
	return "", hint(fmt.Errorf("%s %s lies outside the module", whose, name),
		"A configuration says what is written inside its own directory only. If this place is meant, allow it with -outside=DIR.")
}

// taken says what else of the module a place is, or "".
func taken(dir, root, rel string) string {
	if root != dir {
		return ""
	}
	if rel == "." {
		return "the module itself"
	}
	if what := hcl.NewOwned(dir, "", nil, nil).Named(filepath.ToSlash(rel)); what != hcl.OwnedWork {
		return what
	}
	return ""
}

// Misplaced are the paths of a module that kmsplan would write to and may not. Nothing is opened.
func Misplaced(cfg *hcl.Config, o Options) hclv2.Diagnostics {
	var diags hclv2.Diagnostics
	check := func(name, whose string, at *hclv2.Range) {
		if _, err := o.inside(cfg.Dir, name, whose); err != nil {
			diags = diags.Append(&hclv2.Diagnostic{
				Severity: hclv2.DiagError, Summary: "Place not allowed", Detail: upperFirst(err.Error()) + ".", Subject: at,
			})
		}
	}
	check(statePath(cfg), theState, nil)
	for _, g := range cfg.Gateways {
		if at, written := g.Ranges["emulator.path"]; written && g.Emulator != nil && g.Emulator.Path != "" {
			check(g.Emulator.Path, theEmulator, at.Ptr())
		}
	}
	return diags
}

// Whose a path is.
const (
	theState    = "the state's path"
	theEmulator = "the emulator's path"
)

// linkBelow is the first symbolic link on the way from root to a path below it, or "".
func linkBelow(root, rel string) string {
	name := root
	for _, part := range strings.Split(rel, string(filepath.Separator)) {
		name = filepath.Join(name, part)
		if info, err := os.Lstat(name); err == nil && info.Mode()&fs.ModeSymlink != 0 {
			return name
		}
	}
	return ""
}

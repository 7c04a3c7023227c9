package stack

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// inside resolves a path that the configuration names and kmsplan writes to. It lies inside the module, or in a
// directory that a flag named, and no link leads to it: a module that somebody else wrote must not choose what is
// written on this machine.
func (o Options) inside(dir, name, what string) (string, error) {
	full := name
	if !filepath.IsAbs(full) {
		full = filepath.Join(dir, full)
	}
	for _, root := range append([]string{dir}, o.Outside...) {
		rel, err := filepath.Rel(root, full)
		if err != nil || !filepath.IsLocal(rel) {
			continue
		}
		if link := linkBelow(root, rel); link != "" {
			return "", fmt.Errorf("%s %s cannot be used: %s is a symbolic link; name the place itself", what, name, link)
		}
		return full, nil
	}
	return "", hint(fmt.Errorf("%s %s lies outside the module", what, name),
		"A configuration says what is written inside its own directory only. If this place is meant, allow it with -outside=DIR.")
}

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

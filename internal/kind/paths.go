package kind

import (
	"path"
	"strings"

	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/pattern"
)

// checkPath refuses paths that could leave the module's directory. Paths are written
// with slashes on every system.
func checkPath(v cty.Value) error {
	p := v.AsString()
	switch {
	case p == "":
		return sentence("The path is empty. Name a file below the module's directory.")
	case strings.ContainsAny(p, "\x00\n"):
		return sentence("The path %q holds a character no file name should have.", p)
	case strings.Contains(p, `\`):
		return sentence("The path %q is written with backslashes. Write slashes on every system.", p)
	case path.IsAbs(p), len(p) > 1 && p[1] == ':':
		return sentence("The path %q is absolute. Files of a module stay inside its directory: write a path relative to it.", p)
	case leaves(p):
		return sentence("The path %q leads out of the module. Files of a module stay inside its directory.", p)
	}
	return nil
}

func leaves(p string) bool {
	c := path.Clean(p)
	return c == ".." || strings.HasPrefix(c, "../")
}

func checkFile(v cty.Value) error {
	if err := checkPath(v); err != nil {
		return err
	}
	if p := v.AsString(); path.Clean(p) == "." || strings.HasSuffix(p, "/") {
		return sentence("%q names a directory, and a file is needed.", p)
	}
	return nil
}

var modePattern = pattern.New(`^0?[0-7]{3}$`)

// checkMode wants a plaintext's mode: the owner may read it, others nothing.
func checkMode(v cty.Value) error {
	m := v.AsString()
	if !modePattern.MatchString(m) {
		return sentence(`%q is no file mode. Write it in octal, such as "0600" or "0640".`, m)
	}
	owner, others := m[len(m)-3], m[len(m)-1]
	if others != '0' {
		return sentence(`The mode %q lets every user of the machine at the plaintext. Write "0600", or "0640" to share it with a group.`, m)
	}
	if (owner-'0')&4 == 0 {
		return sentence(`With the mode %q not even its owner could read the file. Write "0600".`, m)
	}
	return nil
}

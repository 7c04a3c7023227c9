package git

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
)

// driver names kmsplan's drivers in attributes and configuration.
const driver = "kmsplan"

// DefaultPattern is that of the files that encrypt writes.
const DefaultPattern = "*.enc"

// Setup is what is set up in a repository.
type Setup struct {
	Program  string   // as the shell that git starts finds it
	Module   string   // the module's directory, from the top of the work tree, with slashes
	Patterns []string // of files, as in .gitattributes
}

// setting is one line of the repository's configuration.
type setting struct{ key, value string }

// settings are those of the repository. git never keeps what textconv prints: that would be plaintext among its
// objects. Where two merge bases are merged for a third merge, the common ancestor stands for what conflicts.
func (s Setup) settings() []setting {
	command := quote(s.Program) + " git %s"
	if s.Module != "." && s.Module != "" {
		command += " -module " + quote(s.Module)
	}
	return []setting{
		{"diff." + driver + ".textconv", fmt.Sprintf(command, "textconv")},
		{"diff." + driver + ".cachetextconv", "false"},
		{"merge." + driver + ".name", "merge of files that kmsplan encrypted"},
		{"merge." + driver + ".driver", fmt.Sprintf(command, "merge") + " %O %A %B %P"},
		{"merge." + driver + ".recursive", "binary"},
	}
}

// Install sets the repository up, and tells whether anything was to do. Patterns that were installed before stay.
func (r *Repository) Install(ctx context.Context, s Setup) (changed bool, err error) {
	a, perm, err := r.readAttributes()
	if err != nil {
		return false, err
	}
	for _, set := range s.settings() {
		if values, err := r.values(ctx, "--local", set.key); err != nil {
			return changed, err
		} else if len(values) == 1 && values[0] == set.value {
			continue
		}
		if _, err := r.Run(ctx, nil, "config", "--local", "--replace-all", set.key, set.value); err != nil {
			return changed, err
		}
		changed = true
	}
	a.addPatterns(s.Patterns)
	wrote, err := r.writeAttributes(a, perm)
	return changed || wrote, err
}

// Uninstall takes away what Install set up, and tells whether anything was there.
func (r *Repository) Uninstall(ctx context.Context) (changed bool, err error) {
	a, perm, err := r.readAttributes()
	if err != nil {
		return false, err
	}
	for _, section := range []string{"diff." + driver, "merge." + driver} {
		found, err := r.Run(ctx, nil, "config", "--local", "--get-regexp", "^"+section+`\.`)
		if code(err) == 1 {
			continue // none
		}
		if err != nil {
			return changed, err
		}
		if len(found) == 0 {
			continue
		}
		if _, err := r.Run(ctx, nil, "config", "--local", "--remove-section", section); err != nil {
			return changed, err
		}
		changed = true
	}
	a.there, a.patterns = false, nil
	wrote, err := r.writeAttributes(a, perm)
	return changed || wrote, err
}

// values are those that a key of git's configuration has, the one that holds last. scope is --local, or --includes for all there is.
func (r *Repository) values(ctx context.Context, scope, key string) ([]string, error) {
	out, err := r.Run(ctx, nil, "config", scope, "-z", "--get-all", key)
	if code(err) == 1 {
		return nil, nil
	}
	if err != nil || len(out) == 0 {
		return nil, err
	}
	return strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00"), nil
}

// Check is one thing that status looks at.
type Check struct {
	Check  string
	OK     bool
	Detail string
}

// Status compares the repository with what Install would set up.
func (r *Repository) Status(ctx context.Context, s Setup) ([]Check, error) {
	var all []Check
	a, _, err := r.readAttributes()
	switch {
	case err != nil:
		all = append(all, Check{"attributes", false, err.Error()})
	case !a.there:
		all = append(all, Check{"attributes", false, ".gitattributes names no files: kmsplan git install writes it"})
	default:
		all = append(all, Check{"attributes", true, filepath.Join(r.Top, attributesFile) + " names " + strings.Join(a.patterns, ", ")})
	}
	for _, set := range s.settings() {
		values, err := r.values(ctx, "--includes", set.key)
		if err != nil {
			return nil, err
		}
		all = append(all, set.check(values))
	}
	return all, nil
}

func (s setting) check(values []string) Check {
	switch {
	case len(values) == 0:
		return Check{s.key, false, "is not set: kmsplan git install sets it"}
	case values[len(values)-1] != s.value:
		return Check{s.key, false, fmt.Sprintf("is %q and not %q: kmsplan git install sets it for this repository; what still overrides it, git config --show-origin %s shows", values[len(values)-1], s.value, s.key)}
	}
	return Check{s.key, true, s.value}
}

// quote writes a word for a shell.
func quote(word string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:+@,", r)
	}
	if word != "" && strings.IndexFunc(word, func(r rune) bool { return !plain(r) }) < 0 {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

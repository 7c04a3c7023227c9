package hcl

import (
	"cmp"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Owned knows which files of a module are kmsplan's or git's own: nothing that a data block writes may land
// there. Loading asks it about every path that is known by then, and package ops again at the moment of
// writing. It is safe for concurrent use.
type Owned struct {
	dir    string
	states []place // the state file, and what it is a link to; their companions, and the states of other workspaces, begin with their names
	trees  []place // directories
	files  []place
	all    []place // of the three

	once  sync.Once // for known
	known []ownedFile
	seen  *directories
}

// place is one file or directory that is owned.
type place struct {
	path   string // relative to the module
	folded string
	what   string
}

const (
	ownState    = "this stack's state, or a file beside it"
	ownWork     = "kmsplan's own working files"
	ownEmulator = "the emulator's keys and data"
	ownConfig   = "a configuration file"
	ownVars     = "a variable file"
	ownGit      = "git's own files"
	ownPlan     = "a saved plan"

	ownStrangeState    = "a stack's state, or a file beside it"
	ownStrangeJournal  = "a stack's journal"
	ownStrangeEmulator = "among an emulator's keys and data"
)

// What Named and Reaches say where a caller may see it otherwise.
const (
	OwnedWork   = ownWork
	OwnedConfig = ownConfig
	OwnedVars   = ownVars
	OwnedPlan   = ownPlan

	OwnedStrangeEmulator = ownStrangeEmulator
)

// NewOwned is what is owned below dir: state is the path of the state file and emulators are those of the
// emulators' data, relative to dir or absolute.
func NewOwned(dir, state string, emulators, variableFiles []string) *Owned {
	o := &Owned{dir: cmp.Or(dir, "."), seen: newDirectories()}
	o.states = o.places(ownState, state)
	if target, err := filepath.EvalSymlinks(o.at(state)); err == nil {
		o.states = append(o.states, o.places(ownState, target)...)
	}
	o.trees = append(o.places(ownEmulator, emulators...), place{".git", ".git", ownGit}, place{".kmsplan", ".kmsplan", ownWork})
	for _, s := range o.states {
		o.trees = append(o.trees, place{s.path + ".d", s.folded + ".d", ownState})
	}
	o.files = o.places(ownVars, variableFiles...)
	o.all = slices.Concat(o.states, o.files, o.trees)
	return o
}

// at is where a path of the module lies.
func (o *Owned) at(p string) string {
	if filepath.IsAbs(p) {
		return p
	}
	return filepath.Join(o.dir, filepath.FromSlash(p))
}

// places are those of the paths that lie inside the module.
func (o *Owned) places(what string, paths ...string) []place {
	var list []place
	base, err := filepath.Abs(o.dir)
	if err != nil {
		return nil
	}
	if real, err := filepath.EvalSymlinks(base); err == nil {
		base = real
	}
	for _, p := range paths {
		if filepath.IsAbs(p) {
			if p, err = filepath.Rel(base, p); err != nil {
				continue
			}
		}
		p = path.Clean(filepath.ToSlash(p))
		if p != "." && !leavesModule(p) {
			list = append(list, place{p, fold(p), what})
		}
	}
	return list
}

func leavesModule(p string) bool { return p == ".." || strings.HasPrefix(p, "../") }

// Owned is what this module must not be made to write over.
func (c *Config) Owned() *Owned { return c.module.owned }

func (t *tree) setOwned(c *Config) {
	state := c.Settings.Backend["path"]
	if state == "" {
		state = DefaultState
	}
	var emulators, files []string
	for _, g := range c.Gateways {
		if g.Emulator != nil {
			emulators = append(emulators, g.Emulator.Path)
		}
	}
	for _, v := range t.in.Vars {
		if v.File != "" {
			files = append(files, t.fromWorkDir(v.File))
		}
	}
	t.owned = NewOwned(t.in.Dir, state, emulators, files)
}

// DefaultState is where a stack's state lies when no backend says otherwise, relative to the module.
const DefaultState = "kmsplan.state.json"

// Named says what a slash-separated path of the module names that is owned, by its spelling alone, or "".
// Case, Unicode form and what Windows leaves out do not hide a name.
func (o *Owned) Named(name string) string {
	p := fold(name)
	for _, part := range strings.Split(p, "/") {
		if what := ownedPart(part); what != "" {
			return what
		}
	}
	for _, s := range o.states {
		if strings.HasPrefix(p, s.folded+".") || strings.HasPrefix(p, s.folded+"@") { // another workspace's
			return s.what
		}
	}
	for _, owned := range o.all {
		if within(p, owned.folded) || within(owned.folded, p) {
			return owned.what
		}
	}
	return ""
}

// Pattern is Named for a glob: what it can reach only by going where nothing may be written. Owned files
// that a wider glob matches are passed over when it is walked.
func (o *Owned) Pattern(glob string) string {
	parts := strings.Split(path.Clean(glob), "/")
	plain := slices.IndexFunc(parts, func(part string) bool { return strings.ContainsAny(part, `*?[\`) })
	if plain < 0 {
		return o.Named(glob)
	}
	for _, part := range parts {
		if what := ownedPart(fold(part)); what != "" {
			return what
		}
	}
	below := fold(path.Join(parts[:plain]...))
	for _, t := range o.trees {
		if plain > 0 && within(below, t.folded) {
			return t.what
		}
	}
	return ""
}

// ownedPart says what one folded part of a path is by its name, wherever it stands.
func ownedPart(part string) string {
	switch {
	case part == ".git" || part == "git~1" || part == ".gitignore" || part == ".gitattributes" || part == ".gitmodules":
		return ownGit
	case part == ".kmsplan" || part == "kmspla~1" || strings.HasPrefix(part, ".kmsplan-"):
		return ownWork
	case isModuleFile(part):
		return ownConfig
	case strings.HasSuffix(part, ".kmsvars.hcl") || strings.HasSuffix(part, ".kmsvars.json"):
		return ownVars
	}
	return ""
}

// within reports whether the path is the place or lies below it.
func within(p, place string) bool {
	return p == place || strings.HasPrefix(p, place+"/")
}

// fold brings all spellings that a file system may take for one into one form: clean, composed, in lower
// case, without the characters that HFS+ ignores and without what Windows cuts off a name's end.
func fold(p string) string {
	p = norm.NFKC.String(cases.Fold().String(strings.Map(func(r rune) rune {
		switch {
		case unicode.Is(unicode.Cf, r):
			return -1
		case r == '\\':
			return '/'
		}
		return r
	}, p)))
	parts := strings.Split(path.Clean(p), "/")
	for i, part := range parts {
		if part == "." || part == ".." {
			continue
		}
		part, _, _ = strings.Cut(part, ":") // .git::$INDEX_ALLOCATION
		parts[i] = strings.TrimRight(part, ". ")
	}
	return path.Clean(strings.Join(parts, "/"))
}

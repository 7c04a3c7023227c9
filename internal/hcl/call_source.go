package hcl

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	hclv2 "github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/kind"
)

// calledSource is a directory that is called as a module: its files are read and parsed once, however many
// instances it has.
type calledSource struct {
	dir     string   // relative to the root's, slash-separated
	files   []source // parsed
	size    int64    // of their texts, in bytes
	pattern *module  // as its files have it, in no place: which variables, outputs and modules there are
	protect bool     // it declares something that vanishing would be refused for
}

// sourceReader reads what modules call.
type sourceReader struct {
	t *tree
	d *decoder // of the root: where its settings are
	// chain are the directories that lead here, links followed, and the calls between them.
	chain []link
	diags hclv2.Diagnostics
}

type link struct {
	real string
	call *call // nil for the root
}

// readSources reads the directories that a module calls, and those that they call.
func (r *sourceReader) readSources(m *module) {
	for _, c := range m.callOrder {
		r.readSource(c)
	}
}

func (r *sourceReader) readSource(c *call) {
	if c.dir == "" {
		return
	}
	real, problem := r.t.realDir(c.dir)
	if problem != "" {
		r.diags = append(r.diags, fault(c.at, "Unreadable module", "The module's directory %s %s. A module's source is a directory, relative to the one that calls it.", c.dir, problem))
		return
	}
	r.chain = append(r.chain, link{real, c})
	defer func() { r.chain = r.chain[:len(r.chain)-1] }()
	if i := slices.IndexFunc(r.chain, func(l link) bool { return l.real == real }); i < len(r.chain)-1 {
		r.diags = append(r.diags, fault(c.at, "Module includes itself", "A module cannot be a part of itself, however far down: %s. Break the circle at one of these calls.", r.circle(i)))
		return
	}
	src, known := r.t.sources[c.dir]
	if !known {
		src = r.parse(c)
		r.t.sources[c.dir] = src
		r.readSources(src.pattern)
	}
	c.source = src
	r.checkArguments(c)
}

// circle is the way from a directory back to it.
func (r *sourceReader) circle(from int) string {
	var way []string
	for _, l := range r.chain[from+1:] {
		way = append(way, fmt.Sprintf("module.%s (%s)", l.call.label, l.call.dir))
	}
	return strings.Join(append([]string{r.shownDir(from)}, way...), " → ")
}

func (r *sourceReader) shownDir(i int) string {
	if c := r.chain[i].call; c != nil {
		return c.dir
	}
	return "the root module"
}

// realDir is where a directory of the configuration is, links followed, or what is wrong with it.
func (t *tree) realDir(dir string) (real, problem string) {
	at := filepath.Join(t.in.Dir, filepath.FromSlash(dir))
	info, err := os.Stat(at)
	switch {
	case err != nil:
		return "", "cannot be read: " + reason(err)
	case !info.IsDir():
		return "", "is no directory"
	}
	if real, err = filepath.EvalSymlinks(at); err == nil {
		real, err = filepath.Abs(real)
	}
	if err != nil {
		return "", "cannot be read: " + reason(err)
	}
	return real, ""
}

// parse reads the files of a called directory and reports what is wrong with them, once for all its instances.
func (r *sourceReader) parse(c *call) *calledSource {
	src := &calledSource{dir: c.dir}
	for _, f := range r.readDir(c) {
		src.size += int64(len(f.text))
		if f.file != nil {
			src.files = append(src.files, f)
		}
	}
	r.t.library.dirs = append(r.t.library.dirs, c.dir)
	src.pattern = r.t.newModule("", c.dir)
	d := &decoder{config: r.d.config, m: src.pattern, called: true, pattern: true}
	d.files(src.files)
	r.diags = append(r.diags, d.diags...)
	for _, b := range src.pattern.blockOrder {
		src.protect = src.protect || b.kind.Protected
	}
	return src
}

// readDir reads the files of a called directory.
func (r *sourceReader) readDir(c *call) []source {
	at := filepath.Join(r.t.in.Dir, filepath.FromSlash(c.dir))
	names, err := moduleFiles(at)
	switch {
	case err != nil:
		r.diags = append(r.diags, fault(c.at, "Unreadable module", "The module's directory %s cannot be read: %s.", c.dir, reason(err)))
	case len(names) == 0:
		r.diags = append(r.diags, fault(c.at, "Empty module", "There are no *.kms.hcl files in %s. Correct the source, or put the module's blocks there.", c.dir))
	}
	files, diags := readSources(at, c.dir, names)
	r.diags = append(r.diags, diags...)
	return files
}

// checkArguments holds what a call gives against the variables that the module has.
func (r *sourceReader) checkArguments(c *call) {
	variables := c.source.pattern.variables
	for _, name := range slices.Sorted(maps.Keys(c.args)) {
		if variables[name] == nil {
			known := slices.Sorted(maps.Keys(variables))
			for _, a := range kind.Module.Attributes {
				if a.Refused == "" {
					known = append(known, a.Name)
				}
			}
			r.diags = append(r.diags, fault(c.args[name].rng, "Unsupported argument", "The module %s has no variable %q.%s Declare it there, or remove the argument.", c.dir, name, didYouMean(name, known)))
			c.args[name].broken = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(variables)) {
		if c.args[name] == nil && variables[name].def == cty.NilVal {
			r.diags = append(r.diags, fault(c.rng, "Missing required argument", "The module %s has a variable %q without a default (%s:%d), so its call gives it a value: %s = …",
				c.dir, name, variables[name].rng.Filename, variables[name].rng.Start.Line, name))
		}
	}
}

// readCalled reads what the root module calls.
func (t *tree) readCalled(d *decoder) hclv2.Diagnostics {
	r := &sourceReader{t: t, d: d}
	if real, problem := t.realDir("."); problem == "" {
		r.chain = []link{{real: real}}
	}
	r.readSources(d.m)
	return r.diags
}

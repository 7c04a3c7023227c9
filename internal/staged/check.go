package staged

import (
	"bytes"
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	hclv2 "github.com/hashicorp/hcl/v2"

	"kmsplan.dev/kmsplan/internal/document"
	"kmsplan.dev/kmsplan/internal/git"
	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/kind"
	"kmsplan.dev/kmsplan/internal/lint"
	"kmsplan.dev/kmsplan/internal/ops"
)

// Input is what is held against each other.
type Input struct {
	Repository *git.Repository
	Config     *hcl.Config
	Module     string // the module's directory, from the top of the repository, with slashes; "." = there
}

// Check looks at every file in the index. Findings name files from the module's directory.
func Check(ctx context.Context, in Input) (lint.Report, error) {
	r := lint.Report{Rules: Rules(), Looked: lint.Looked{Index: true}}
	entries, err := in.Repository.Index(ctx)
	if err != nil {
		return r, err
	}
	documents, err := in.Repository.Holding(ctx, document.Signature, true)
	if err != nil {
		return r, err
	}
	c := check{in: in, report: &r, demands: in.demands(), documents: map[string]bool{}}
	for _, name := range documents {
		c.documents[name] = true
	}
	var looked []git.Entry
	for _, e := range entries {
		if !e.Regular() || e.Stage != 0 {
			continue // what is not merged yet cannot be committed
		}
		r.Looked.Files++
		if c.documents[e.Path] || c.demandOn(e.Path) != nil {
			looked = append(looked, e)
		}
	}
	err = in.Repository.Read(ctx, looked, document.MaxSealed+1, c.look)
	return r, err
}

// demand is what is asked of files.
type demand struct {
	matches  func(name string) bool
	why      string // that it is asked, for a message
	rule     *lint.Rule
	document bool // an envelope is not enough
}

type check struct {
	in        Input
	report    *lint.Report
	demands   []demand
	documents map[string]bool // files that hold the mark of one
}

// demands are those of the configuration, the strictest first.
func (in Input) demands() []demand {
	var all []demand
	plain, encrypted := lint.Plaintexts(in.Config)
	for _, p := range plain {
		all = append(all, demand{in.named(p.Path), fmt.Sprintf("%s keeps it encrypted elsewhere", p.Block), source, false})
	}
	if rules := in.Config.Settings.Files; rules != nil {
		except := in.any(rules.Except)
		but := func(matches func(string) bool) func(string) bool {
			return func(name string) bool { return matches(name) && !except(name) }
		}
		for _, p := range rules.Values {
			all = append(all, demand{but(in.pattern(p)), fmt.Sprintf("%q of kmsplan { files { values } } means it", p), unsealed, true})
		}
		for _, p := range rules.Encrypted {
			all = append(all, demand{but(in.pattern(p)), fmt.Sprintf("%q of kmsplan { files { encrypted } } means it", p), plaintext, false})
		}
	}
	for _, p := range encrypted {
		all = append(all, demand{in.named(p.Path), fmt.Sprintf("%s takes it for encrypted", p.Block), plaintext, false})
	}
	return all
}

// named matches one file, as a data block names it.
func (in Input) named(file string) func(string) bool {
	want := path.Join(in.Module, file)
	return func(name string) bool { return name == want }
}

// pattern matches from the module's directory, or with a slash before it from the top.
func (in Input) pattern(p string) func(string) bool {
	if top, ok := strings.CutPrefix(p, "/"); ok {
		return func(name string) bool { return kind.MatchGlob(top, name) }
	}
	return func(name string) bool {
		if in.Module == "." {
			return kind.MatchGlob(p, name)
		}
		below, ok := strings.CutPrefix(name, in.Module+"/")
		return ok && kind.MatchGlob(p, below)
	}
}

func (in Input) any(patterns []string) func(string) bool {
	var all []func(string) bool
	for _, p := range patterns {
		all = append(all, in.pattern(p))
	}
	return func(name string) bool {
		return slices.ContainsFunc(all, func(matches func(string) bool) bool { return matches(name) })
	}
}

// demandOn is the first demand on a file, or nil.
func (c *check) demandOn(name string) *demand {
	for i := range c.demands {
		if c.demands[i].matches(name) {
			return &c.demands[i]
		}
	}
	return nil
}

// look judges the content of one file.
func (c *check) look(e git.Entry, content []byte, _ bool) error {
	d := c.demandOn(e.Path)
	if _, err := document.ByFile(e.Path, nil); document.Is(content) && (err == nil || d != nil) { // else a text about documents
		c.document(e, content)
		return nil
	}
	if d == nil || len(bytes.TrimSpace(content)) == 0 {
		return nil // an empty file keeps no secret
	}
	switch {
	case !ops.IsSealed(content):
		c.find(d.rule, e, 1, 1, "%s is not encrypted, and %s.", e.Path, d.why)
	case d.document:
		c.find(d.rule, e, 1, 1, "%s is an envelope and no document, and %s.", e.Path, d.why)
	}
	return nil
}

func (c *check) document(e git.Entry, content []byte) {
	values, err := document.Readable(content)
	if err != nil {
		c.find(broken, e, 1, 1, "%s: %v.", e.Path, err)
		return
	}
	for _, v := range values {
		c.find(loose, e, v.Line, v.Column, "%s has a readable value at %s.", e.Path, v.Path)
	}
}

func (c *check) find(rule *lint.Rule, e git.Entry, line, column int, format string, args ...any) {
	at := hclv2.Pos{Line: line, Column: column}
	c.report.Findings = append(c.report.Findings, lint.Finding{
		Rule: rule, Message: fmt.Sprintf(format, args...), Range: hclv2.Range{Filename: c.in.fromModule(e.Path), Start: at, End: at},
	})
}

// fromModule is a path of the repository as seen from the module's directory.
func (in Input) fromModule(name string) string {
	if in.Module == "." {
		return name
	}
	if below, ok := strings.CutPrefix(name, in.Module+"/"); ok {
		return below
	}
	return strings.Repeat("../", strings.Count(in.Module, "/")+1) + name
}

package lint

import (
	"bytes"
	"maps"
	"slices"
	"strings"

	hclv2 "github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/pattern"
)

// ignore is a comment that answers for findings:
//
//	# kmsplan:ignore KP012 the three shards are told apart by number everywhere
//
// It answers for the line it stands on, or for the next line where it stands alone; where a block or an argument begins
// there, for all of it. In JSON it is the text of a "//" property and answers for the object that holds it.
type ignore struct {
	at       hclv2.Range // of the comment
	from, to int         // the bytes of the file that it answers for
	names    []string    // ids or names of rules, as written
	rules    []*Rule
	reason   string
	used     map[string]bool // by rule id: it answered for a finding
}

// ignoreComment takes a comment apart: what stands before the word, the rules, the reason.
var ignoreComment = pattern.New(`^\s*(?:#|//|/\*)*\s*kmsplan:ignore(?:\s+(\S+)\s*(.*?))?\s*$`)

// ignores are the comments of a module that answer for findings, in source order, the ones that do not work among them.
func ignores(c *hcl.Config, rules []*Rule) []*ignore {
	var all []*ignore
	for _, name := range slices.Sorted(maps.Keys(c.Files)) {
		file := c.Files[name]
		if file == nil || !bytes.Contains(file.Bytes, []byte("kmsplan:ignore")) {
			continue
		}
		if body, ok := file.Body.(*hclsyntax.Body); ok {
			all = append(all, nativeIgnores(name, file.Bytes, body)...)
		} else {
			all = append(all, jsonIgnores(name, file.Bytes)...)
		}
	}
	for _, g := range all {
		for _, n := range g.names {
			if r := Lookup(rules, n); r != nil {
				g.rules = append(g.rules, r)
			}
		}
	}
	return all
}

// parseIgnore reads the text of a comment; nil = it is about something else.
func parseIgnore(text string, at hclv2.Range) *ignore {
	m := ignoreComment.FindStringSubmatch(strings.TrimSuffix(strings.TrimRight(text, "\r\n"), "*/"))
	if m == nil {
		return nil
	}
	g := &ignore{at: at, reason: strings.Trim(m[2], " -:"), used: map[string]bool{}}
	for _, n := range strings.Split(m[1], ",") {
		if n != "" {
			g.names = append(g.names, n)
		}
	}
	return g
}

// nativeIgnores reads the comments of a file in HCL's own syntax.
func nativeIgnores(name string, text []byte, body *hclsyntax.Body) []*ignore {
	tokens, _ := hclsyntax.LexConfig(text, name, hclv2.InitialPos) // it was parsed before
	all := linesOf(text, body)
	var found, waiting []*ignore
	code := 0 // the last line on which something but a comment stands
	for _, t := range tokens {
		switch t.Type {
		case hclsyntax.TokenComment:
			g := parseIgnore(string(t.Bytes), trimmed(t))
			if g == nil {
				continue
			}
			found = append(found, g)
			if t.Range.Start.Line == code {
				g.from, g.to = all.reach(code)
			} else {
				waiting = append(waiting, g)
			}
		case hclsyntax.TokenNewline, hclsyntax.TokenEOF:
		default:
			code = t.Range.Start.Line
			for _, g := range waiting {
				g.from, g.to = all.reach(code)
			}
			waiting, code = nil, t.Range.End.Line
		}
	}
	return found
}

// trimmed is a comment's range without the end of its line, which HCL counts to it.
func trimmed(t hclsyntax.Token) hclv2.Range {
	r, text := t.Range, bytes.TrimRight(t.Bytes, "\r\n")
	if len(text) < len(t.Bytes) {
		r.End = hclv2.Pos{Line: r.Start.Line, Column: r.Start.Column + len(text), Byte: r.Start.Byte + len(text)}
	}
	return r
}

// lines knows of each line of a file where it begins, and where the longest block or argument ends that begins on it.
type lines struct {
	text   []byte
	starts []int       // by line, from 1
	ends   map[int]int // by line
}

func linesOf(text []byte, body *hclsyntax.Body) *lines {
	l := &lines{text: text, starts: []int{0, 0}, ends: map[int]int{}}
	for i, c := range text {
		if c == '\n' {
			l.starts = append(l.starts, i+1)
		}
	}
	l.widest(body)
	return l
}

func (l *lines) widest(body *hclsyntax.Body) {
	for _, a := range body.Attributes {
		l.ends[a.SrcRange.Start.Line] = max(l.ends[a.SrcRange.Start.Line], a.SrcRange.End.Byte)
	}
	for _, b := range body.Blocks {
		l.ends[b.TypeRange.Start.Line] = max(l.ends[b.TypeRange.Start.Line], b.CloseBraceRange.End.Byte)
		l.widest(b.Body)
	}
}

// reach is what a comment on a line answers for: the line, and the longest block or argument that begins on it.
func (l *lines) reach(line int) (from, to int) {
	to = len(l.text)
	if line+1 < len(l.starts) {
		to = l.starts[line+1]
	}
	return l.starts[line], max(to, l.ends[line])
}

// works reports whether the comment can answer for anything: it names rules that exist, and says why.
func (g *ignore) works() bool {
	return len(g.names) > 0 && len(g.rules) == len(g.names) && g.reason != ""
}

// answers reports whether the comment answers for a finding, and remembers it.
func (g *ignore) answers(f Finding) bool {
	in := f.Range.Filename == g.at.Filename && f.Range.Start.Byte >= g.from && f.Range.Start.Byte < g.to
	if !in || !g.works() || !slices.ContainsFunc(g.rules, func(r *Rule) bool { return r.ID == f.Rule.ID }) {
		return false
	}
	g.used[f.Rule.ID] = true
	return true
}

// suppress takes out the findings that a comment answers for.
func suppress(found []Finding, comments []*ignore) (left, answered []Finding) {
	for _, f := range found {
		i := slices.IndexFunc(comments, func(g *ignore) bool { return g.answers(f) })
		if i < 0 {
			left = append(left, f)
			continue
		}
		f.Reason = comments[i].reason
		answered = append(answered, f)
	}
	return left, answered
}

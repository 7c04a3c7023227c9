package view

import (
	"fmt"
	"strings"

	hclv2 "github.com/hashicorp/hcl/v2"

	"kmsplan.dev/kmsplan/internal/lint"
)

// severityWord heads a finding.
var severityWord = map[lint.Severity]string{lint.Error: "Error", lint.Warning: "Warning", lint.Note: "Note"}

var lintStyle = map[lint.Severity]style{lint.Error: red, lint.Warning: yellow, lint.Note: cyan}

// Linted prints every finding with its source and what to write instead, then how many there are.
func (t *Terminal) Linted(r lint.Report, files map[string]*hclv2.File) {
	for _, f := range r.Findings {
		t.tell("%s", frame(t.findingText(f, files), lintStyle[f.Rule.Severity], t.Color))
	}
	if len(r.Findings) > 0 {
		t.tell("\n")
	}
	t.tell("%s\n", lintSummary(r))
	if r.Unread {
		t.tell("%s\n", wrap("Rules about what is recorded were not asked: name -state, or -plan=FILE.", t.Width))
	}
}

// findingText lays one finding out like a diagnostic: heading, place, source, what is wrong, the way out.
func (t *Terminal) findingText(f lint.Finding, files map[string]*hclv2.File) string {
	var b strings.Builder
	head := severityWord[f.Rule.Severity] + ": "
	fmt.Fprintf(&b, "%s%s\n", paint(t.Color, lintStyle[f.Rule.Severity], paint(t.Color, bold, head)), paint(t.Color, bold, f.Rule.Title+" ("+f.Rule.ID+")"))
	if f.Range.Filename != "" {
		b.WriteString("\n")
		writeSnippet(&b, &hclv2.Diagnostic{Subject: &f.Range}, files, t.Color)
	} else if f.Address != "" {
		fmt.Fprintf(&b, "\n  with %s\n", f.Address)
	}
	fmt.Fprintf(&b, "\n%s\n", wrap(neutral(f.Message+" "+f.Rule.Fix), t.Width-2))
	if f.Pack != "" {
		fmt.Fprintf(&b, "\n%s\n", wrap(f.Pack, t.Width-2))
	}
	return b.String()
}

// lintSummary says how many findings there are, and of what.
func lintSummary(r lint.Report) string {
	looked := fmt.Sprintf("%s looked at %s.", plural(len(r.Rules), "rule"), plural(r.Looked.Blocks, "block"))
	if r.Looked.Index {
		looked = fmt.Sprintf("%s looked at %s in git's index.", plural(len(r.Rules), "rule"), plural(r.Looked.Files, "file"))
	}
	text := "No findings: " + looked
	if n := len(r.Findings); n > 0 {
		var parts []string
		for s := lint.Error; s >= lint.Note; s-- {
			if k := r.Count(s); k > 0 {
				parts = append(parts, plural(k, s.String()))
			}
		}
		text = fmt.Sprintf("%s: %s. %s", plural(n, "finding"), strings.Join(parts, ", "), looked)
	}
	if n := len(r.Suppressed); n > 0 {
		text += fmt.Sprintf(" %s suppressed.", plural(n, "finding"))
	}
	return text
}

package view

import (
	"fmt"
	"strings"

	"kmsplan.dev/kmsplan/internal/lint"
)

var severityGlyph = map[lint.Severity]string{lint.Error: "🛑 error", lint.Warning: "⚠️ warning", lint.Note: "ℹ️ note"}

// lintMarkdown is the report of lint for a comment or a summary: how many findings, then a table of them, then what to do.
func (t *Told) lintMarkdown(d *mdDoc, r lint.Report) {
	d.add("### kmsplan lint: %s in %s\n\n", lintHeadline(r), mdCode(t.About.Stack))
	if len(r.Findings) > 0 {
		d.add("| severity | rule | where | what |\n|---|---|---|---|\n")
	}
	for _, f := range r.Findings {
		where := mdCode(f.Address)
		if f.Range.Filename != "" {
			where = mdCode(fmt.Sprintf("%s:%d", t.file(f.Range.Filename), f.Range.Start.Line))
		}
		if !d.add("| %s | %s | %s | **%s.** %s |\n", severityGlyph[f.Rule.Severity], f.Rule.ID, where, f.Rule.Title, mdText(f.Message)) {
			break
		}
	}
	told := map[string]bool{}
	var lines []string
	for _, f := range r.Findings {
		if !told[f.Rule.ID] {
			told[f.Rule.ID] = true
			lines = append(lines, f.Rule.ID+"  "+f.Rule.Fix)
		}
	}
	if len(lines) > 0 {
		d.add("\n")
		d.fold("What to do", "text", lines, false)
	}
	d.add("%s\n", mdText(lintSummary(r)))
}

// lintHeadline is the number of findings by severity.
func lintHeadline(r lint.Report) string {
	if len(r.Findings) == 0 {
		return "no findings"
	}
	var parts []string
	for s := lint.Error; s >= lint.Note; s-- {
		if n := r.Count(s); n > 0 {
			parts = append(parts, plural(n, s.String()))
		}
	}
	return strings.Join(parts, ", ")
}

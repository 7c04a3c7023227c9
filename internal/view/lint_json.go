package view

import (
	hclv2 "github.com/hashicorp/hcl/v2"

	"kmsplan.dev/kmsplan/internal/lint"
)

// lintFormatVersion is the version of the answer of lint -json. New fields do not raise it.
const lintFormatVersion = "1.0"

// FindingJSON is one finding.
type FindingJSON struct {
	Rule     string        `json:"rule"`
	Name     string        `json:"name"`
	Severity lint.Severity `json:"severity"` // error, warning or note
	Title    string        `json:"title"`
	Message  string        `json:"message"`
	Fix      string        `json:"fix"`
	Docs     string        `json:"docs"`
	Address  string        `json:"address,omitempty"`
	Range    *RangeJSON    `json:"range,omitempty"`
	Pack     string        `json:"pack,omitempty"`
	Reason   string        `json:"reason,omitempty"` // of a suppressed one: what its comment says
}

func findingJSON(f lint.Finding) FindingJSON {
	out := FindingJSON{
		Rule: f.Rule.ID, Name: f.Rule.Name, Severity: f.Rule.Severity, Title: f.Rule.Title, Message: f.Message, Fix: f.Rule.Fix,
		Docs: f.Rule.Docs(), Address: f.Address, Pack: f.Pack, Reason: f.Reason,
	}
	if f.Range.Filename != "" {
		out.Range = &RangeJSON{Filename: f.Range.Filename, Start: PosJSON(f.Range.Start), End: PosJSON(f.Range.End)}
	}
	return out
}

func findingsJSON(list []lint.Finding) []FindingJSON {
	out := []FindingJSON{}
	for _, f := range list {
		out = append(out, findingJSON(f))
	}
	return out
}

// lintJSON is the answer of lint -json.
func lintJSON(r lint.Report) map[string]any {
	rules := []string{}
	for _, rule := range r.Rules {
		rules = append(rules, rule.ID)
	}
	return map[string]any{
		"format_version": lintFormatVersion, "findings": findingsJSON(r.Findings), "suppressed": findingsJSON(r.Suppressed), "rules": rules,
		"counts": map[string]int{
			"error": r.Count(lint.Error), "warning": r.Count(lint.Warning), "note": r.Count(lint.Note), "suppressed": len(r.Suppressed),
		},
	}
}

// Linted prints the findings as one document.
func (d Document) Linted(r lint.Report, _ map[string]*hclv2.File) { document(d.out, lintJSON(r)) }

// Linted writes each finding as a line, then how many there are.
func (l *Lines) Linted(r lint.Report, _ map[string]*hclv2.File) {
	for _, f := range r.Findings {
		level := map[lint.Severity]string{lint.Error: "error", lint.Warning: "warn", lint.Note: "info"}[f.Rule.Severity]
		l.emit(level, "finding", f.Rule.ID+": "+f.Rule.Title, map[string]any{"finding": findingJSON(f)})
	}
	l.emit("info", "lint_summary", lintSummary(r), map[string]any{"counts": lintJSON(r)["counts"]})
}

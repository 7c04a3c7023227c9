package view

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	hclv2 "github.com/hashicorp/hcl/v2"

	"kmsplan.dev/kmsplan/internal/lint"
)

// qualityIssue is one entry of GitLab's code quality report.
type qualityIssue struct {
	Description string          `json:"description"`
	CheckName   string          `json:"check_name"`
	Fingerprint string          `json:"fingerprint"`
	Severity    string          `json:"severity"` // info, minor, major, critical or blocker
	Location    qualityLocation `json:"location"`
}

type qualityLocation struct {
	Path  string       `json:"path"`
	Lines qualityLines `json:"lines"`
}

type qualityLines struct {
	Begin int `json:"begin"`
}

var qualitySeverity = map[lint.Severity]string{lint.Error: "critical", lint.Warning: "major", lint.Note: "minor"}

// codeQuality renders GitLab's code quality report. A finding in no file lies in the module's first.
func codeQuality(t *Told) ([]byte, error) {
	issues, seen := []qualityIssue{}, map[string]int{}
	add := func(check, severity, text, identity, file string, line int) {
		what := strings.Join([]string{check, identity, file}, "\x00")
		seen[what]++
		sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%d", what, seen[what]))
		if file == "" {
			file, line = t.firstFile(), 1
		}
		issues = append(issues, qualityIssue{neutral(text), check, hex.EncodeToString(sum[:]), severity, qualityLocation{file, qualityLines{line}}})
	}
	if t.lint != nil {
		for _, f := range t.lint.Findings {
			file := ""
			if f.Range.Filename != "" {
				file = t.file(f.Range.Filename)
			}
			add(f.Rule.ID, qualitySeverity[f.Rule.Severity], f.Rule.Title+": "+f.Message+" "+f.Rule.Fix, f.Address, file, f.Range.Start.Line)
		}
	}
	for _, d := range sorted(t.diags) {
		file, line := "", 1
		if d.Subject != nil {
			file, line = t.file(d.Subject.Filename), d.Subject.Start.Line
		}
		severity := "blocker"
		if d.Severity == hclv2.DiagWarning {
			severity = "minor"
		}
		add("configuration", severity, d.Summary+": "+d.Detail, d.Summary, file, line)
	}
	return indented(issues)
}

package view

import (
	"fmt"
	"path"
	"slices"
	"strings"

	hclv2 "github.com/hashicorp/hcl/v2"

	"kmsplan.dev/kmsplan/internal/junit"
	"kmsplan.dev/kmsplan/internal/lint"
)

// junitXML renders JUnit's XML.
func junitXML(t *Told) ([]byte, error) {
	suite := junit.Suite{Name: path.Join("kmsplan "+t.About.Command, t.About.Stack)}
	if t.lint != nil {
		suite.Cases = t.junitLint(*t.lint)
	}
	suite.Cases = append(suite.Cases, t.junitPlan()...)
	suite.Cases = append(suite.Cases, t.junitProblems()...)
	return junit.Write("kmsplan "+t.About.Command, suite)
}

// at names the file and the line of a case.
func (t *Told) at(c junit.Case, r hclv2.Range) junit.Case {
	if r.Filename != "" {
		c.File, c.Line = t.file(r.Filename), r.Start.Line
	}
	return c
}

func (t *Told) junitLint(r lint.Report) (cases []junit.Case) {
	for _, rule := range r.Rules {
		of := func(f lint.Finding) bool { return f.Rule.ID == rule.ID }
		if !slices.ContainsFunc(r.Findings, of) && !slices.ContainsFunc(r.Suppressed, of) {
			cases = append(cases, junit.Case{Class: rule.ID, Name: rule.Title})
		}
	}
	for _, f := range r.Findings {
		c := t.at(junit.Case{Class: f.Rule.ID, Name: findingName(f)}, f.Range)
		c.Failure = junit.Because(f.Rule.Title, f.Rule.Severity.String(), t.plainFinding(f))
		cases = append(cases, c)
	}
	for _, f := range r.Suppressed {
		c := t.at(junit.Case{Class: f.Rule.ID, Name: findingName(f)}, f.Range)
		c.Skipped = &junit.Skipped{Message: neutral(f.Reason)}
		cases = append(cases, c)
	}
	return cases
}

// findingName is a finding in one line: what it is about, and the rule's title.
func findingName(f lint.Finding) string {
	return strings.TrimSpace(f.Address + " " + f.Rule.Title)
}

// plainFinding is a finding in plain lines: where, what, and the way out.
func (t *Told) plainFinding(f lint.Finding) string {
	where := ""
	if f.Range.Filename != "" {
		where = fmt.Sprintf("%s:%d\n", t.file(f.Range.Filename), f.Range.Start.Line)
	}
	text := where + f.Message + "\n" + f.Rule.Fix + "\n"
	if f.Pack != "" {
		text += f.Pack + "\n"
	}
	return neutral(text)
}

// junitPlan has a case for each object of a plan, and one that failed for each that drifted or waits for deletion.
func (t *Told) junitPlan() (cases []junit.Case) {
	if t.plan != nil {
		for i := range t.plan.Changes {
			c := &t.plan.Changes[i]
			cases = append(cases, junit.Case{Class: "plan." + c.Kind, Name: c.Addr.String() + " " + c.Action.Word()})
		}
		cases = append(cases, t.junitChecks(t.plan.Checks)...)
	}
	drift, dying := t.drifted()
	for _, d := range drift {
		cases = append(cases, junit.Case{Class: "drift." + d.Kind, Name: driftTitle(d), Failure: junit.Because(driftTitle(d), "drift", driftText(d))})
	}
	for _, k := range dying {
		cases = append(cases, junit.Case{Class: "waiting.key", Name: neutral(t.dyingTitle(k)), Failure: junit.Because(neutral(t.dyingTitle(k)), "waiting", "")})
	}
	return cases
}

// junitProblems are what kept the command from its answer.
func (t *Told) junitProblems() (cases []junit.Case) {
	for _, d := range sorted(t.diags) {
		if d.Severity != hclv2.DiagError {
			continue
		}
		c := junit.Case{Class: "configuration", Name: neutral(d.Summary)}
		if d.Subject != nil {
			c = t.at(c, *d.Subject)
		}
		c.Error = junit.Because(neutral(d.Summary), "configuration", neutral(d.Detail))
		cases = append(cases, c)
	}
	for _, r := range t.allRefusals() {
		name := neutral(refusalTitle(r))
		cases = append(cases, junit.Case{Class: "guard." + r.Guard, Name: name, Failure: junit.Because(name, "refusal", neutral(refusalText(r)))})
	}
	for _, f := range t.failures {
		cases = append(cases, junit.Case{Class: "failure", Name: neutral(f.summary), Error: junit.Because(neutral(f.summary), "failure", neutral(f.detail))})
	}
	return cases
}

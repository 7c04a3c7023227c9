package view

import (
	"encoding/xml"
	"fmt"
	"path"
	"slices"
	"strings"

	hclv2 "github.com/hashicorp/hcl/v2"

	"kmsplan.dev/kmsplan/internal/lint"
)

// JUnit's XML as CI servers read it: a case for each rule and object, failed where something was found.
type (
	junitSuites struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Name     string       `xml:"name,attr"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Errors   int          `xml:"errors,attr"`
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Errors   int         `xml:"errors,attr"`
		Skipped  int         `xml:"skipped,attr"`
		Time     string      `xml:"time,attr"`
		Cases    []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Class   string        `xml:"classname,attr"`
		Name    string        `xml:"name,attr"`
		Time    string        `xml:"time,attr"`
		File    string        `xml:"file,attr,omitempty"`
		Line    int           `xml:"line,attr,omitempty"`
		Failure *junitProblem `xml:"failure"`
		Error   *junitProblem `xml:"error"`
		Skipped *junitSkipped `xml:"skipped"`
	}
	junitProblem struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr"`
		Text    string `xml:",chardata"`
	}
	junitSkipped struct {
		Message string `xml:"message,attr"`
	}
)

// junit renders JUnit's XML.
func junit(t *Told) ([]byte, error) {
	suite := junitSuite{Name: path.Join("kmsplan "+t.About.Command, t.About.Stack), Time: "0"}
	if t.lint != nil {
		suite.Cases = t.junitLint(*t.lint)
	}
	suite.Cases = append(suite.Cases, t.junitPlan()...)
	suite.Cases = append(suite.Cases, t.junitProblems()...)
	for i := range suite.Cases {
		c := &suite.Cases[i]
		c.Time = "0"
		suite.Tests++
		switch {
		case c.Failure != nil:
			suite.Failures++
		case c.Error != nil:
			suite.Errors++
		case c.Skipped != nil:
			suite.Skipped++
		}
	}
	doc := junitSuites{
		Name: "kmsplan " + t.About.Command, Tests: suite.Tests, Failures: suite.Failures, Errors: suite.Errors, Suites: []junitSuite{suite},
	}
	out, err := xml.MarshalIndent(doc, "", "  ")
	return append([]byte(xml.Header), append(out, '\n')...), err
}

// at names the file and the line of a case.
func (t *Told) at(c junitCase, r hclv2.Range) junitCase {
	if r.Filename != "" {
		c.File, c.Line = t.file(r.Filename), r.Start.Line
	}
	return c
}

func (t *Told) junitLint(r lint.Report) (cases []junitCase) {
	for _, rule := range r.Rules {
		of := func(f lint.Finding) bool { return f.Rule.ID == rule.ID }
		if !slices.ContainsFunc(r.Findings, of) && !slices.ContainsFunc(r.Suppressed, of) {
			cases = append(cases, junitCase{Class: rule.ID, Name: rule.Title})
		}
	}
	for _, f := range r.Findings {
		c := t.at(junitCase{Class: f.Rule.ID, Name: findingName(f)}, f.Range)
		c.Failure = &junitProblem{f.Rule.Title, f.Rule.Severity.String(), t.plainFinding(f)}
		cases = append(cases, c)
	}
	for _, f := range r.Suppressed {
		c := t.at(junitCase{Class: f.Rule.ID, Name: findingName(f)}, f.Range)
		c.Skipped = &junitSkipped{neutral(f.Reason)}
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
func (t *Told) junitPlan() (cases []junitCase) {
	if t.plan != nil {
		for i := range t.plan.Changes {
			c := &t.plan.Changes[i]
			cases = append(cases, junitCase{Class: "plan." + c.Kind, Name: c.Addr.String() + " " + c.Action.Word()})
		}
		cases = append(cases, t.junitChecks(t.plan.Checks)...)
	}
	drift, dying := t.drifted()
	for _, d := range drift {
		cases = append(cases, junitCase{Class: "drift." + d.Kind, Name: driftTitle(d), Failure: &junitProblem{driftTitle(d), "drift", driftText(d)}})
	}
	for _, k := range dying {
		cases = append(cases, junitCase{Class: "waiting.key", Name: neutral(dyingTitle(k)), Failure: &junitProblem{neutral(dyingTitle(k)), "waiting", ""}})
	}
	return cases
}

// junitProblems are what kept the command from its answer.
func (t *Told) junitProblems() (cases []junitCase) {
	for _, d := range sorted(t.diags) {
		if d.Severity != hclv2.DiagError {
			continue
		}
		c := junitCase{Class: "configuration", Name: neutral(d.Summary)}
		if d.Subject != nil {
			c = t.at(c, *d.Subject)
		}
		c.Error = &junitProblem{neutral(d.Summary), "configuration", neutral(d.Detail)}
		cases = append(cases, c)
	}
	for _, r := range t.allRefusals() {
		name := neutral(refusalTitle(r))
		cases = append(cases, junitCase{Class: "guard." + r.Guard, Name: name, Failure: &junitProblem{name, "refusal", neutral(refusalText(r))}})
	}
	for _, f := range t.failures {
		cases = append(cases, junitCase{Class: "failure", Name: neutral(f.summary), Error: &junitProblem{neutral(f.summary), "failure", neutral(f.detail)}})
	}
	return cases
}

package trial

import (
	"encoding/xml"
	"fmt"
	"strings"

	hclv2 "github.com/hashicorp/hcl/v2"

	"kmsplan.dev/kmsplan/internal/hcl"
)

// Counts are the sums of results.
type Counts struct {
	Passed  int `json:"passed"`
	Failed  int `json:"failed"` // errors are among them
	Skipped int `json:"skipped"`
}

// Count sums results up.
func Count(list []Result) (c Counts) {
	for _, r := range list {
		switch r.Status {
		case Pass:
			c.Passed++
		case Skip:
			c.Skipped++
		default:
			c.Failed++
		}
	}
	return c
}

// Sentence is Terraform's closing sentence.
func (c Counts) Sentence() string {
	word, rest := "Success!", ""
	if c.Failed > 0 {
		word = "Failure!"
	}
	if c.Skipped > 0 {
		rest = fmt.Sprintf(", %d skipped", c.Skipped)
	}
	return fmt.Sprintf("%s %d passed, %d failed%s.", word, c.Passed, c.Failed, rest)
}

// Worst is the status of a file.
func Worst(list []Result) Status {
	if c := Count(list); c.Failed > 0 {
		return Fail
	}
	return Pass
}

// Unreadable is the result of a file that is no file of tests.
func Unreadable(t *hcl.TestFile, diags hclv2.Diagnostics) Result {
	return Result{File: t.Name, Status: Errored, Diags: diags, Sources: map[string]*hclv2.File{t.Name: t.Source}}
}

// Reasons are what was wrong, a line each.
func (r Result) Reasons() []string {
	var out []string
	for _, d := range r.Diags {
		if d.Severity != hclv2.DiagError {
			continue
		}
		line := d.Summary + ": " + d.Detail
		if d.Subject != nil {
			line = fmt.Sprintf("%s:%d: %s", d.Subject.Filename, d.Subject.Start.Line, line)
		}
		out = append(out, line)
	}
	return append(out, r.Problems...)
}

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
		Cases    []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Class   string       `xml:"classname,attr"`
		Name    string       `xml:"name,attr"`
		File    string       `xml:"file,attr"`
		Line    int          `xml:"line,attr,omitempty"`
		Failure *junitReason `xml:"failure"`
		Error   *junitReason `xml:"error"`
		Skipped *struct{}    `xml:"skipped"`
	}
	junitReason struct {
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
)

// JUnit is all results as CI servers read them: a suite for each file.
func JUnit(list []Result) ([]byte, error) {
	doc := junitSuites{Name: "kmsplan test"}
	for _, r := range list {
		if n := len(doc.Suites); n == 0 || doc.Suites[n-1].Name != r.File {
			doc.Suites = append(doc.Suites, junitSuite{Name: r.File})
		}
		s := &doc.Suites[len(doc.Suites)-1]
		s.add(r)
	}
	for _, s := range doc.Suites {
		doc.Tests, doc.Failures, doc.Errors = doc.Tests+s.Tests, doc.Failures+s.Failures, doc.Errors+s.Errors
	}
	out, err := xml.MarshalIndent(doc, "", "  ")
	return append([]byte(xml.Header), append(out, '\n')...), err
}

func (s *junitSuite) add(r Result) {
	c := junitCase{Class: r.File, Name: r.Run, File: r.File, Line: r.Line}
	why := &junitReason{Text: strings.Join(r.Reasons(), "\n")}
	if all := r.Reasons(); len(all) > 0 {
		why.Message = all[0]
	}
	s.Tests++
	switch r.Status {
	case Fail:
		s.Failures++
		c.Failure = why
	case Errored:
		s.Errors++
		c.Error = why
	case Skip:
		s.Skipped++
		c.Skipped = &struct{}{}
	}
	s.Cases = append(s.Cases, c)
}

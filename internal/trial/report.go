package trial

import (
	"fmt"
	"strings"

	hclv2 "github.com/hashicorp/hcl/v2"

	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/junit"
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

// JUnit is all results as CI servers read them: a suite for each file.
func JUnit(list []Result) ([]byte, error) {
	var suites []junit.Suite
	for _, r := range list {
		if n := len(suites); n == 0 || suites[n-1].Name != r.File {
			suites = append(suites, junit.Suite{Name: r.File})
		}
		s := &suites[len(suites)-1]
		s.Cases = append(s.Cases, r.junit())
	}
	return junit.Write("kmsplan test", suites...)
}

func (r Result) junit() junit.Case {
	c := junit.Case{Class: r.File, Name: r.Run, File: r.File, Line: r.Line}
	why := &junit.Problem{Text: strings.Join(r.Reasons(), "\n")}
	if all := r.Reasons(); len(all) > 0 {
		why.Message = all[0]
	}
	switch r.Status {
	case Fail:
		c.Failure = why
	case Errored:
		c.Error = why
	case Skip:
		c.Skipped = &junit.Skipped{}
	}
	return c
}

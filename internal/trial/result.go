package trial

import (
	hclv2 "github.com/hashicorp/hcl/v2"

	"kmsplan.dev/kmsplan/internal/plan"
)

// Status is how a run ended.
type Status string

// The statuses of runs.
const (
	Pass    Status = "pass"
	Fail    Status = "fail"  // something was not as it is expected
	Errored Status = "error" // it could not be run to its end
	Skip    Status = "skip"  // a run before it could not
)

// Result is what became of one run.
type Result struct {
	File     string
	Run      string
	Line     int
	Status   Status
	Diags    hclv2.Diagnostics      // of the configuration and of the test, as far as they were not expected
	Sources  map[string]*hclv2.File // what the diagnostics are about
	Problems []string               // other reasons, each a sentence
	Plan     *plan.Plan             // nil where none was made
}

func (r *Result) fail(status Status, problem string) {
	if r.Status != Errored {
		r.Status = status
	}
	if problem != "" {
		r.Problems = append(r.Problems, problem)
	}
}

func (r *Result) diagnose(status Status, diags hclv2.Diagnostics) {
	if diags.HasErrors() {
		r.fail(status, "")
	}
	r.Diags = append(r.Diags, diags...)
}

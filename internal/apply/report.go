package apply

import (
	"fmt"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/state"
)

// Report is what a run did. The counts are those of plan.Summary.
type Report struct {
	Added, Changed, Destroyed, Adopted, Forgotten int
	Retired                                       int // first steps of retirements
	Moved                                         int // addresses that changed, and nothing else
	Files                                         int // envelopes written
	Failed, Skipped, Unknown                      int
	Interrupted                                   bool
	Broken                                        bool // something beside the steps went wrong: the journal, the store, an output

	Outcomes  []StepOutcome  // one per step, in plan order
	Checks    []plan.Checked // what conditions say now
	Recovered []Recovered    // calls of earlier runs, resolved first
	State     state.State    // as it is stored now
	Open      []state.Intent // calls whose outcome is still unknown
}

// StepOutcome is how one step ended.
type StepOutcome struct {
	Addr   addr.Address
	Action plan.Action
	Outcome
}

// The exit codes of a run (DESIGN §10).
const (
	ExitDone    = 0
	ExitError   = 1
	ExitUnknown = 2
)

// ExitCode is the command's exit code for a run that returned err: an error weighs more than an unknown
// outcome (DESIGN §10). What was skipped for the sake of a step counts as that step does.
func (r Report) ExitCode(err error) int {
	switch {
	case r.Failed > 0 || r.Interrupted || r.Broken:
		return ExitError
	case r.Unknown > 0:
		return ExitUnknown
	case err != nil || r.Skipped > 0:
		return ExitError
	}
	return ExitDone
}

// count adds a step's end to the report.
func (r *Report) count(n *node) {
	r.Outcomes = append(r.Outcomes, StepOutcome{Addr: n.Addr, Action: n.Action, Outcome: *n.out})
	r.Files += len(n.out.Written)
	switch n.out.Status {
	case Failed:
		r.Failed++
		if n.out.Made {
			r.countDone(n)
		}
	case Skipped:
		if n.Action != plan.NoOp {
			r.Skipped++
		}
	case Unknown:
		r.Unknown++
	case Done:
		r.countDone(n)
	}
}

func (r *Report) countDone(n *node) {
	if n.Change == nil {
		return
	}
	var s plan.Summary
	s.Count(n.Change)
	r.Added += s.Add
	r.Changed += s.Change
	r.Destroyed += s.Destroy
	r.Adopted += s.Import
	r.Forgotten += s.Forget
	r.Retired += s.Retire
	r.Moved += s.Move
}

// errorOf gathers what went wrong, each error under its address.
func (r *Report) errorOf() error {
	var all error
	for _, o := range r.Outcomes {
		switch o.Status {
		case Failed:
			all = joined(all, fmt.Errorf("%s: %w", o.Addr, o.Err))
		case Unknown:
			all = joined(all, fmt.Errorf("%s: the outcome is unknown; the next plan or apply finds out: %w", o.Addr, o.Err))
		}
	}
	return all
}

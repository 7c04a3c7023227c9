package apply

import (
	"sync"
	"time"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/state"
)

// Hooks tells a view what happens while it happens. Any may be nil. They are
// called one at a time.
type Hooks struct {
	Started   func(Step)
	Progress  func(s Step, operation string) // just before a mutating call
	Done      func(Step, Outcome)
	Failed    func(Step, Outcome) // failed, or of unknown outcome
	Skipped   func(Step, Outcome)
	Recovered func(Recovered) // a call of an earlier run
	// Reached says, after each step that ended, how many of all objects and files that is.
	Reached func(done, total int)
}

// Step is one node of the work: a managed object, a lookup that was put off, or a data block with its stale files.
type Step struct {
	Addr   addr.Address
	Action plan.Action
	Change *plan.Change      // nil for a data block
	Lookup *plan.Lookup      // nil for everything else
	Files  []plan.FileChange // of a data block
}

// Status is how a step ended.
type Status int

// The ends of a step.
const (
	Done    Status = iota
	Failed         // a call was refused, or could not be made
	Skipped        // not started: something it needs failed, or the run was interrupted
	Unknown        // a call's answer was lost; the next run finds out
)

// Outcome is how a step ended, and why.
type Outcome struct {
	Status  Status
	ID      string // the object's id, as far as known
	Err     error  // Failed, Unknown
	Reason  string // Skipped: one clause
	Made    bool   // Failed: by a postcondition, after all was done and recorded
	Found   bool   // Done: the answer to a creation was lost, and its object found and adopted
	Elapsed time.Duration
	Written []string // the paths of the files written
	// Duplicates are further objects that this change's call made, newest first; never touched.
	Duplicates []string
}

// Recovered is what became of a call that an earlier run left open.
type Recovered struct {
	Intent     state.Intent
	Status     RecoveredStatus
	Until      time.Time // StillPending: when it is certain
	ID         string    // the object's id, if there is one
	Duplicates []string  // further objects of the same intent, newest first; never touched
}

// RecoveredStatus is what became of an open call.
type RecoveredStatus int

// The ends of an open call.
const (
	Adopted       RecoveredStatus = iota // an object that state did not know is kept now
	Confirmed                            // the call took effect on an object that state knows
	NeverHappened                        // the call did not take effect
	StillPending                         // not certain yet
	Untold                               // whether it took effect is not to be told: the object is as it is, and a plan says what is missing
)

// bell calls hooks one at a time.
type bell struct {
	mu          sync.Mutex
	hooks       Hooks
	done, total int // objects, and files of data blocks
}

// count says what there is to do.
func (b *bell) count(g *graph) {
	for _, n := range g.nodes {
		if n.Action != plan.NoOp || len(n.Files) > 0 {
			b.total += n.weight()
		}
	}
}

// weight is how much of the work a step is.
func (s Step) weight() int { return max(1, len(s.Files)) }

func (b *bell) started(s Step)              { b.ring(b.hooks.Started, s) }
func (b *bell) ended(s Step, out Outcome)   { b.ringOut(b.hooks.Done, s, out) }
func (b *bell) failed(s Step, out Outcome)  { b.ringOut(b.hooks.Failed, s, out) }
func (b *bell) skipped(s Step, out Outcome) { b.ringOut(b.hooks.Skipped, s, out) }

func (b *bell) progress(s Step, operation string) {
	if b.hooks.Progress != nil {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.hooks.Progress(s, operation)
	}
}

func (b *bell) recovered(r Recovered) {
	if b.hooks.Recovered != nil {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.hooks.Recovered(r)
	}
}

func (b *bell) ring(hook func(Step), s Step) {
	if hook != nil {
		b.mu.Lock()
		defer b.mu.Unlock()
		hook(s)
	}
}

func (b *bell) ringOut(hook func(Step, Outcome), s Step, out Outcome) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if hook != nil {
		hook(s, out)
	}
	if b.done += s.weight(); b.hooks.Reached != nil {
		b.hooks.Reached(b.done, b.total)
	}
}

package view

import (
	"encoding/json"

	hclv2 "github.com/hashicorp/hcl/v2"

	"kmsplan.dev/kmsplan/internal/apply"
	"kmsplan.dev/kmsplan/internal/batch"
	"kmsplan.dev/kmsplan/internal/lint"
	"kmsplan.dev/kmsplan/internal/load"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/state"
)

// Voice is what every command may have to say beside its answer.
type Voice interface {
	// Diagnostics shows what is wrong with the configuration. files holds the sources by name and may be nil.
	Diagnostics(diags hclv2.Diagnostics, files map[string]*hclv2.File)
	// Refusals shows the guards that fired.
	Refusals(list []plan.Refusal)
	// Recovered says what became of a call that an earlier run left open.
	Recovered(r apply.Recovered)
	// Notef says, in one line, what is worth knowing and changes nothing.
	Notef(format string, args ...any)
	// Reading shows how far the reading of a gateway's objects is.
	Reading(r Reading)
	// Working shows how far an apply or a run is.
	Working(w Working)
	// Tree shows how far a command is with many files.
	Tree(w Tree)
	// Traffic shows what a run made of the quotas of calls.
	Traffic(list []Traffic)
	// Error shows what ended a command, with the help that stands under it.
	Error(summary string, err error, hints ...string)
}

// Plan is the view of plan.
type Plan interface {
	Voice
	Plan(p *plan.Plan)
	// Saved says where the plan lies now.
	Saved(name string, p *plan.Plan)
}

// Apply is the view of apply. What happens meanwhile comes one call at a time, through Hooks.
type Apply interface {
	Plan
	// Waiting names the batches that wait after a saved plan was carried out.
	Waiting(list []plan.Batch)
	// Approved begins the work on a saved plan, whose actions were shown when it was made.
	Approved(p *plan.Plan)
	Ask(workspace string) // the question whose answer is yes
	Cancelled()           // the answer was another
	Started(s apply.Step)
	Calling(s apply.Step, operation string) // just before a mutating call
	Done(s apply.Step, o apply.Outcome)
	Failed(s apply.Step, o apply.Outcome) // failed, or of unknown outcome
	Skipped(s apply.Step, o apply.Outcome)
	Applied(r apply.Report)
	// Rescued sums up what was done of a plan that a guard refuses: its rescues.
	Rescued(r apply.Report)
	// Unfinished sums up a run that did not do everything.
	Unfinished(r apply.Report, err error)
}

// Run is the view of run.
type Run interface {
	Apply
	// Current says of a data block that nothing was to do.
	Current(block string)
	// Wrote says which files a data block wrote.
	Wrote(block string, paths []string)
}

// Recovery is the view of recover.
type Recovery interface {
	Voice
	Recovery(r apply.Recovery)
}

// Validate is the view of validate: all there is to say of a configuration, good or bad.
type Validate interface {
	Voice
	Validated(diags hclv2.Diagnostics, files map[string]*hclv2.File)
}

// Lint is the view of lint: what the rules found. files holds the sources by name.
type Lint interface {
	Voice
	Linted(r lint.Report, files map[string]*hclv2.File)
}

// Show is the view of show, state show and output.
type Show interface {
	Voice
	Plan(p *plan.Plan)
	State(st state.State, checks []plan.Checked)
	Resource(r state.Resource, of state.State)
	Census(files []state.File)
	Outputs(outputs map[string]any)
	Output(value any)
}

// Inspect is the view of inspect.
type Inspect interface {
	Voice
	Inspect(envelopes []Envelope)
}

// Doctor is the view of doctor.
type Doctor interface {
	Voice
	Findings(list []Finding)
}

// Answer is the view of kms: an answer of the service, as it came.
type Answer interface {
	Voice
	Answer(doc json.RawMessage)
}

// Result is the view of commands whose answer is a value that takes a few lines for people: version, state list,
// and those on a running emulator.
type Result interface {
	Voice
	// Result shows a value, or where it is nil just the lines.
	Result(value any, lines ...string)
	// Listed is Result for lines that programs read as well: a list of names, a policy, exports for a shell. They are never folded.
	Listed(value any, lines ...string)
	// Table is Result for rows with the same columns.
	Table(value any, head []string, rows [][]string)
}

// Bench is the view of bench.
type Bench interface {
	Voice
	// BenchPeriod shows what became of a period's calls.
	BenchPeriod(s load.Span)
	// Benched sums the measurement up.
	Benched(r load.Report)
}

// Batch is the view of batch and worker.
type Batch interface {
	Voice
	BatchPlan(p batch.Plan)
	// Listing shows how far the listing of a batch's objects is.
	Listing(l Listing)
	// Batching shows how far a batch is.
	Batching(b Batching)
	// Granting shows what a role of PostgreSQL needs, place by place.
	Granting(role string, list []Granted)
}

// View can show the answer of every command. A further form of output is one file: a type that embeds
// Silent and has the methods it has something to say in.
type View interface {
	Run
	Recovery
	Validate
	Lint
	Show
	Inspect
	Doctor
	Bench
	Batch
	Drift
	Test
	Answer
	Result
}

// Hooks let apply tell a view what happens while it happens.
func Hooks(v Apply) apply.Hooks {
	return apply.Hooks{Started: v.Started, Progress: v.Calling, Done: v.Done, Failed: v.Failed, Skipped: v.Skipped, Recovered: v.Recovered}
}

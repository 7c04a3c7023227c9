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

// multi tells every one of its views, in their order.
type multi []View

var _ View = multi{}

// New makes one view of several; those that are nil are left out.
func New(views ...View) View {
	var all multi
	for _, v := range views {
		if v != nil {
			all = append(all, v)
		}
	}
	if len(all) == 1 {
		return all[0]
	}
	return all
}

func (m multi) each(show func(View)) {
	for _, v := range m {
		show(v)
	}
}

func (m multi) Diagnostics(d hclv2.Diagnostics, f map[string]*hclv2.File) {
	m.each(func(v View) { v.Diagnostics(d, f) })
}
func (m multi) Refusals(list []plan.Refusal)       { m.each(func(v View) { v.Refusals(list) }) }
func (m multi) Recovered(r apply.Recovered)        { m.each(func(v View) { v.Recovered(r) }) }
func (m multi) Notef(format string, args ...any)   { m.each(func(v View) { v.Notef(format, args...) }) }
func (m multi) Plan(p *plan.Plan)                  { m.each(func(v View) { v.Plan(p) }) }
func (m multi) Waiting(list []plan.Batch)          { m.each(func(v View) { v.Waiting(list) }) }
func (m multi) Approved(p *plan.Plan)              { m.each(func(v View) { v.Approved(p) }) }
func (m multi) Saved(name string, p *plan.Plan)    { m.each(func(v View) { v.Saved(name, p) }) }
func (m multi) Ask(workspace string)               { m.each(func(v View) { v.Ask(workspace) }) }
func (m multi) Cancelled()                         { m.each(View.Cancelled) }
func (m multi) Started(s apply.Step)               { m.each(func(v View) { v.Started(s) }) }
func (m multi) Calling(s apply.Step, op string)    { m.each(func(v View) { v.Calling(s, op) }) }
func (m multi) Done(s apply.Step, o apply.Outcome) { m.each(func(v View) { v.Done(s, o) }) }
func (m multi) Failed(s apply.Step, o apply.Outcome) {
	m.each(func(v View) { v.Failed(s, o) })
}
func (m multi) Skipped(s apply.Step, o apply.Outcome) {
	m.each(func(v View) { v.Skipped(s, o) })
}
func (m multi) Applied(r apply.Report)               { m.each(func(v View) { v.Applied(r) }) }
func (m multi) Rescued(r apply.Report)               { m.each(func(v View) { v.Rescued(r) }) }
func (m multi) Unfinished(r apply.Report, err error) { m.each(func(v View) { v.Unfinished(r, err) }) }
func (m multi) Current(block string)                 { m.each(func(v View) { v.Current(block) }) }
func (m multi) Wrote(block string, paths []string)   { m.each(func(v View) { v.Wrote(block, paths) }) }
func (m multi) Recovery(r apply.Recovery)            { m.each(func(v View) { v.Recovery(r) }) }
func (m multi) State(st state.State, checks []plan.Checked) {
	m.each(func(v View) { v.State(st, checks) })
}
func (m multi) Resource(r state.Resource, st state.State) { m.each(func(v View) { v.Resource(r, st) }) }
func (m multi) Census(files []state.File)                 { m.each(func(v View) { v.Census(files) }) }
func (m multi) Outputs(outputs map[string]any)            { m.each(func(v View) { v.Outputs(outputs) }) }
func (m multi) Output(value any)                          { m.each(func(v View) { v.Output(value) }) }
func (m multi) Inspect(list []Envelope)                   { m.each(func(v View) { v.Inspect(list) }) }
func (m multi) Findings(list []Finding)                   { m.each(func(v View) { v.Findings(list) }) }
func (m multi) Reading(r Reading)                         { m.each(func(v View) { v.Reading(r) }) }
func (m multi) Working(w Working)                         { m.each(func(v View) { v.Working(w) }) }
func (m multi) Tree(w Tree)                               { m.each(func(v View) { v.Tree(w) }) }
func (m multi) TestFile(name, status string)              { m.each(func(v View) { v.TestFile(name, status) }) }
func (m multi) TestRun(r TestRun)                         { m.each(func(v View) { v.TestRun(r) }) }
func (m multi) Tested(c TestCounts)                       { m.each(func(v View) { v.Tested(c) }) }
func (m multi) BenchPeriod(s load.Span)                   { m.each(func(v View) { v.BenchPeriod(s) }) }
func (m multi) Benched(r load.Report)                     { m.each(func(v View) { v.Benched(r) }) }
func (m multi) Traffic(list []Traffic)                    { m.each(func(v View) { v.Traffic(list) }) }
func (m multi) Drift(d plan.Drifts)                       { m.each(func(v View) { v.Drift(d) }) }
func (m multi) Refreshed(d plan.Drifts)                   { m.each(func(v View) { v.Refreshed(d) }) }
func (m multi) BatchPlan(p batch.Plan)                    { m.each(func(v View) { v.BatchPlan(p) }) }
func (m multi) Listing(l Listing)                         { m.each(func(v View) { v.Listing(l) }) }
func (m multi) Batching(b Batching)                       { m.each(func(v View) { v.Batching(b) }) }
func (m multi) Granting(role string, list []Granted) {
	m.each(func(v View) { v.Granting(role, list) })
}
func (m multi) Answer(doc json.RawMessage) { m.each(func(v View) { v.Answer(doc) }) }
func (m multi) Error(summary string, err error, hints ...string) {
	m.each(func(v View) { v.Error(summary, err, hints...) })
}
func (m multi) Validated(d hclv2.Diagnostics, f map[string]*hclv2.File) {
	m.each(func(v View) { v.Validated(d, f) })
}
func (m multi) Linted(r lint.Report, f map[string]*hclv2.File) {
	m.each(func(v View) { v.Linted(r, f) })
}
func (m multi) Result(value any, lines ...string) {
	m.each(func(v View) { v.Result(value, lines...) })
}
func (m multi) Listed(value any, lines ...string) {
	m.each(func(v View) { v.Listed(value, lines...) })
}
func (m multi) Table(value any, head []string, rows [][]string) {
	m.each(func(v View) { v.Table(value, head, rows) })
}

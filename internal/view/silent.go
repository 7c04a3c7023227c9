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

// Silent is a view that says nothing: what a form of output embeds that speaks of few things.
type Silent struct{}

var _ View = Silent{}

func (Silent) Diagnostics(hclv2.Diagnostics, map[string]*hclv2.File) {}
func (Silent) Refusals([]plan.Refusal)                               {}
func (Silent) Recovered(apply.Recovered)                             {}
func (Silent) Notef(string, ...any)                                  {}
func (Silent) Error(string, error, ...string)                        {}
func (Silent) Plan(*plan.Plan)                                       {}
func (Silent) Waiting([]plan.Batch)                                  {}
func (Silent) Approved(*plan.Plan)                                   {}
func (Silent) Saved(string, *plan.Plan)                              {}
func (Silent) Ask(string)                                            {}
func (Silent) Cancelled()                                            {}
func (Silent) Started(apply.Step)                                    {}
func (Silent) Calling(apply.Step, string)                            {}
func (Silent) Done(apply.Step, apply.Outcome)                        {}
func (Silent) Failed(apply.Step, apply.Outcome)                      {}
func (Silent) Skipped(apply.Step, apply.Outcome)                     {}
func (Silent) Applied(apply.Report)                                  {}
func (Silent) Rescued(apply.Report)                                  {}
func (Silent) Unfinished(apply.Report, error)                        {}
func (Silent) Current(string)                                        {}
func (Silent) Wrote(string, []string)                                {}
func (Silent) Recovery(apply.Recovery)                               {}
func (Silent) Validated(hclv2.Diagnostics, map[string]*hclv2.File)   {}
func (Silent) Linted(lint.Report, map[string]*hclv2.File)            {}
func (Silent) State(state.State, []plan.Checked)                     {}
func (Silent) Resource(state.Resource, state.State)                  {}
func (Silent) Census([]state.File)                                   {}
func (Silent) Outputs(map[string]any)                                {}
func (Silent) Output(any)                                            {}
func (Silent) Inspect([]Envelope)                                    {}
func (Silent) Findings([]Finding)                                    {}
func (Silent) Answer(json.RawMessage)                                {}
func (Silent) Reading(Reading)                                       {}
func (Silent) Working(Working)                                       {}
func (Silent) Tree(Tree)                                             {}
func (Silent) Traffic([]Traffic)                                     {}
func (Silent) BenchPeriod(load.Span)                                 {}
func (Silent) Benched(load.Report)                                   {}
func (Silent) Drift(plan.Drifts)                                     {}
func (Silent) Refreshed(plan.Drifts)                                 {}
func (Silent) TestFile(string, string)                               {}
func (Silent) TestRun(TestRun)                                       {}
func (Silent) Tested(TestCounts)                                     {}
func (Silent) Result(any, ...string)                                 {}
func (Silent) Listed(any, ...string)                                 {}
func (Silent) Table(any, []string, [][]string)                       {}
func (Silent) BatchPlan(batch.Plan)                                  {}
func (Silent) Listing(Listing)                                       {}
func (Silent) Batching(Batching)                                     {}
func (Silent) Granting(string, []Granted)                            {}

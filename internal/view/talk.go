package view

import (
	hclv2 "github.com/hashicorp/hcl/v2"

	"kmsplan.dev/kmsplan/internal/apply"
	"kmsplan.dev/kmsplan/internal/plan"
)

// Talk is what people are told while standard output is a report's: all that is said beside an answer, on standard error.
type Talk struct {
	Silent
	t *Terminal
}

// NewTalk makes the view for a terminal's streams.
func NewTalk(t *Terminal) Talk {
	return Talk{t: t.onErr()}
}

func (k Talk) Diagnostics(d hclv2.Diagnostics, f map[string]*hclv2.File) { k.t.Diagnostics(d, f) }
func (k Talk) Refusals(list []plan.Refusal)                              { k.t.Refusals(list) }
func (k Talk) Recovered(r apply.Recovered)                               { k.t.Recovered(r) }
func (k Talk) Notef(format string, args ...any)                          { k.t.Notef(format, args...) }
func (k Talk) Error(summary string, err error, hints ...string)          { k.t.Error(summary, err, hints...) }
func (k Talk) Reading(r Reading)                                         { k.t.Reading(r) }
func (k Talk) Working(w Working)                                         { k.t.Working(w) }
func (k Talk) Tree(w Tree)                                               { k.t.Tree(w) }
func (k Talk) Saved(name string, p *plan.Plan)                           { k.t.Saved(name, p) }

// Plan says what refuses a plan; what it would do stands in the report.
func (k Talk) Plan(p *plan.Plan) { k.t.Refusals(p.Refusals) }

package view

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	hclv2 "github.com/hashicorp/hcl/v2"

	"kmsplan.dev/kmsplan/internal/lint"
	"kmsplan.dev/kmsplan/internal/plan"
)

// Told is a view that keeps what it is told, for a report that is one document and can be written only at the end.
type Told struct {
	Silent
	About About

	diags    hclv2.Diagnostics
	files    map[string]*hclv2.File
	refusals []plan.Refusal // of a module that does not load
	failures []failure
	plan     *plan.Plan
	drift    *plan.Drifts // of drift, which makes no plan
	lint     *lint.Report
}

var _ View = (*Told)(nil)

// About is what a report says of the run besides what a view is told.
type About struct {
	Version string // of kmsplan
	Command string // plan, lint
	// Prefix is put before the module's files, so that they are named from the top of the repository: "infra/kms".
	Prefix string
	Stack  string // tells this stack's report from another's in the same place: the prefix, or the directory's name
}

// failure is an error that ended a command.
type failure struct{ summary, detail string }

func (t *Told) Diagnostics(d hclv2.Diagnostics, f map[string]*hclv2.File) {
	t.diags = append(t.diags, d...)
	if t.files == nil {
		t.files = map[string]*hclv2.File{}
	}
	maps.Copy(t.files, f)
}
func (t *Told) Refusals(list []plan.Refusal) { t.refusals = append(t.refusals, list...) }
func (t *Told) Error(summary string, err error, hints ...string) {
	t.failures = append(t.failures, failure{summary, errorDetail(err, hints)})
}
func (t *Told) Plan(p *plan.Plan)   { t.plan = p }
func (t *Told) Drift(d plan.Drifts) { t.drift = &d }
func (t *Told) Linted(r lint.Report, f map[string]*hclv2.File) {
	t.lint = &r
	t.Diagnostics(nil, f)
}

// drifted is what changed outside, and what waits for deletion, whichever command looked.
func (t *Told) drifted() (drift []plan.Drift, dying []plan.DyingKey) {
	switch {
	case t.plan != nil:
		return t.plan.Drift, t.plan.Dying
	case t.drift != nil:
		return t.drift.Drift, t.drift.Dying
	}
	return nil, nil
}

// driftTitle heads one drift.
func driftTitle(d plan.Drift) string {
	if d.Gone {
		return d.Addr.String() + " is gone"
	}
	return d.Addr.String() + " was changed outside of kmsplan"
}

// driftText names what differs.
func driftText(d plan.Drift) string {
	if d.Gone {
		return "Somebody deleted it since the last apply."
	}
	var names []string
	for _, a := range d.Diff {
		names = append(names, a.Name)
	}
	return "It differs from what the last apply left: " + strings.Join(names, ", ") + "."
}

// dyingTitle heads a key that waits for deletion.
func (t *Told) dyingTitle(k plan.DyingKey) string {
	var now time.Time
	switch {
	case t.plan != nil:
		now = t.plan.Created
	case t.drift != nil:
		now = t.drift.At
	}
	return dyingName(k) + " waits for deletion" + dyingWhen(k, now)
}

// allRefusals are those of the plan and those that kept it from being made.
func (t *Told) allRefusals() []plan.Refusal {
	if t.plan == nil {
		return t.refusals
	}
	return slices.Concat(t.plan.Refusals, t.refusals)
}

// refusalText is why a guard refuses, and the ways forward.
func refusalText(r plan.Refusal) string {
	text := r.Reason + "\n"
	for i, way := range r.WaysForward {
		text += fmt.Sprintf("%d. %s\n", i+1, strings.TrimSpace(way))
	}
	return text
}

// refusalTitle heads a refusal.
func refusalTitle(r plan.Refusal) string {
	title := "Refused by guard " + r.Guard
	if r.Addr.Kind != "" {
		title += ": " + r.Addr.String()
	}
	return title
}

// errored reports whether something kept the command from its answer.
func (t *Told) errored() bool { return t.diags.HasErrors() || len(t.failures) > 0 }

// file is a module's file as a report names it.
func (t *Told) file(name string) string { return path.Join(t.About.Prefix, name) }

// firstFile stands for what is in no file: reports want a place.
func (t *Told) firstFile() string {
	names := slices.Sorted(maps.Keys(t.files))
	if len(names) == 0 {
		return t.file("main.kms.hcl")
	}
	return t.file(names[0])
}

package planfile

import (
	"fmt"
	"maps"
	"slices"

	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/safety"
	"kmsplan.dev/kmsplan/internal/state"
)

// toDocument refuses a marked value: sensitive values never enter a plan, and a slip must not reach the
// disk.
func toDocument(f *File) (*document, error) {
	p := f.Plan
	d := &document{Writer: p.Writer, Created: p.Created, Lineage: p.Lineage, Serial: p.Serial, Workspace: p.Workspace, Configuration: p.Configuration, Changes: make([]change, 0, len(p.Changes))}
	if p.Reading != plan.ReadFull {
		d.Refresh = p.Reading.String()
	}
	if d.Workspace == state.DefaultWorkspace {
		d.Workspace = ""
	}
	w := writer{}
	d.Made, d.Lookups = w.made(f.Binding), w.lookups(p.Lookups)
	for i := range p.Changes {
		c := &p.Changes[i]
		d.Changes = append(d.Changes, change{
			Addr: c.Addr.String(), Kind: c.Kind, Gateway: c.Gateway, Action: c.Action.Sign(), ID: c.ID, Reason: c.Reason,
			Diff: w.diffs(c.Addr, c.Diff), whole: w.whole(c), Calls: c.Calls, Protected: c.Protected, PreImage: c.PreImage,
			MovedFrom: text(c.MovedFrom), TakenFrom: c.TakenFrom, Succeeds: c.Succeeds, NeededBy: c.NeededBy, DependsOn: texts(c.DependsOn),
		})
	}
	for _, x := range p.Drift {
		d.Drift = append(d.Drift, drift{x.Addr.String(), x.Kind, x.ID, x.Gone, w.diffs(x.Addr, x.Diff), x.Kept})
	}
	for _, o := range p.Outputs {
		d.Outputs = append(d.Outputs, output{Name: o.Name, Before: w.value("output "+o.Name, o.Before), After: w.value("output "+o.Name, o.After)})
	}
	for _, name := range slices.Sorted(maps.Keys(p.SteadyOutputs)) {
		v := w.value("output "+name, p.SteadyOutputs[name])
		d.Outputs = append(d.Outputs, output{Name: name, Before: v, After: v, Steady: true})
	}
	d.addReports(p)
	return d, w.err
}

// addReports copies what needs no check.
func (d *document) addReports(p *plan.Plan) {
	for _, r := range p.Refusals {
		d.Refusals = append(d.Refusals, refusal{r.Guard, text(r.Addr), r.Reason, r.WaysForward})
	}
	for _, x := range p.Radius {
		d.Radius = append(d.Radius, radius{x.Addr.String(), x.Secrets, x.Files, x.Aliases})
	}
	for _, x := range p.Dying {
		d.Dying = append(d.Dying, dying{x.Gateway, x.ID, text(x.Addr), x.DeleteAt})
	}
	for _, m := range p.MovedGateways {
		d.Moved = append(d.Moved, moved(m))
	}
	for _, b := range p.Batches {
		d.Batches = append(d.Batches, waiting{b.Addr.String(), b.Action, b.Source, b.Waits, text(b.MovedFrom), b.Starts, b.Forgets})
	}
	for _, c := range p.Files {
		d.Files = append(d.Files, file{Addr: c.Addr.String(), Action: c.Action.Sign(), Path: state.PathText(c.Path), Source: state.PathText(c.Source), Reason: c.Reason, Problem: c.Problem, MovedFrom: text(c.MovedFrom), Gateway: c.Gateway})
	}
	for _, w := range p.Warnings {
		d.Warnings = append(d.Warnings, warning{text(w.Addr), w.Summary, w.Detail, w.Stands})
	}
	for _, c := range p.Checks {
		out := checked{Addr: c.Addr.String(), Status: string(c.Status)}
		for _, x := range c.Problems {
			out.Problems = append(out.Problems, problem(x))
		}
		d.Checks = append(d.Checks, out)
	}
}

// writer keeps the first failure.
type writer struct{ err error }

func (w *writer) value(of string, v cty.Value) value {
	if v.ContainsMarked() && w.err == nil && !safety.Off(safety.SavedNoSecret) {
		w.err = fmt.Errorf("encode the plan: %s is sensitive", of)
	}
	v, _ = v.UnmarkDeep()
	if w.err != nil {
		return value{cty.NilVal}
	}
	return value{v}
}

func (w *writer) diffs(a addr.Address, diffs []plan.AttrDiff) []diff {
	var out []diff
	for _, d := range diffs {
		of := d.Name + " of " + a.String()
		out = append(out, diff{d.Name, w.value(of, d.Before), w.value(of, d.After), d.WriteOnly})
	}
	return out
}

func (w *writer) made(b Binding) made {
	m := made{Targets: texts(b.Scope.Targets), Excludes: texts(b.Scope.Excludes), Destroy: b.Destroy, Gateways: b.Gateways, Configuration: b.Configuration, Secrets: given(b.Secrets), Sources: given(b.Sources)}
	for _, v := range b.Variables {
		m.Variables = append(m.Variables, variable{v.Name, w.value("variable "+v.Name, v.Value), v.Flag})
	}
	return m
}

func given(f state.Fingerprint) *state.Fingerprint {
	if f.IsZero() {
		return nil
	}
	return &f
}

func text(a addr.Address) string {
	if a.Kind == "" {
		return ""
	}
	return a.String()
}

func texts(list []addr.Address) []string {
	var out []string
	for _, a := range list {
		out = append(out, a.String())
	}
	return out
}

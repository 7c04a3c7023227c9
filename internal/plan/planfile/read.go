package planfile

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/state"
)

// fromDocument is the inverse of toDocument.
func fromDocument(d document) (*File, error) {
	var r reader
	p := &plan.Plan{
		Writer: d.Writer, Created: d.Created, Lineage: d.Lineage, Serial: d.Serial,
		Changes: make([]plan.Change, 0, len(d.Changes)), Workspace: cmp.Or(d.Workspace, state.DefaultWorkspace),
	}
	var err error
	if p.Reading, err = plan.ParseReading(d.Refresh); err != nil {
		return nil, err
	}
	if err := state.CheckWorkspace(p.Workspace); err != nil {
		r.fail(err)
	}
	for _, c := range d.Changes {
		p.Changes = append(p.Changes, plan.Change{
			Addr: r.must(c.Addr), Kind: c.Kind, Gateway: c.Gateway, Action: r.action(c.Action), ID: c.ID, Reason: c.Reason,
			Diff: diffs(c.Diff), Whole: c.whole.plan(), Calls: c.Calls, Protected: c.Protected, PreImage: c.PreImage,
			MovedFrom: r.addr(c.MovedFrom), TakenFrom: c.TakenFrom, Succeeds: c.Succeeds, NeededBy: c.NeededBy, DependsOn: r.addrs(c.DependsOn),
		})
	}
	p.Lookups, p.Configuration = r.lookups(d.Lookups), d.Configuration
	for _, x := range d.Refusals {
		p.Refusals = append(p.Refusals, plan.Refusal{Guard: x.Guard, Addr: r.addr(x.Addr), Reason: x.Reason, WaysForward: x.WaysForward})
	}
	for _, x := range d.Drift {
		p.Drift = append(p.Drift, plan.Drift{Addr: r.must(x.Addr), Kind: x.Kind, ID: x.ID, Gone: x.Gone, Diff: diffs(x.Diff), Kept: x.Kept})
	}
	for _, x := range d.Radius {
		p.Radius = append(p.Radius, plan.Radius{Addr: r.must(x.Addr), Secrets: x.Secrets, Files: x.Files, Aliases: x.Aliases})
	}
	for _, x := range d.Dying {
		p.Dying = append(p.Dying, plan.DyingKey{Gateway: x.Gateway, ID: x.ID, Addr: r.addr(x.Addr), DeleteAt: x.DeleteAt})
	}
	for _, m := range d.Moved {
		p.MovedGateways = append(p.MovedGateways, plan.MovedGateway(m))
	}
	for _, b := range d.Batches {
		p.Batches = append(p.Batches, plan.Batch{Addr: r.must(b.Addr), Action: b.Action, Source: b.Source, Waits: b.Waits, MovedFrom: r.addr(b.MovedFrom), Starts: b.Starts, Forgets: b.Forgets})
	}
	for _, c := range d.Files {
		p.Files = append(p.Files, plan.FileChange{Addr: r.must(c.Addr), Action: r.action(c.Action), Path: string(c.Path), Source: string(c.Source), Reason: c.Reason, Problem: c.Problem, MovedFrom: r.addr(c.MovedFrom), Gateway: c.Gateway})
	}
	for _, o := range d.Outputs {
		if o.Steady {
			if p.SteadyOutputs == nil {
				p.SteadyOutputs = map[string]cty.Value{}
			}
			p.SteadyOutputs[o.Name] = o.After.Value
			continue
		}
		p.Outputs = append(p.Outputs, plan.OutputChange{Name: o.Name, Before: o.Before.Value, After: o.After.Value})
	}
	for _, w := range d.Warnings {
		p.Warnings = append(p.Warnings, plan.Warning{Addr: r.addr(w.Addr), Summary: w.Summary, Detail: w.Detail, Stands: w.Stands})
	}
	for _, x := range d.Checks {
		c := plan.Checked{Addr: r.must(x.Addr), Status: plan.Status(x.Status)}
		for _, at := range x.Problems {
			c.Problems = append(c.Problems, plan.Problem(at))
		}
		p.Checks = append(p.Checks, c)
	}
	return &File{Plan: p, Binding: r.binding(d.Made)}, r.err
}

func diffs(list []diff) []plan.AttrDiff {
	var out []plan.AttrDiff
	for _, d := range list {
		out = append(out, plan.AttrDiff{Name: d.Name, Before: orNull(d.Before.Value), After: orNull(d.After.Value), WriteOnly: d.WriteOnly})
	}
	return out
}

// reader parses addresses and actions and keeps the first failure.
type reader struct{ err error }

func (r *reader) binding(m made) Binding {
	b := Binding{Scope: plan.Scope{Targets: r.targets(m.Targets), Excludes: r.targets(m.Excludes)}, Destroy: m.Destroy, Gateways: m.Gateways, Configuration: m.Configuration}
	for _, v := range m.Variables {
		b.Variables = append(b.Variables, hcl.Variable{Name: v.Name, Value: orNull(v.Value.Value), Flag: v.Flag})
	}
	for _, f := range []struct {
		from *state.Fingerprint
		to   *state.Fingerprint
	}{{m.Secrets, &b.Secrets}, {m.Sources, &b.Sources}} {
		if f.from != nil {
			*f.to = *f.from
		}
	}
	return b
}

func (r *reader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
}

func (r *reader) addr(s string) addr.Address {
	if s == "" {
		return addr.Address{}
	}
	a, err := addr.Parse(s)
	if err != nil {
		r.fail(err)
	}
	return a
}

// must is addr for an address that has to be there.
func (r *reader) must(s string) addr.Address {
	if s == "" {
		r.fail(errors.New("an address is missing"))
	}
	return r.addr(s)
}

func (r *reader) addrs(list []string) []addr.Address {
	var out []addr.Address
	for _, s := range list {
		out = append(out, r.must(s))
	}
	return out
}

func (r *reader) targets(list []string) []addr.Address {
	var out []addr.Address
	for _, s := range list {
		t, err := addr.ParseTarget(s)
		if err != nil {
			r.fail(err)
		}
		out = append(out, t)
	}
	return out
}

func (r *reader) action(sign string) plan.Action {
	for _, a := range plan.Actions {
		if a.Sign() == sign {
			return a
		}
	}
	r.fail(fmt.Errorf("unknown action %q", sign))
	return plan.NoOp
}

package plan

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/kind"
	"kmsplan.dev/kmsplan/internal/state"
)

// Drifts is what differs from what this stack left behind, whatever the configuration wants.
type Drifts struct {
	At    time.Time // of the look at the service
	Drift []Drift
	Dying []DyingKey // of every region that was read, managed or not
	Moved []Drift    // what moves by itself and is no drift: after an automatic rotation the primary version, and when the next one is due
}

// Drifted finds what has changed outside of kmsplan. What is wrong with the blocks of an object does not keep it from
// being compared.
func Drifted(in Input) Drifts {
	p := newPlanner(in)
	p.evaluate()
	p.reportDrift()
	p.reportDying()
	p.plan.Drift = slices.DeleteFunc(p.plan.Drift, func(d Drift) bool { return !in.Scope.Holds(d.Addr) })
	return Drifts{At: in.Now.UTC(), Drift: p.plan.Drift, Dying: p.plan.Dying, Moved: p.moved()}
}

// Recorded is the state after it has taken note of drift. What is gone stays recorded: the guards of what is lost
// rest on it.
func Recorded(cfg *hcl.Config, st state.State, drift []Drift) state.State {
	st.Resources = slices.Clone(st.Resources)
	prior := MovedAddresses(cfg, st)
	for _, d := range drift {
		r := prior[d.Addr]
		if r == nil || r.Kind != d.Kind || r.ID != d.ID || d.Gone {
			continue
		}
		recorded := r.Attributes
		r.Attributes = make(map[string]any, len(recorded)) // a state by hand may have none
		maps.Copy(r.Attributes, recorded)
		for _, diff := range d.Diff {
			r.Attributes[diff.Name] = ToState(diff.After)
		}
	}
	return st
}

// reportDrift compares what state remembers with what lives, apart from the
// changes asked for: attributes managed or not, objects that are gone or wait for deletion.

func (p *planner) reportDrift() {
	for i := range p.in.State.Resources {
		r := &p.in.State.Resources[i]
		a := p.addrs[i]
		live := p.in.Live.Gateways[r.Gateway]
		k := kind.Lookup(r.Kind, false)
		if a.Kind == "" || live == nil || k == nil || k.OnlyRecorded {
			continue
		}
		d := Drift{Addr: a, Kind: r.Kind, ID: r.ID}
		o := live.object(r.Kind, r.ID)
		if n := p.nodes[a]; n != nil && p.elsewhere(n) {
			continue // it was looked for in another place than it is in
		}
		if o == nil {
			d.Gone = true
			p.plan.Drift = append(p.plan.Drift, d)
			continue
		}
		if d.Diff = driftOf(k, r.Attributes, o); len(d.Diff) > 0 {
			d.Kept = p.nodes[a].keeps(k, d.Diff)
			p.plan.Drift = append(p.plan.Drift, d)
		}
	}
}

// moved diffs what is computed and not watched: the state knows it from when it last wrote the object.
func (p *planner) moved() (out []Drift) {
	for i := range p.in.State.Resources {
		r := &p.in.State.Resources[i]
		a := p.addrs[i]
		k, o := kind.Lookup(r.Kind, false), p.in.Live.Gateways[r.Gateway].object(r.Kind, r.ID)
		if n := p.nodes[a]; a.Kind == "" || k == nil || k.OnlyRecorded || o == nil || !p.in.Scope.Holds(a) || n != nil && p.elsewhere(n) {
			continue
		}
		if diff := diffOf(k, r.Attributes, o, func(at *kind.Attribute) bool { return at.Mode == kind.Computed && !at.Watched }); len(diff) > 0 {
			out = append(out, Drift{Addr: a, Kind: r.Kind, ID: r.ID, Diff: diff})
		}
	}
	return out
}

// keeps are the attributes that a block could declare and does not, where nothing is done about the object.
func (n *node) keeps(k *kind.Kind, diff []AttrDiff) (names []string) {
	if n == nil || n.refused || n.block == nil || n.change.Action != NoOp {
		return nil
	}
	for _, d := range diff {
		_, declared := n.body.Attrs[d.Name]
		if at := k.Attribute(d.Name); at != nil && at.Mode != kind.Computed && (!declared || n.ignores(d.Name)) {
			names = append(names, d.Name)
		}
	}
	return names
}

// driftOf diffs remembered against live attributes. Of the computed ones only
// those that are watched count: the others move by themselves.
func driftOf(k *kind.Kind, remembered map[string]any, o *Object) []AttrDiff {
	return diffOf(k, remembered, o, func(at *kind.Attribute) bool { return at.Mode != kind.Computed || at.Watched })
}

func diffOf(k *kind.Kind, remembered map[string]any, o *Object, wanted func(*kind.Attribute) bool) []AttrDiff {
	var diff []AttrDiff
	for i := range k.Attributes {
		at := &k.Attributes[i]
		was, recorded := remembered[at.Name]
		now, reported := o.Attrs[at.Name]
		if at.Type == cty.Bool && reported && now.IsNull() {
			continue // neither nor: the key's state says why
		}
		if !recorded || !reported || o.moves(at.Name) || at.WriteOnly || !wanted(at) {
			continue
		}
		if s, ok := was.(string); ok && now.Type() == cty.String && !now.IsNull() && now.AsString() == s {
			continue
		}
		before := FromState(was, at.Type)
		if !Same(at, before, now) {
			diff = append(diff, AttrDiff{Name: at.Name, Before: before, After: now})
		}
	}
	return diff
}

// reportDying lists every key of the read regions that waits for deletion, with
// the address of those that are ours.
func (p *planner) reportDying() {
	for _, name := range sorted(keysOf(p.in.Live.Gateways)) {
		for _, d := range p.in.Live.Gateways[name].Dying {
			d.Gateway = name
			d.Addr = p.claimed[objectID{name, KindKey, d.ID}]
			if a, held := p.holder[objectID{name, KindKey, d.ID}]; held {
				d.Addr = a
			}
			p.plan.Dying = append(p.plan.Dying, d)
		}
	}
	slices.SortStableFunc(p.plan.Dying, func(a, b DyingKey) int {
		return cmp.Or(a.DeleteAt.Compare(b.DeleteAt), cmp.Compare(a.Gateway, b.Gateway), cmp.Compare(a.ID, b.ID))
	})
}

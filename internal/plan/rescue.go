package plan

import "kmsplan.dev/kmsplan/internal/safety"

// rescue enters the call that takes a dying object out of its deletion window, before every other one.
func (n *node) rescue(call string) bool {
	if n.change.Action != Rescue {
		return false
	}
	n.change.Calls = append(n.change.Calls, call)
	n.change.PreImage = PreImageOf(n.object)
	return true
}

// OnlyRescue is the rescue of a change without what else it would do: the object leaves its deletion
// window and stays as it is.
func (c Change) OnlyRescue() Change {
	if safety.Off(safety.PlanOnlyRescue) {
		return c
	}
	c.Calls, c.Diff, c.DependsOn = c.Calls[:1:1], nil, nil
	return c
}

// IsOnlyRescue reports whether the change takes its object out of the deletion window and does nothing else.
func (c Change) IsOnlyRescue() bool { return c.Action == Rescue && len(c.Calls) == 1 }

// Rescues is what of a refused plan is carried out all the same: its rescues and nothing else, because a
// deletion window runs out while somebody finds out why a guard refuses. nil when there is none.
func (p *Plan) Rescues() *Plan {
	out := *p
	out.Changes, out.Lookups, out.Refusals, out.Files, out.Outputs, out.MovedGateways, out.Batches = nil, nil, nil, nil, nil, nil, nil
	for _, c := range p.Changes {
		if c.Action == Rescue {
			out.Changes = append(out.Changes, c.OnlyRescue())
		}
	}
	if len(out.Changes) == 0 {
		return nil
	}
	return &out
}

package plan

import (
	"slices"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/safety"
)

// Taking is what of a plan takes one object into the state, and nothing else: an object that waits for deletion is rescued,
// the owner's tags of one that is taken over are set, and any other stays as it is. What differs from its block is left
// to the next plan.
func (p *Plan) Taking(a addr.Address) *Plan {
	out := *p
	out.Changes, out.Files, out.Outputs, out.Radius = nil, nil, nil, nil
	out.Warnings = slices.DeleteFunc(slices.Clone(p.Warnings), func(w Warning) bool { return w.Addr != a })
	out.Drift = nil
	out.Refusals = slices.DeleteFunc(slices.Clone(p.Refusals), func(r Refusal) bool { return r.Addr != a && r.Addr != addr.Address{} })
	for _, c := range p.Changes {
		if c.Addr == a {
			out.Changes = append(out.Changes, c.taking())
		}
	}
	return &out
}

func (c Change) taking() Change {
	if safety.Off(safety.ImportOnly) {
		return c
	}
	switch {
	case c.Action == Rescue:
		c.Calls = c.Calls[:1:1]
	case c.TakenFrom != "":
		c.Calls = slices.DeleteFunc(slices.Clone(c.Calls), func(call string) bool { return call != "TagResources" })
	default:
		c.Calls = nil
	}
	c.Diff = nil
	return c
}

// Takes reports whether the change takes its object into the state.
func (c *Change) Takes() bool { return c.Action == Adopt || c.Action == Rescue }

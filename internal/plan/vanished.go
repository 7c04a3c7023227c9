package plan

import (
	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/state"
)

// VanishedObjects names the guards of protected objects whose blocks are gone, without
// looking at the service. It serves a configuration that does not load because others still refer to
// the block that was taken out: the references are one half of the story, the object is the other.
func VanishedObjects(cfg *hcl.Config, st state.State) []Refusal {
	p := newPlanner(Input{Config: cfg, State: st})
	declared := map[addr.Address]bool{}
	for _, b := range cfg.Blocks {
		declared[b.Addr] = true
	}
	for i := range st.Resources {
		r := &st.Resources[i]
		a := p.addrs[i]
		if a.Kind == "" || declared[a.Block()] || p.in.Config.RemovedFor(a) != nil || !r.Protected {
			continue
		}
		if v := Decide(Facts{Kind: r.Kind, Desired: Vanished, Known: true, Live: Alive}); v.Guard != "" {
			p.refuseRemoval(&node{addr: a, prior: r, change: Change{Addr: a, Kind: r.Kind, ID: r.ID}}, v.Guard)
		}
	}
	return p.plan.Refusals
}

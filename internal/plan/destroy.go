package plan

import (
	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/kind"
	"kmsplan.dev/kmsplan/internal/safety"
	"kmsplan.dev/kmsplan/internal/state"
)

// Destroying is the configuration of a plan that takes away all that state holds. On an emulator everything goes at
// once. Elsewhere what is protected has no way out, so that its guard refuses the plan and shows the ways; a key that is not protected is
// retired step by step, like any other.
func Destroying(cfg *hcl.Config, st state.State) *hcl.Config {
	emulated := map[string]bool{}
	for _, g := range cfg.Gateways {
		emulated[g.Name] = g.Emulator != nil
	}
	var removed []hcl.Removed
	for a, r := range MovedAddresses(cfg, st) {
		k := kind.Lookup(r.Kind, false)
		if k == nil || !emulated[r.Gateway] && keeps(cfg, a, r) && !safety.Off(safety.PlanDestroyKeeps) {
			continue
		}
		removed = append(removed, wayOut(a, k, emulated[r.Gateway]))
		if !k.Succeeds {
			continue // what came before goes with it
		}
		for _, was := range r.Predecessors {
			removed = append(removed, wayOut(addr.Predecessor(a, was.ID), k, emulated[r.Gateway]))
		}
	}
	return cfg.Destroying(removed)
}

// keeps reports whether an object is protected: as its block says now, else as it was recorded.
func keeps(cfg *hcl.Config, a addr.Address, r *state.Resource) bool {
	if cfg.Block(a.Block()) != nil {
		return cfg.Protects(a)
	}
	return r.Protected
}

// wayOut is the first way in which a kind's objects go: retired where that is known, else deleted, else forgotten.
func wayOut(a addr.Address, k *kind.Kind, emulated bool) hcl.Removed {
	for _, action := range []string{"retire", "delete"} {
		way := k.Removal(action)
		if way == nil {
			continue
		}
		r := hcl.Removed{From: a, Action: action, SoakDays: way.Soak.Default, WindowDays: way.Window.Default}
		if emulated && k.Name == KindKey {
			r.Action, r.SoakDays, r.WindowDays = hcl.TearDown, 0, way.Window.Least
		}
		return r
	}
	return hcl.Removed{From: a, Action: "forget"}
}

// tearsDown reports whether an object goes with all others of an emulator: nobody else's limits and uses count there.
func (p *planner) tearsDown(n *node) bool {
	g := p.gateways[n.gateway]
	return p.in.Config.Destroys && g != nil && g.Emulator != nil
}

package plan

import "kmsplan.dev/kmsplan/internal/addr"

// narrow keeps what is targeted and what that depends on. Everything else keeps
// its planned value for references, and gets no change and no guard.
func (p *planner) narrow() {
	if len(p.in.Targets) == 0 {
		return
	}
	p.wanted = map[addr.Address]bool{}
	for _, n := range p.order {
		if p.named(n.addr) {
			p.want(n.addr)
		}
	}
	kept := p.order[:0]
	for _, n := range p.order {
		if p.wanted[n.addr] {
			kept = append(kept, n)
		}
	}
	p.order = kept
	refusals := p.plan.Refusals[:0]
	for _, r := range p.plan.Refusals {
		if p.wanted[r.Addr] {
			refusals = append(refusals, r)
		}
	}
	p.plan.Refusals = refusals
	p.warn(addr.Address{}, "The plan is narrowed to targets",
		"Other changes are left out, and the result may not match the configuration. Plan without -target before you rely on it.")
}

// named reports whether a target names an instance or its block.
func (p *planner) named(a addr.Address) bool {
	for _, t := range p.in.Targets {
		if t == a || t.Key == "" && t == a.Block() {
			return true
		}
	}
	return false
}

// want adds an instance and what it depends on.
func (p *planner) want(a addr.Address) {
	if p.wanted[a] || p.nodes[a] == nil {
		return
	}
	p.wanted[a] = true
	for _, d := range p.nodes[a].change.DependsOn {
		p.want(d)
	}
}

// targeted reports whether a data block is in the plan.
func (p *planner) targeted(a addr.Address) bool {
	return len(p.in.Targets) == 0 || p.named(a)
}

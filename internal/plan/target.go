package plan

import (
	"fmt"
	"slices"

	hclv2 "github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/safety"
	"kmsplan.dev/kmsplan/internal/suggest"
)

// narrow keeps what the plan is about. Everything else keeps its planned value for references, and gets no change
// and no guard.
func (p *planner) narrow() {
	scope := p.in.Scope
	if scope.Whole() {
		return
	}
	p.checkTargetsExist()
	if len(scope.Targets) > 0 {
		p.wantTargets()
	} else {
		p.wantRest()
	}
	kept := p.order[:0]
	for _, n := range p.order {
		if p.wanted[n.addr] && n.unread && !p.astray(n) {
			p.refuseUnreadGateway(n)
		}
		if p.wanted[n.addr] {
			kept = append(kept, n)
		}
	}
	p.order = kept
	if len(scope.Targets) > 0 {
		p.warn(addr.Address{}, "The plan is narrowed to targets",
			"Other changes are left out, and the result may not match the configuration. Plan without -target before you rely on it.")
		return
	}
	p.warn(addr.Address{}, "The plan leaves something out",
		"What -exclude names, and what depends on it, is left as it is, and the result may not match the configuration. Plan without -exclude before you rely on it.")
}

// wantTargets wants what is targeted, and what that depends on.
func (p *planner) wantTargets() {
	p.wanted = map[addr.Address]bool{}
	for _, n := range p.order {
		if p.in.Scope.Holds(n.addr) || n.of != nil && p.in.Scope.Holds(n.of.addr) {
			p.want(n.addr)
		}
	}
	p.wantForFiles()
}

// wantRest wants all but what is excluded and what depends on that, which comes after it.
func (p *planner) wantRest() {
	p.wanted = make(map[addr.Address]bool, len(p.order))
	for _, n := range p.order {
		p.wanted[n.addr] = p.in.Scope.Holds(n.addr) && p.keepsAll(n.change.DependsOn)
	}
}

// keepsAll reports whether nothing of what an object or a file depends on is left out.
func (p *planner) keepsAll(on []addr.Address) bool {
	return !slices.ContainsFunc(on, func(d addr.Address) bool {
		return p.nodes[d] != nil && !p.wanted[d] || !p.in.Scope.Holds(d) || d.Data && !p.keepsAll(p.in.Config.DependsOn(d))
	})
}

// checkTargetsExist reports targets that name nothing: a plan of nothing would look like "no changes".
func (p *planner) checkTargetsExist() {
	for _, t := range p.in.Scope.Addresses() {
		found := slices.ContainsFunc(p.order, func(n *node) bool { return t.Covers(n.addr) }) ||
			slices.ContainsFunc(p.in.Config.Blocks, func(b *hcl.Block) bool { return t.Covers(b.Addr) || slices.ContainsFunc(b.Instances, t.Covers) })
		if found {
			continue
		}
		p.diags = p.diags.Append(&hclv2.Diagnostic{
			Severity: hclv2.DiagError, Summary: "No such target",
			Detail: fmt.Sprintf("Neither the configuration nor the state has %s%s.", t, suggest.Clause(t.String(), p.addresses())),
		})
	}
}

// addresses are those that a target may name.
func (p *planner) addresses() []string {
	var all []addr.Address
	for _, n := range p.order {
		all = append(all, n.addr)
	}
	for _, b := range p.in.Config.Blocks {
		all = append(all, b.Addr)
	}
	return addr.Names(all)
}

// wantForFiles adds what the targeted data blocks depend on.
func (p *planner) wantForFiles() {
	for _, block := range p.in.Config.Blocks {
		for _, a := range block.Instances {
			if block.Kind.Data() && p.targeted(a) {
				for _, d := range p.in.Config.DependsOn(a) {
					p.want(d)
				}
			}
		}
	}
}

// unread leaves an object alone whose gateway was not read. Only a plan that is narrowed to others may do without
// that; see narrow and narrowToAsked.
func (p *planner) unread(n *node) {
	if p.in.Scope.Whole() && len(p.in.Requests) == 0 && !p.astray(n) && !safety.Off(safety.PlanUnread) {
		p.refuseUnreadGateway(n)
		return
	}
	n.unread, n.refused, n.change.Action = true, true, NoOp
}

// remembered is the value of an object that was not read: what state has of it, or unknown.
func (n *node) remembered() cty.Value {
	if n.prior != nil {
		return ObjectValue(n.block.Kind, n.prior, nil)
	}
	vals := map[string]cty.Value{}
	for i := range n.block.Kind.Attributes {
		if at := &n.block.Kind.Attributes[i]; !at.WriteOnly {
			vals[at.Name] = cty.UnknownVal(at.Type)
		}
	}
	return cty.ObjectVal(vals)
}

// want adds an instance and what it depends on, also through data blocks.
func (p *planner) want(a addr.Address) {
	if p.wanted[a] || p.nodes[a] == nil && !a.Data {
		return
	}
	p.wanted[a] = true
	on := p.in.Config.DependsOn(a)
	if n := p.nodes[a]; n != nil {
		on = n.change.DependsOn
	}
	for _, d := range on {
		p.want(d)
	}
}

// targeted reports whether a data block is in the plan.
func (p *planner) targeted(a addr.Address) bool {
	switch scope := p.in.Scope; {
	case scope.Whole():
		return true
	case len(scope.Targets) > 0:
		return scope.Holds(a) || p.needsData(a)
	default:
		return scope.Holds(a) && p.keepsAll(p.in.Config.DependsOn(a))
	}
}

// needsData reports whether a target needs a data block: what decrypts a file needs the block that writes it.
func (p *planner) needsData(a addr.Address) bool {
	if p.needed == nil {
		p.needed = map[addr.Address]bool{}
		var need func(addr.Address)
		need = func(a addr.Address) {
			if !p.needed[a] {
				p.needed[a] = true
				for _, d := range p.in.Config.DependsOn(a) {
					need(d)
				}
			}
		}
		for _, block := range p.in.Config.Blocks {
			for _, at := range block.Instances {
				if p.in.Scope.Holds(at) {
					need(at)
				}
			}
		}
	}
	return p.needed[a]
}

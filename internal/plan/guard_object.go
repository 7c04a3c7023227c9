package plan

import (
	"fmt"
	"strings"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/kind"
	"kmsplan.dev/kmsplan/internal/safety"
)

// elsewhere reports whether state holds the object in another place than its gateway is now: the block was
// written for another gateway, or a gateway block means another region or instance than it did. What the
// service says there about the object means nothing.
func (p *planner) elsewhere(n *node) bool { return p.place(n) != "" }

// place says how an object's place differs; "" when it does not, and when nothing was concluded from a look.
func (p *planner) place(n *node) string {
	r := n.prior
	if r == nil || n.block == nil && !n.looked() || safety.Off(safety.PlanGateway) {
		return ""
	}
	if r.Gateway != n.gateway {
		return fmt.Sprintf("state holds it on gateway %q, and its block is on gateway %q", r.Gateway, n.gateway)
	}
	if g := p.gateways[n.gateway]; g != nil && r.Region != "" && g.Region != "" && r.Region != g.Region {
		return fmt.Sprintf("state holds it in the region %s, and gateway %q is in %s now", r.Region, n.gateway, g.Region)
	}
	instance, _ := r.Attributes["instance"].(string)
	if n.object == nil && n.live != nil && instance != "" && instance != kind.SharedGateway && n.live.InstanceID != "" && instance != n.live.InstanceID {
		return fmt.Sprintf("state holds it in the instance %s, and gateway %q has the instance %s now", instance, n.gateway, n.live.InstanceID)
	}
	return ""
}

// looked reports whether what the service says decides about an object without a block.
func (n *node) looked() bool {
	d := n.facts.Desired
	k := kind.Lookup(n.change.Kind, false)
	return d == ToRetire || d == ToDelete || d == Unprotected && k != nil && k.Goes
}

// astray reports whether the object is on a gateway that is not known to lead to where it is.
func (p *planner) astray(n *node) bool {
	if n.prior == nil {
		return false
	}
	_, astray := p.in.Astray[n.prior.Gateway]
	return astray
}

// checkGateways refuses what is about gateways that are not known to lead to where the objects are, each once.
func (p *planner) checkGateways() {
	for _, name := range sorted(keysOf(p.in.Astray)) {
		p.plan.Refusals = append(p.plan.Refusals, p.in.Astray[name])
	}
	each((*planner).checkGateway)(p)
}

// checkGateway refuses to look for an object in another place than it is in.
func (p *planner) checkGateway(n *node) {
	place := p.place(n)
	if place == "" {
		return
	}
	n.hold()
	if p.astray(n) {
		n.refused = true
		return
	}
	ways := []string{fmt.Sprintf("Let the gateway block %q mean the place it meant when this was applied.", n.prior.Gateway)}
	if n.prior.Gateway != n.gateway {
		ways = []string{fmt.Sprintf("Write gateway = gateway.%s in the block. Without that argument a block is on the first gateway of the configuration, so that exchanged gateway blocks move it.", n.prior.Gateway),
			fmt.Sprintf("If the gateway block only got another name, `kmsplan state replace-gateway %s %s` tells the state so, once it has proved that it is the same place.", n.prior.Gateway, n.gateway)}
	}
	p.refuseObject(n, GuardOtherGateway,
		fmt.Sprintf("%s (%s): %s. No object moves to another account, region or instance, and it is not looked for there.", n.addr, n.prior.ID, place),
		append(ways, fmt.Sprintf("To have a new object in the other place, let this one go with `kmsplan state rm '%s'`, which leaves it as it is; import takes it up again.", n.addr))...)
}

// checkDuplicates refuses a second address for one object, in state or in configuration.
func (p *planner) checkDuplicates() {
	for _, d := range p.doubles {
		if a, b := p.nodes[d.addr], p.nodes[d.other]; d.kind == KindAlias && a != nil && b != nil && (a.gave || b.gave) {
			continue // an exchange of names that stopped half way, and goes on now
		}
		if p.wanted != nil && !p.wanted[d.addr] && !p.wanted[d.other] {
			continue
		}
		p.refuseDuplicate(d.addr, d.other, d.kind, d.id)
		for _, a := range []addr.Address{d.addr, d.other} {
			if n := p.nodes[a]; n != nil {
				n.refused = true
			}
		}
	}
	for _, n := range p.order {
		if n.conflict.Kind != "" && !n.refused && !safety.Off(safety.PlanDuplicates) {
			n.refused = true
			p.refuseDuplicate(n.addr, n.conflict, n.change.Kind, n.wants)
		}
	}
}

// checkImmutable names every attribute that KMS cannot change.
func (p *planner) checkImmutable(n *node) {
	if len(n.immutable) == 0 || safety.Off(safety.PlanImmutable) {
		return
	}
	n.holdBack()
	n.change.Diff = n.immutable
	var names, keep []string
	for _, d := range n.immutable {
		names = append(names, fmt.Sprintf("%s (%s → %s)", d.Name, show(d.Before), show(d.After)))
		keep = append(keep, fmt.Sprintf("%s = %s", d.Name, show(d.Before)))
	}
	what := n.block.Kind.Name
	way := "Write what the " + what + " has: " + strings.Join(keep, ", ")
	if n.optional() {
		way += "; or leave it out, then it is not managed"
	}
	beside := fmt.Sprintf("Declare a new %s under another name beside this one, move what uses it (aliases, secrets, files), and retire the old one with a removed block.", what)
	if what == KindSecret {
		beside = "Declare a new secret under another name beside this one, and delete the old one with a removed block once nothing reads it."
	}
	p.refuseObject(n, GuardImmutable,
		fmt.Sprintf("KMS cannot change %s of an existing %s, and kmsplan never replaces one: %s.", plural(len(n.immutable), "this attribute", "these attributes"), what, strings.Join(names, ", ")),
		way+".", beside)
}

// optional reports whether every attribute that cannot be changed may be left out.
func (n *node) optional() bool {
	for _, d := range n.immutable {
		if at := n.block.Kind.Attribute(d.Name); at != nil && at.Mode == kind.Required {
			return false
		}
	}
	return true
}

// checkRotation refuses to change the rotation of keys that are or become disabled.
func (p *planner) checkRotation(n *node) {
	for _, key := range n.disabled {
		p.refuseObject(n, GuardRotationDisabled,
			fmt.Sprintf("%s would change the rotation of %s, and that key is disabled. KMS changes rotation of enabled keys only.", n.addr, key),
			"Enable the key (enabled = true), apply, and disable it again afterwards.",
			"Take the key out of the policy's keys; its rotation stays as it is.")
	}
}

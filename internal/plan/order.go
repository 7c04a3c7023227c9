package plan

import (
	"slices"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/kind"
)

// orderRemovals adds the edges that configuration cannot know: what is removed
// goes after everything that leaves it, in this plan or in the reverse of the order state
// recorded.
func (p *planner) orderRemovals() {
	leaving := map[objectID][]addr.Address{} // key → aliases and secrets that leave it in this plan
	for _, n := range p.order {
		if n.object == nil || !n.leaves() {
			continue
		}
		key := objectID{n.gateway, KindKey, text(n.object.Attrs[kind.Lookup(n.change.Kind, false).Naming(KindKey).Name])}
		leaving[key] = append(leaving[key], n.addr)
	}
	for _, n := range p.order {
		if n.change.Action == Retire || n.object != nil && n.takesOutOfUse() {
			p.orderAfter(n, leaving[objectID{n.gateway, KindKey, n.change.ID}])
		}
		if n.block == nil {
			p.reverseEdges(n)
		}
	}
	for _, n := range p.order {
		if n.block == nil {
			n.change.DependsOn = unique(n.change.DependsOn)
		}
	}
}

// orderAfter makes a key that goes out of use wait for what leaves it. Where that waits for the key itself, in the words
// of the configuration, there is no such order.
func (p *planner) orderAfter(key *node, leaving []addr.Address) {
	for _, a := range leaving {
		if !p.waitsFor(a, key.addr, map[addr.Address]bool{}) {
			key.change.DependsOn = append(slices.Clone(key.change.DependsOn), a)
		}
	}
}

// waitsFor reports whether a is changed after b, directly or through others.
func (p *planner) waitsFor(a, b addr.Address, seen map[addr.Address]bool) bool {
	n := p.nodes[a]
	if n == nil || seen[a] {
		return false
	}
	seen[a] = true
	return slices.ContainsFunc(n.change.DependsOn, func(d addr.Address) bool { return d == b || p.waitsFor(d, b, seen) })
}

// unique keeps the first of equal addresses.
func unique(list []addr.Address) []addr.Address {
	seen := make(map[addr.Address]bool, len(list))
	return slices.DeleteFunc(list, func(a addr.Address) bool {
		again := seen[a]
		seen[a] = true
		return again
	})
}

// leaves reports whether the change takes a live object away from its key.
func (n *node) leaves() bool {
	k := kind.Lookup(n.change.Kind, false)
	if k == nil || k.Naming(KindKey) == nil {
		return false
	}
	return n.change.Action == Delete || n.change.Kind == KindAlias && (n.change.Needs("UpdateAlias") || n.change.Needs("DeleteAlias"))
}

// reverseEdges makes what a removed object depended on wait for it, if that is
// removed too.
func (p *planner) reverseEdges(n *node) {
	for _, s := range n.prior.DependsOn {
		a, err := addr.Parse(s)
		if err != nil {
			continue
		}
		if d := p.nodes[a]; d != nil && d.block == nil && d != n {
			d.change.DependsOn = append(d.change.DependsOn, n.addr)
		}
	}
}

// orderDisabling turns the edge between a rotation policy and a key that this
// plan disables: KMS changes rotation of enabled keys only, so the policy goes first. A
// key that stays disabled cannot follow.
func (p *planner) orderDisabling() {
	for _, n := range p.order {
		if n.change.Kind != KindRotation || n.block == nil || len(n.change.Calls) == 0 {
			continue
		}
		for _, id := range n.needs {
			p.orderAgainstKey(n, id)
		}
		p.findDisabledCreation(n)
	}
}

func (p *planner) orderAgainstKey(n *node, id string) {
	holder, declared := p.claimed[objectID{n.gateway, KindKey, id}]
	var key *node
	if declared {
		key = p.nodes[holder]
	}
	live := n.live.object(KindKey, id)
	enabledNow := live.State == StateEnabled || key != nil && (key.change.Action == Rescue || key.change.Needs("EnableKey"))
	if !enabledNow {
		n.disabled = append(n.disabled, id)
		return
	}
	if key == nil || !key.change.Needs("DisableKey") {
		return
	}
	if live.State != StateEnabled {
		n.disabled = append(n.disabled, id) // rescued and disabled again in one change
		return
	}
	n.change.DependsOn = slices.DeleteFunc(slices.Clone(n.change.DependsOn), func(a addr.Address) bool { return a == key.addr })
	key.change.DependsOn = append(slices.Clone(key.change.DependsOn), n.addr)
}

// findDisabledCreation is for a key that this plan creates disabled and that
// the policy should rotate.
func (p *planner) findDisabledCreation(n *node) {
	if unknownElements(n.body.Attrs["keys"]) == 0 {
		return
	}
	for _, a := range n.change.DependsOn {
		if key := p.nodes[a]; key != nil && key.change.Action == Create && key.change.Needs("DisableKey") {
			n.disabled = append(n.disabled, a.String())
		}
	}
}

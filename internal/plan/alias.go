package plan

import (
	"fmt"
	"slices"

	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/addr"
)

type aliasPlanning struct{}

func (aliasPlanning) find(p *planner, n *node) Presence { return p.findAlias(n) }
func (aliasPlanning) plan(p *planner, n *node)          { p.planAlias(n) }
func (aliasPlanning) targets(n *node) []string          { return []string{n.target()} }
func (aliasPlanning) delete(_ *planner, n *node) {
	n.change.Calls, n.change.Reason = []string{"DeleteAlias"}, "its block is gone"
}

// findAlias looks for a live alias of the declared name that this address does
// not hold: ours when it already points where it should, or when state holds
// it under an address whose block is gone.
func (p *planner) findAlias(n *node) Presence {
	name := text(n.body.Attrs["name"])
	target, exists := n.live.Aliases[name]
	if !exists {
		return Absent
	}
	n.object = n.live.object(KindAlias, name)
	_, held := p.holder[objectID{n.gateway, KindAlias, name}]
	if held || target == text(n.body.Attrs["key"]) {
		return FoundOurs // claim notes the second of two declared addresses
	}
	return FoundForeign
}

// gaveAway reports whether the alias that state holds for this address is another's by now: names were
// exchanged, and that stopped half way.
func (p *planner) gaveAway(n *node) bool {
	name := text(n.body.Attrs["name"])
	for _, d := range p.doubles {
		other := d.other
		if other == n.addr {
			other = d.addr
		}
		if d.id != n.prior.ID || d.kind != KindAlias || name == d.id || d.addr != n.addr && d.other != n.addr || !p.in.Config.Declares(other) {
			continue
		}
		body, _ := p.in.Config.Body(other, p.objects)
		return text(body.Attrs["name"]) == d.id
	}
	return false
}

// planAlias plans create and re-point. A rename is planned once all names are known.
func (p *planner) planAlias(n *node) {
	c := &n.change
	if c.Action == Create {
		n.creation()
		c.Calls = []string{"CreateAlias"}
		return
	}
	n.compare()
	switch {
	case c.diffs("name"):
		c.Action = Update
	case c.diffs("key"):
		c.Calls = []string{"UpdateAlias"}
	}
	if len(c.Calls) > 0 && c.Action == NoOp {
		c.Action = Update
	}
}

// planRenames plans what gets another name. KMS cannot rename: the new name is created before the old one is
// deleted, so that consumers of either find one. Where names are exchanged or handed on, a name that another
// address of this stack leaves is pointed at this alias's key instead, and is at no moment gone:
//
//	the new name            call         the old name             call
//	does not exist          CreateAlias  is nobody's              DeleteAlias
//	is left by an address   UpdateAlias  another address gets it  —
//	is there, points right  —
//	is anybody else's       refused
func (p *planner) planRenames() {
	gets := map[objectID]addr.Address{} // name → the address that gets it by a rename
	var renames []*node
	for _, n := range p.order {
		if n.change.Kind == KindAlias && n.block != nil && n.change.diffs("name") && n.object != nil && n.change.Action == Update {
			renames = append(renames, n)
			gets[objectID{n.gateway, KindAlias, text(n.body.Attrs["name"])}] = n.addr
		}
	}
	for _, n := range renames {
		p.leave(n)
	}
	for _, n := range renames {
		p.planRename(n, gets)
	}
}

// leave gives the old name free for another address.
func (p *planner) leave(n *node) {
	if old := (objectID{n.gateway, KindAlias, n.object.ID}); p.claimed[old] == n.addr {
		delete(p.claimed, old)
	}
}

func (p *planner) planRename(n *node, gets map[objectID]addr.Address) {
	c := &n.change
	name := text(n.body.Attrs["name"])
	to, old := objectID{n.gateway, KindAlias, name}, objectID{n.gateway, KindAlias, n.object.ID}
	target, exists := n.live.Aliases[name]
	holder, held := p.holder[to]
	handed := exists && held && holder != n.addr && p.leaves(holder, name) || exists && !held && p.leftOver(n, target)
	if exists && !handed && target != n.target() {
		n.taken = name
		return
	}
	if other, claimed := p.claimed[to]; claimed && other != n.addr {
		n.conflict, n.wants = other, name
		return
	}
	p.claimed[to] = n.addr
	c.PreImage = nil // of the old name, if it is deleted
	switch {
	case handed:
		c.Calls, c.Reason = []string{"UpdateAlias"}, fmt.Sprintf("renamed from %s; another address of this stack leaves the name", n.object.ID)
		p.releaseTo(n, holder)
	case exists:
		c.Reason = fmt.Sprintf("%s exists already; the old name %s is left to delete", name, n.object.ID)
	default:
		c.Calls, c.Reason = []string{"CreateAlias"}, fmt.Sprintf("renamed from %s; both names exist for a moment", n.object.ID)
	}
	receiver, handedOn := gets[old]
	if !handedOn && !n.gave {
		c.Calls, c.PreImage = append(c.Calls, "DeleteAlias"), PreImageOf(n.object)
	}
	if handedOn && !p.after(receiver, n.addr) {
		c.DependsOn = append(slices.Clip(c.DependsOn), receiver) // until then the name is this alias's in state, and nobody's afterwards
	}
}

// after reports whether a change waits for another: where it does, that one cannot wait for it.
func (p *planner) after(a, other addr.Address) bool {
	seen := map[addr.Address]bool{}
	var waits func(a addr.Address) bool
	waits = func(a addr.Address) bool {
		if a == other || seen[a] {
			return a == other
		}
		seen[a] = true
		n := p.nodes[a]
		return n != nil && slices.ContainsFunc(n.change.DependsOn, waits)
	}
	return waits(a)
}

// leaves reports whether an address of state gives its alias name up: it gets another one, or its block is gone.
func (p *planner) leaves(holder addr.Address, name string) bool {
	if n := p.nodes[holder]; n != nil && n.block != nil {
		wanted, ok := n.body.Attrs["name"]
		return ok && n.change.diffs("name") && text(wanted) != name
	}
	return !p.in.Config.Declares(holder) && !p.prior[holder].Protected
}

// leftOver reports whether a name that state does not hold is left over from an exchange that stopped half
// way: it points to a key of this stack.
func (p *planner) leftOver(n *node, target string) bool {
	_, ours := p.holder[objectID{n.gateway, KindKey, target}]
	return ours && slices.ContainsFunc(p.doubles, func(d double) bool { return d.kind == KindAlias })
}

// releaseTo lets the address whose block is gone let its alias go.
func (p *planner) releaseTo(n *node, holder addr.Address) {
	gone := p.nodes[holder]
	if gone == nil || gone.block != nil {
		return
	}
	gone.change.Action, gone.change.Calls, gone.change.PreImage, gone.change.Diff = Forget, nil, nil, nil
	gone.change.Reason = "the alias is held by another block now"
	gone.change.DependsOn = append(gone.change.DependsOn, n.addr)
}

// checkAlias refuses a rename to a name that is not this stack's.
func (p *planner) checkAlias(n *node) {
	if n.taken != "" {
		n.hold()
		n.change.Diff, n.refused = nil, true
		p.refuseAliasTaken(n, n.taken, n.live.Aliases[n.taken])
	}
}

// target is the key an alias will point to after apply; "" when it is known
// after apply only.
func (n *node) target() string {
	if v, ok := n.body.Attrs["key"]; ok && v != cty.NilVal {
		return text(v)
	}
	if n.object != nil {
		return text(n.object.Attrs["key"])
	}
	return ""
}

package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/kind"
	"kmsplan.dev/kmsplan/internal/safety"
)

// accessPlanning is for what the service knows by its name alone: network rules, access policies and access
// points. They carry no tags.
type accessPlanning struct{}

func (accessPlanning) find(p *planner, n *node) Presence { return p.findNamed(n) }
func (accessPlanning) plan(p *planner, n *node)          { p.planNamed(n) }
func (accessPlanning) targets(*node) []string            { return nil }
func (accessPlanning) delete(_ *planner, n *node) {
	n.change.Calls, n.change.Reason = []string{kind.Lookup(n.change.Kind, false).DeletedBy}, "its block is gone"
	if n.removed != nil {
		n.change.Reason = "removed"
	}
}

// named reports whether objects of a kind are known by their names alone.
func named(name string) bool {
	k := kind.Lookup(name, false)
	return k != nil && k.CreatedBy != ""
}

// findNamed looks for a live object of the declared name that this address does not hold: ours when it is
// already what the block says, as after a creation whose answer was lost, or when state holds it under
// another address.
func (p *planner) findNamed(n *node) Presence {
	name := text(n.body.Attrs["name"])
	n.object = n.live.object(n.change.Kind, name)
	if n.object == nil {
		return Absent
	}
	_, held := p.holder[objectID{n.gateway, n.change.Kind, name}]
	if held || n.isAsDeclared() {
		return FoundOurs // claim notes the second of two declared addresses
	}
	return FoundForeign
}

// isAsDeclared reports whether the live object differs in nothing from its block.
func (n *node) isAsDeclared() bool {
	for i := range n.block.Kind.Attributes {
		at := &n.block.Kind.Attributes[i]
		written, managed := n.body.Attrs[at.Name]
		if !managed || at.Mode == kind.Computed {
			continue
		}
		if after := n.desired(at, written); after != cty.NilVal && !Same(at, after, n.object.Attrs[at.Name]) {
			return false
		}
	}
	return true
}

func (p *planner) planNamed(n *node) {
	c := &n.change
	if c.Action == Create {
		n.creation()
		c.Calls = []string{n.block.Kind.CreatedBy}
		return
	}
	n.compare()
	c.Calls = n.updates()
	if len(c.Calls) > 0 && c.Action == NoOp {
		c.Action = Update
	}
}

// accessUses says which kinds name objects of which others, and in what.
var accessUses = []struct{ kind, attr, of string }{
	{KindAccessPolicy, "network_rules", KindNetworkRule},
	{KindAccessPoint, "policies", KindAccessPolicy},
	{KindClientKey, "access_point", KindAccessPoint},
}

// accessUsers lists who will name an object once this plan is applied, and the nodes of this plan that leave it.
func (p *planner) accessUsers(n *node) (stay []string, leave []*node) {
	for _, use := range accessUses {
		if use.of != n.change.Kind {
			continue
		}
		seen := map[string]bool{}
		for _, other := range p.order {
			if other.gateway != n.gateway || other.change.Kind != use.kind {
				continue
			}
			seen[other.change.ID] = true
			other.seePrevious(seen)
			was := other.object != nil && names(other.object.Attrs[use.attr], n.change.ID)
			switch will := other.willName(use.attr, n.change.ID); {
			case will:
				stay = append(stay, fmt.Sprintf("%s (%s)", other.addr, other.change.ID))
			case was:
				leave = append(leave, other)
			}
		}
		for _, id := range sorted(keysOf(n.live.Objects[use.kind])) {
			if o := n.live.Objects[use.kind][id]; !seen[id] && names(o.Attrs[use.attr], n.change.ID) {
				stay = append(stay, fmt.Sprintf("%s %s (not managed here)", strings.ReplaceAll(use.kind, "_", " "), id))
			}
		}
	}
	return stay, leave
}

// willName reports whether an object names a name in an attribute once this plan is applied.
func (n *node) willName(attr, name string) bool {
	if n.change.Action == Delete && !n.refused {
		return false
	}
	if n.block != nil && !n.refused && !n.ignores(attr) {
		if v, managed := n.body.Attrs[attr]; managed {
			return names(v, name)
		}
	}
	return n.object != nil && names(n.object.Attrs[attr], name)
}

// names reports whether a value, one text or a set of them, names a name.
func names(v cty.Value, name string) bool {
	if v == cty.NilVal {
		return false
	}
	if v, _ = v.UnmarkDeep(); v.Type() == cty.String {
		return text(v) == name
	}
	return slices.Contains(Strings(v), name)
}

// orderAccess lets a deletion wait for what leaves the object in this plan.
func (p *planner) orderAccess() {
	for _, n := range p.order {
		if n.change.Action == Delete && named(n.change.Kind) && n.live != nil {
			_, leave := p.accessUsers(n)
			for _, other := range leave {
				n.change.DependsOn = append(n.change.DependsOn, other.addr)
			}
		}
	}
}

// checkAccess refuses to delete what something still names.
func (p *planner) checkAccess() {
	for _, n := range p.order {
		if n.refused || n.live == nil || n.change.Action != Delete || !named(n.change.Kind) || p.tearsDown(n) || safety.Off(safety.PlanAccessInUse) {
			continue
		}
		users, _ := p.accessUsers(n)
		if len(users) == 0 {
			continue
		}
		what := strings.ReplaceAll(n.change.Kind, "_", " ")
		p.refuseObject(n, GuardStillInUse,
			fmt.Sprintf("%s (%s) would be deleted while %d %s: %s. Applications would lose their access.", n.addr, n.change.ID, len(users),
				plural(len(users), "object still names it", "objects still name it"), strings.Join(listed(users), "; ")),
			"Take the "+what+" out of what names it first, in the same plan or before.",
			"To leave it as it is, write:"+removedText(n.addr.String(), "forget"))
	}
}

// refuseNamed words the guards of what is known by its name alone.
func (p *planner) refuseNameTaken(n *node) {
	name := text(n.body.Attrs["name"])
	p.refuse(GuardNameTaken, n.addr,
		fmt.Sprintf("The %s %s exists, this stack does not hold it, and it is not what the block says.", strings.ReplaceAll(n.change.Kind, "_", " "), name),
		"To manage it, add:"+importText(n.addr.String(), name, ""),
		"To leave it alone, choose another name.")
}

package plan

import (
	"fmt"
	"slices"

	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/kind"
)

type keyPlanning struct{}

func (keyPlanning) find(p *planner, n *node) Presence { return p.findKey(n) }
func (keyPlanning) plan(p *planner, n *node)          { p.planKey(n) }
func (keyPlanning) delete(_ *planner, n *node)        { n.tearDownKey() }
func (keyPlanning) targets(*node) []string            { return nil }

// tearDownKey schedules the deletion of an emulator's key at once. Decide has no other key deleted.
func (n *node) tearDownKey() {
	if truth(n.object.Attrs["deletion_protection"]) {
		n.change.Calls = append(n.change.Calls, "SetDeletionProtection")
	}
	n.change.Calls = append(n.change.Calls, "ScheduleKeyDeletion")
	n.change.Reason = fmt.Sprintf("the emulator deletes it in %d days", n.removed.WindowDays)
}

// findKey looks for a key that carries our lineage and this address in its
// tags: an interrupted create, or a key whose state was lost. The oldest is
// taken; others are reported (reportStrays) and never touched. Where the block asks for successors, it is the newest
// that is as the block says, and the older ones that are not are its predecessors.
func (p *planner) findKey(n *node) Presence {
	ours := p.unknownToState(n, n.live.Owned[OwnedBy(KindKey, AddressTag(n.addr))])
	if len(ours) == 0 {
		p.findElsewhere(n)
		return Absent
	}
	n.object = ours[0]
	if len(ours) > 1 && n.block.Lifecycle.OnImmutableChange == "succeed" {
		p.takeLine(n, ours)
	}
	if n.object.Dying() {
		return FoundDying
	}
	return FoundOurs
}

// unknownToState keeps the objects that no address of state holds.
func (p *planner) unknownToState(n *node, ids []string) []*Object {
	var out []*Object
	for _, id := range ids {
		if _, held := p.holder[objectID{n.gateway, n.block.Kind.Name, id}]; held {
			continue
		}
		if o := n.live.object(n.block.Kind.Name, id); o != nil {
			out = append(out, o)
		}
	}
	return out
}

// planKey turns the verdict on a key into a diff and calls, in the only order
// KMS accepts: out of the deletion window first, enable before and disable after
// everything else (KMS refuses updates while a key is pending, and rotation while it is disabled).
func (p *planner) planKey(n *node) {
	c := &n.change
	if c.Action == Create {
		p.createKey(n)
		return
	}
	n.compare()
	if n.succeeds() {
		p.planSuccession(n)
	}
	if c.Action == Succeed {
		return
	}
	state := n.object.State
	if n.rescue("CancelKeyDeletion") {
		state = StateEnabled // KMS: CancelKeyDeletion always lands in Enabled
	}
	state = p.planMaterial(n, state)
	disable := p.keyCalls(n, state)
	c.Calls = append(c.Calls, p.keyUpdates(n)...)
	if disable {
		c.Calls = append(c.Calls, "DisableKey")
		if c.PreImage == nil {
			c.PreImage = PreImageOf(n.object)
		}
	}
	if c.Action == NoOp && len(c.Calls) > 0 {
		c.Action = Update
	}
}

func (p *planner) createKey(n *node) {
	c := &n.change
	n.creation()
	c.Calls = []string{"CreateKey"}
	if block, written := n.body.Blocks[kind.MaterialBlock]; written {
		expires, _ := momentOf(block["expires"])
		p.importMaterial(n, expires, p.in.Materials[n.addr])
	}
	n.afterCreate()
	if n.startsDisabled() {
		c.Calls = append(c.Calls, "DisableKey")
	}
}

// startsDisabled reports whether a new key is to be disabled, or may be.
func (n *node) startsDisabled() bool {
	v, ok := n.body.Attrs["enabled"]
	return ok && !v.IsNull() && (!v.IsKnown() || v.False())
}

// keyCalls decides on EnableKey, which it adds, and DisableKey, which it
// returns, for a key that will be in state when the updates begin.
func (p *planner) keyCalls(n *node, state string) (disable bool) {
	c := &n.change
	written, managed := n.body.Attrs["enabled"]
	if !managed || n.ignores("enabled") {
		p.abandonRetirement(n, state)
		return false
	}
	want := n.desired(n.block.Kind.Attribute("enabled"), written)
	if state == StatePendingImport {
		if c.diffs("enabled") {
			c.drop("enabled")
			p.warn(n.addr, "The key waits for its material", "A key of origin EXTERNAL is neither enabled nor disabled before its material is imported: "+
				"name its material in a block material { file = \"…\" }.")
		}
		return false
	}
	if !want.IsKnown() {
		return true
	}
	switch live := state == StateEnabled; {
	case want.True() == live:
		c.drop("enabled")
		return false
	case want.True():
		c.Calls = append(c.Calls, "EnableKey")
		n.enabledDiff(live, want)
		return false
	default:
		n.enabledDiff(live, want)
		return true
	}
}

// enabledDiff enters enabled where compare could not: the service does not say
// whether a key in its deletion window was enabled.
func (n *node) enabledDiff(live bool, want cty.Value) {
	n.change.drop("enabled")
	n.change.Diff = append(n.change.Diff, AttrDiff{Name: "enabled", Before: cty.BoolVal(live), After: want})
}

// abandonRetirement enables a key that a removed block had disabled and that is
// declared again.
func (p *planner) abandonRetirement(n *node, state string) {
	if n.prior != nil && n.prior.Retire != "" && state == StateDisabled {
		n.change.Calls = append(n.change.Calls, "EnableKey")
		n.change.Reason = "its retirement is abandoned: the block is back"
		n.enabledDiff(false, cty.True)
	}
}

// drop takes an attribute out of the diff.
func (c *Change) drop(name string) {
	for i := range c.Diff {
		if c.Diff[i].Name == name {
			c.Diff = append(c.Diff[:i], c.Diff[i+1:]...)
			return
		}
	}
}

// keyUpdates lists the calls behind the diff, except those that have a place of their own: they enable or
// disable, or import material.
func (p *planner) keyUpdates(n *node) []string {
	p.protectionText(n)
	return slices.DeleteFunc(n.updates(), func(call string) bool {
		return call == "EnableKey" || call == "DisableKey" || slices.Contains(importCalls, call)
	})
}

// protectionText drops a difference of the protection's text while the key is
// and stays unprotected: KMS keeps the text only for a protected key.
func (p *planner) protectionText(n *node) {
	if n.change.diffs("deletion_protection_description") && !n.change.diffs("deletion_protection") &&
		!truth(n.object.Attrs["deletion_protection"]) {
		n.change.drop("deletion_protection_description")
	}
}

package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/kind"
)

// succeeds reports whether the block asks for a successor where an attribute differs that KMS cannot change.
func (n *node) succeeds() bool {
	return n.block.Kind.Succeeds && n.block.Lifecycle.OnImmutableChange == "succeed" && len(n.immutable) > 0
}

// planSuccession plans a new key in the place of one that cannot be what its block says. The old one is not touched:
// it becomes a predecessor. One that waits for deletion, or is only being taken up, is rescued or taken up first, and succeeded by the next plan.
func (p *planner) planSuccession(n *node) {
	names := make([]string, len(n.immutable))
	for i, d := range n.immutable {
		names[i] = d.Name
	}
	n.immutable = nil
	c := &n.change
	if c.Action != NoOp {
		p.warn(n.addr, "A successor comes with the next plan", fmt.Sprintf(
			"KMS cannot change %s of %s. Once this is applied, plan again: the next plan creates its successor.", strings.Join(names, ", "), n.object.ID))
		return
	}
	c.Action, c.Calls, c.Diff, c.Succeeds = Succeed, []string{"CreateKey"}, nil, []string{n.object.ID}
	n.creation()
	block, imports := n.body.Blocks[kind.MaterialBlock]
	if imports {
		c.Calls = append(c.Calls, importCalls...)
	}
	n.afterCreate()
	if n.startsDisabled() {
		c.Calls = append(c.Calls, "DisableKey")
	}
	n.againstThe(n.object)
	if calls := c.Calls; imports {
		expires, _ := momentOf(block["expires"])
		p.importMaterial(n, expires, p.in.Materials[n.addr])
		c.Calls = calls
	}
	c.Reason = fmt.Sprintf("KMS cannot change %s; a new key takes the place of %s, which stays for what it encrypted", strings.Join(names, ", "), n.object.ID)
}

// againstThe shows a creation as the difference from the object whose place is taken.
func (n *node) againstThe(old *Object) {
	c := &n.change
	id := AttrDiff{Name: "id", Before: cty.StringVal(old.ID), After: cty.UnknownVal(cty.String)}
	for i := range c.Diff {
		if before, reported := old.Attrs[c.Diff[i].Name]; reported {
			c.Diff[i].Before = before
		}
	}
	c.Diff = slices.DeleteFunc(c.Diff, func(d AttrDiff) bool { return Same(n.block.Kind.Attribute(d.Name), d.After, d.Before) })
	c.Diff = append(c.Diff, id)
}

// settled is the live object whose computed attributes stay; nil where they are a new object's.
func (n *node) settled() *Object {
	if n.change.Action == Succeed {
		return nil
	}
	return n.object
}

// staysUnder leaves a secret under the key that its key succeeded: KMS cannot give a secret another key, and the
// predecessor is kept for it.
func (p *planner) staysUnder(n *node) {
	i := slices.IndexFunc(n.immutable, func(d AttrDiff) bool { return d.Name == "encryption_key" })
	if i < 0 {
		return
	}
	d := n.immutable[i]
	live := text(d.Before)
	switch succession := p.succession(n, live, d.After); succession {
	case notSucceeded:
		return
	case succeededNow:
		p.warn(n.addr, "The secret stays under the predecessor of its key", fmt.Sprintf(
			"KMS cannot give a secret another key, so that %s stays under %s, which is kept for it. To move it, declare a secret of another name under the new key, and delete this one once nothing reads it.", n.object.ID, live))
	}
	n.immutable = slices.Delete(n.immutable, i, i+1)
	n.body.Attrs["encryption_key"] = d.Before
}

// What a key has to do with the one that a block names.
const (
	notSucceeded = iota
	succeededNow
	succeededBefore
)

// succession reports whether a key was succeeded by the one that an attribute names, or is by this plan.
func (p *planner) succession(n *node, old string, named cty.Value) int {
	if old == "" {
		return notSucceeded
	}
	if key := text(named); key != "" {
		holder, held := p.holder[objectID{n.gateway, KindKey, key}]
		if held && p.precedes(holder, old) {
			return succeededBefore
		}
		return notSucceeded
	}
	for _, a := range n.change.DependsOn {
		if d := p.nodes[a]; d != nil && d.change.Action == Succeed && d.gateway == n.gateway && (d.change.ID == old || p.precedes(a, old)) {
			return succeededNow
		}
	}
	return notSucceeded
}

// precedes reports whether the key is a predecessor of what state holds under an address.
func (p *planner) precedes(a addr.Address, key string) bool {
	r := p.prior[a]
	return r != nil && r.Predecessor(key) != nil
}

// takeLine takes up a key with those that it succeeded, oldest first, when the state that knew them was lost.
func (p *planner) takeLine(n *node, ours []*Object) {
	last := len(ours) - 1
	for i := last; i >= 0; i-- {
		if n.fits(ours[i]) {
			last = i
			break
		}
	}
	n.object = ours[last]
	for _, o := range ours[:last] {
		if !n.fits(o) {
			n.change.Succeeds = append(n.change.Succeeds, o.ID)
			p.claimed[objectID{n.gateway, KindKey, o.ID}] = addr.Predecessor(n.addr, o.ID)
		}
	}
}

// fits reports whether a live object has every immutable attribute that the block asks for.
func (n *node) fits(o *Object) bool {
	look := &node{block: n.block, body: n.body, live: n.live, object: o}
	look.compare()
	return len(look.immutable) == 0
}

package plan

import (
	"fmt"

	"github.com/zclconf/go-cty/cty"
)

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
		return FoundOurs // claim refuses the second of two declared addresses
	}
	return FoundForeign
}

// planAlias plans create, re-point, and rename. KMS cannot rename: the new name
// is created before the old one is deleted, so that consumers of either find one.
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
		p.renameAlias(n)
	case c.diffs("key"):
		c.Calls = []string{"UpdateAlias"}
	}
	if len(c.Calls) > 0 && c.Action == NoOp {
		c.Action = Update
	}
}

func (p *planner) renameAlias(n *node) {
	c := &n.change
	name := text(n.body.Attrs["name"])
	target, taken := n.live.Aliases[name]
	if taken && target == n.target() {
		p.finishRename(n, name)
		return
	}
	if taken {
		c.Diff, n.refused = nil, true
		p.refuseAliasTaken(n, name, target)
		return
	}
	if !p.claim(n, name) {
		return
	}
	c.Calls = []string{"CreateAlias", "DeleteAlias"}
	c.Reason = fmt.Sprintf("renamed from %s; both names exist for a moment", n.object.ID)
	c.PreImage = PreImageOf(n.object)
}

// finishRename ends a rename that was interrupted between its two calls.
func (p *planner) finishRename(n *node, name string) {
	if !p.claim(n, name) {
		return
	}
	n.change.Calls = []string{"DeleteAlias"}
	n.change.Reason = fmt.Sprintf("%s exists already; the old name %s is left to delete", name, n.object.ID)
	n.change.PreImage = PreImageOf(n.object)
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

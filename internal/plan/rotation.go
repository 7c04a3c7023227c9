package plan

import (
	"fmt"
	"strings"

	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/kind"
)

type rotationPlanning struct{}

func (rotationPlanning) find(_ *planner, n *node) Presence { return n.rotates() }
func (rotationPlanning) plan(p *planner, n *node)          { p.planRotation(n) }
func (rotationPlanning) delete(*planner, *node)            {} // never: the service has no such object
func (rotationPlanning) targets(n *node) []string          { return n.needs }

// rotates finds a policy that is there already, which the service has no object for: each of its keys lives and
// rotates as it says.
func (n *node) rotates() Presence {
	keys, _ := n.body.Attrs["keys"]
	keys, _ = keys.Unmark()
	if keys == cty.NilVal || !keys.IsWhollyKnown() || keys.IsNull() {
		return Absent
	}
	want := RotationOf(n.body.Attrs)
	for _, id := range Strings(keys) {
		if key := n.live.object(KindKey, id); key == nil || want.Differs(key) {
			return Absent
		}
	}
	return FoundOurs
}

// Rotation is what a policy asks of each of its keys.
type Rotation struct {
	Enabled  bool
	Interval cty.Value // string; unknown or null when it cannot be told
}

// RotationOf reads an evaluated rotation_policy. It rotates unless enabled =
// false.
func RotationOf(attrs map[string]cty.Value) Rotation {
	r := Rotation{Enabled: true, Interval: cty.NullVal(cty.String)}
	if v, ok := attrs["enabled"]; ok && v.IsKnown() && !v.IsNull() {
		r.Enabled = v.True()
	}
	if v, ok := attrs["interval"]; ok {
		r.Interval, _ = v.Unmark()
	}
	return r
}

// Differs reports whether a live key does not rotate as the policy asks. A
// suspended rotation (KMS: while a key is disabled or pending) is an enabled one. An equal
// policy is never sent again: that would move the date of the next rotation.
func (r Rotation) Differs(key *Object) bool {
	live := text(key.Attrs["automatic_rotation"])
	on := live == "Enabled" || live == "Suspended"
	if !r.Enabled {
		return on
	}
	return !on || !sameInterval(r.Interval, key.Attrs["rotation_interval"])
}

func sameInterval(want, live cty.Value) bool {
	at := kind.Lookup(KindRotation, false).Attribute("interval")
	return live != cty.NilVal && Same(at, want, live)
}

// planRotation plans one UpdateRotationPolicy per key that rotates differently.
func (p *planner) planRotation(n *node) {
	c := &n.change
	want := RotationOf(n.body.Attrs)
	p.needs(n, want)
	if c.Action == Adopt {
		c.ID, c.Reason = n.addr.String(), "its keys rotate so already"
		return
	}
	if n.prior == nil {
		n.creation()
		return
	}
	c.ID = n.prior.ID
	n.compareRemembered()
	p.explainRotation(n, want)
	if len(c.Calls) > 0 || len(c.Diff) > 0 {
		c.Action = Update
	}
}

// needs finds the keys that rotate differently; keys known after apply count.
func (p *planner) needs(n *node, want Rotation) {
	keys := n.body.Attrs["keys"]
	keys, _ = keys.Unmark()
	for range unknownElements(keys) {
		n.change.Calls = append(n.change.Calls, "UpdateRotationPolicy")
	}
	for _, id := range sorted(Strings(keys)) {
		key := n.live.object(KindKey, id)
		if key == nil {
			n.nowhere = append(n.nowhere, id)
			continue
		}
		if want.Differs(key) {
			n.needs = append(n.needs, id)
			n.change.Calls = append(n.change.Calls, "UpdateRotationPolicy")
		}
	}
}

// unknownElements counts keys known after apply; an unknown set counts one.
func unknownElements(set cty.Value) (count int) {
	if set == cty.NilVal || set.IsKnown() && set.IsNull() {
		return 0
	}
	if !set.IsKnown() {
		return 1
	}
	for it := set.ElementIterator(); it.Next(); {
		if _, e := it.Element(); !e.IsKnown() {
			count++
		}
	}
	return count
}

// compareRemembered diffs a policy against state: the service has keys that
// rotate, and no such thing as a policy.
func (n *node) compareRemembered() {
	for i := range n.block.Kind.Attributes {
		at := &n.block.Kind.Attributes[i]
		written, managed := n.body.Attrs[at.Name]
		if !managed || at.Mode == kind.Computed || n.ignores(at.Name) {
			continue
		}
		after, before := n.desired(at, written), FromState(n.prior.Attributes[at.Name], at.Type)
		if at.Default != nil && before.IsNull() {
			before = at.Default("")
		}
		if after != cty.NilVal && !Same(at, after, before) {
			n.change.Diff = append(n.change.Diff, AttrDiff{Name: at.Name, Before: before, After: after})
		}
	}
}

// explainRotation says which keys leave, and shows what differs live when state
// and configuration agree.
func (p *planner) explainRotation(n *node, want Rotation) {
	c := &n.change
	if leaving := n.leavingKeys(); len(leaving) > 0 {
		c.Reason = fmt.Sprintf("%s leaves the policy; its rotation stays as it is", strings.Join(leaving, ", "))
		if len(leaving) > 1 {
			c.Reason = fmt.Sprintf("%d keys leave the policy; their rotation stays as it is", len(leaving))
		}
	}
	if len(n.needs) == 0 || len(c.Diff) > 0 {
		return
	}
	key := n.live.object(KindKey, n.needs[0])
	c.Reason = fmt.Sprintf("%d of its keys %s differently, %s first", len(n.needs), plural(len(n.needs), "rotates", "rotate"), n.needs[0])
	live := key.Attrs["rotation_interval"]
	if !want.Enabled || live == cty.NilVal || live.IsNull() {
		c.Diff = append(c.Diff, AttrDiff{Name: "enabled", Before: cty.BoolVal(!want.Enabled), After: cty.BoolVal(want.Enabled)})
		return
	}
	c.Diff = append(c.Diff, AttrDiff{Name: "interval", Before: live, After: want.Interval})
}

func (n *node) leavingKeys() []string {
	keys := n.body.Attrs["keys"]
	if keys == cty.NilVal || !keys.IsWhollyKnown() {
		return nil
	}
	stays := map[string]bool{}
	for _, id := range Strings(keys) {
		stays[id] = true
	}
	var leaving []string
	was := FromState(n.prior.Attributes["keys"], cty.Set(cty.String))
	for _, id := range Strings(was) {
		if !stays[id] {
			leaving = append(leaving, id)
		}
	}
	return sorted(leaving)
}

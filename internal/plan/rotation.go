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

// rotated are the lists of what a policy rotates, with their kinds.
var rotated = map[string]string{"keys": KindKey, "secrets": KindSecret}

// rotates finds a policy that is there already, which the service has no object for: each of its keys and secrets
// lives and rotates as it says.
func (n *node) rotates() Presence {
	want := RotationOf(n.body.Attrs)
	for list, kindName := range rotated {
		ids := plainSet(n.body.Attrs[list])
		if ids == cty.NilVal {
			continue
		}
		if !ids.IsWhollyKnown() {
			return Absent
		}
		for _, id := range Strings(ids) {
			if o := n.live.object(kindName, id); o == nil || want.Differs(o) {
				return Absent
			}
		}
	}
	return FoundOurs
}

// Rotation is what a policy asks of each of its keys and secrets.
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

// Differs reports whether a live key or secret does not rotate as the policy asks. A
// suspended rotation (KMS: while a key is disabled or pending) is an enabled one. An equal
// policy is never sent again: that would move the date of the next rotation.
func (r Rotation) Differs(o *Object) bool {
	live := text(o.Attrs["automatic_rotation"])
	on := live == "Enabled" || live == "Suspended"
	if !r.Enabled {
		return on
	}
	return !on || !sameInterval(r.Interval, o.Attrs["rotation_interval"])
}

func sameInterval(want, live cty.Value) bool {
	at := kind.Lookup(KindRotation, false).Attribute("interval")
	return live != cty.NilVal && Same(at, want, live)
}

// planRotation plans one UpdateRotationPolicy per key that rotates differently, and one UpdateSecretRotationPolicy
// per secret.
func (p *planner) planRotation(n *node) {
	c := &n.change
	want := RotationOf(n.body.Attrs)
	p.needs(n, want)
	p.needsSecrets(n, want)
	if c.Action == Adopt {
		c.ID, c.Reason = n.addr.String(), "its "+n.rotatedWord()+" rotate so already"
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
	keys := plainSet(n.body.Attrs["keys"])
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
		if rotated[at.Name] != "" && !managed {
			written, managed = cty.NullVal(at.Type), true // a list that is left out is no list, not one that is left alone
		}
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

// explainRotation says what leaves, and shows what differs live when state and configuration agree.
func (p *planner) explainRotation(n *node, want Rotation) {
	c := &n.change
	if leaving := append(n.leaving("keys"), n.leaving("secrets")...); len(leaving) > 0 {
		c.Reason = fmt.Sprintf("%s leaves the policy; its rotation stays as it is", strings.Join(leaving, ", "))
		if len(leaving) > 1 {
			c.Reason = fmt.Sprintf("%d %s leave the policy; their rotation stays as it is", len(leaving), n.rotatedWord())
		}
	}
	differ := n.differing()
	if len(differ) == 0 || len(c.Diff) > 0 {
		return
	}
	c.Reason = fmt.Sprintf("%d of its %s %s differently, %s first", len(differ), n.rotatedWord(), plural(len(differ), "rotates", "rotate"), differ[0].ID)
	live := differ[0].Attrs["rotation_interval"]
	if !want.Enabled || live == cty.NilVal || live.IsNull() {
		c.Diff = append(c.Diff, AttrDiff{Name: "enabled", Before: cty.BoolVal(!want.Enabled), After: cty.BoolVal(want.Enabled)})
		return
	}
	c.Diff = append(c.Diff, AttrDiff{Name: "interval", Before: live, After: want.Interval})
}

// differing are the live objects that rotate differently, the keys first.
func (n *node) differing() (out []*Object) {
	for _, id := range n.needs {
		out = append(out, n.live.object(KindKey, id))
	}
	for _, name := range n.needsSecret {
		if o := n.live.object(KindSecret, name); o != nil {
			out = append(out, o)
		}
	}
	return out
}

// rotatedWord is what a policy rotates, in words.
func (n *node) rotatedWord() string {
	has := func(list string) bool {
		v := plainSet(n.body.Attrs[list])
		recorded := n.prior != nil && !FromState(n.prior.Attributes[list], cty.Set(cty.String)).IsNull()
		return v != cty.NilVal && !(v.IsKnown() && v.IsNull()) || recorded
	}
	switch {
	case has("keys") && has("secrets"):
		return "keys and secrets"
	case has("secrets"):
		return "secrets"
	}
	return "keys"
}

// leaving are the keys or secrets of state that the list no longer names.
func (n *node) leaving(list string) []string {
	now := plainSet(n.body.Attrs[list])
	if now != cty.NilVal && !now.IsWhollyKnown() {
		return nil
	}
	stays := map[string]bool{}
	for _, id := range Strings(now) {
		stays[id] = true
	}
	var leaving []string
	for _, id := range Strings(FromState(n.prior.Attributes[list], cty.Set(cty.String))) {
		if !stays[id] {
			leaving = append(leaving, id)
		}
	}
	return sorted(leaving)
}

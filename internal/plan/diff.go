package plan

import (
	"slices"

	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/kind"
)

// ignores reports whether lifecycle { ignore_changes } names the attribute.
func (n *node) ignores(attr string) bool {
	list := n.block.Lifecycle.IgnoreChanges
	return len(list) > 0 && (slices.Contains(list, "all") || slices.Contains(list, attr))
}

// desired is the value configuration asks for: the written one, or the service's
// default for a written null. NilVal means that nothing is asked for: the
// service chooses, and its choice is never fought.
func (n *node) desired(at *kind.Attribute, written cty.Value) cty.Value {
	written, _ = written.UnmarkDeep()
	if written.IsKnown() && written.IsNull() {
		account := ""
		if n.live != nil {
			account = n.live.AccountID
		}
		if at.Default == nil {
			return cty.NilVal
		}
		return at.Default(account)
	}
	return written
}

// compare fills the change's diff: managed attributes whose live value is not
// what configuration asks for. Immutable ones are for the guard, and not entered
// as updates. An attribute the service does not report cannot differ.
func (n *node) compare() {
	for i := range n.block.Kind.Attributes {
		at := &n.block.Kind.Attributes[i]
		written, managed := n.body.Attrs[at.Name]
		if !managed || at.Mode == kind.Computed || at.WriteOnly || n.ignores(at.Name) {
			continue
		}
		before, reported := n.object.Attrs[at.Name]
		after := n.desired(at, written)
		if reported && after != cty.NilVal {
			after = partial(at, n.body.WithIgnored(at.Name, after, before), before)
		}
		if !reported || after == cty.NilVal || Same(at, after, before) {
			continue
		}
		d := AttrDiff{Name: at.Name, Before: before, After: after}
		if at.Immutable {
			n.immutable = append(n.immutable, d)
			continue
		}
		n.change.Diff = append(n.change.Diff, d)
	}
}

// partial is what a map becomes of which only those elements are managed that are written: a null one goes, and what is not
// written stays as it lives.
func partial(at *kind.Attribute, written, live cty.Value) cty.Value {
	if !at.Partial || !written.IsKnown() || written.IsNull() {
		return written
	}
	elements := map[string]cty.Value{}
	if live != cty.NilVal && live.IsKnown() && !live.IsNull() {
		elements = live.AsValueMap()
	}
	if elements == nil {
		elements = map[string]cty.Value{}
	}
	for name, v := range written.AsValueMap() {
		if elements[name] = v; v.IsKnown() && v.IsNull() {
			delete(elements, name)
		}
	}
	return MapOrEmpty(elements, at.Type.ElementType())
}

// MapOrEmpty is a map of elements, of which there may be none.
func MapOrEmpty(elements map[string]cty.Value, of cty.Type) cty.Value {
	if len(elements) == 0 {
		return cty.MapValEmpty(of)
	}
	return cty.MapVal(elements)
}

// creation fills the diff of an object that does not exist yet.
func (n *node) creation() {
	for i := range n.block.Kind.Attributes {
		at := &n.block.Kind.Attributes[i]
		written, managed := n.body.Attrs[at.Name]
		if !managed || at.Mode == kind.Computed {
			continue
		}
		if at.WriteOnly {
			n.writeOnly(at)
			continue
		}
		if after := partial(at, n.desired(at, written), cty.NilVal); after != cty.NilVal && !(after.IsKnown() && after.IsNull()) {
			n.change.Diff = append(n.change.Diff, AttrDiff{Name: at.Name, Before: cty.NullVal(at.Type), After: after})
		}
	}
}

// writeOnly enters an attribute whose value never enters a plan.
func (n *node) writeOnly(at *kind.Attribute) {
	n.change.Diff = append(n.change.Diff, AttrDiff{
		Name: at.Name, Before: cty.NullVal(at.Type), After: cty.NullVal(at.Type), WriteOnly: true,
	})
}

// Same compares a value configuration asks for with a live one, as the
// attribute's kind compares: durations as durations, policies as JSON, null tags
// as none. An unknown value is never the same.
func Same(at *kind.Attribute, configured, live cty.Value) bool {
	if !known(configured) || live == cty.NilVal {
		return false
	}
	configured, live = emptied(configured), emptied(live)
	if configured.IsNull() || live.IsNull() {
		return configured.IsNull() && live.IsNull()
	}
	if at.Equal != nil {
		return at.Equal(configured, live)
	}
	return configured.RawEquals(live)
}

// emptied turns a null string or map into an empty one: the service does not
// tell them apart.
func emptied(v cty.Value) cty.Value {
	switch {
	case !v.IsNull():
		return v
	case v.Type() == cty.String:
		return cty.StringVal("")
	case v.Type().IsMapType():
		return cty.MapValEmpty(v.Type().ElementType())
	}
	return v
}

// diffs reports whether the change's diff names an attribute.
func (c *Change) diffs(attr string) bool { return c.attr(attr) != nil }

func (c *Change) attr(name string) *AttrDiff {
	for i := range c.Diff {
		if c.Diff[i].Name == name {
			return &c.Diff[i]
		}
	}
	return nil
}

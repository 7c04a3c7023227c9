package hcl

import (
	"slices"

	hclv2 "github.com/hashicorp/hcl/v2"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/kind"
)

// scoped decodes a lookup of a check block: only the assertions beside it refer to it, and one that fails is a warning of
// the check.
func (d *decoder) scoped(check string, b *hclv2.Block) {
	if !d.labels(b) {
		return
	}
	k := kind.Lookup(b.Labels[0], true)
	if k == nil || !k.Looks() {
		lookups := slices.DeleteFunc(kind.DataKinds(), func(name string) bool { return !kind.Lookup(name, true).Looks() })
		d.report(fault(b.LabelRanges[0], "No lookup", "A check looks things up, and %q is no lookup.%s Lookups are %s.", b.Labels[0], didYouMean(b.Labels[0], lookups), quotedList(lookups)))
		return
	}
	a := addr.DataBlock(k.Name, b.Labels[1])
	a.Check = check
	before := len(d.m.blockOrder)
	d.object(b, k, a)
	for _, made := range d.m.blockOrder[before:] {
		if made.repeats() || len(made.conditions()) > 0 {
			d.report(fault(b.DefRange, "Unsupported argument", "A lookup of a check is read once and has neither for_each nor count nor conditions of its own: the check's assertions say what should hold. Write the data block outside of the check for that."))
		}
	}
}

// lookedUpIn is the lookup of a check that an address means inside it, or nil.
func (m *module) lookedUpIn(check string, a addr.Address) *block {
	if check == "" {
		return nil
	}
	a.Check = check
	return m.blocks[a.Block()]
}

// checkWith is the first check that has a lookup of the address, or "".
func (m *module) checkWith(a addr.Address) string {
	for _, b := range m.blockOrder {
		if inside := b.local(); inside.Check != "" {
			a.Check = inside.Check
			if inside == a.Block() {
				return inside.Check
			}
		}
	}
	return ""
}

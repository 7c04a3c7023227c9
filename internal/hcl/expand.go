package hcl

import (
	"math/big"
	"slices"

	hclv2 "github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
)

// maxInstances bounds one block's instances. KMS's own quota is 10,000 key versions per
// account and region.
const maxInstances = 100_000

// pending stands for a repetition that waits for a variable without a value, which is
// reported elsewhere or, when validating, nothing to report.
var pending = &hclv2.Diagnostic{Severity: hclv2.DiagError}

// expand settles a block's instances, and warns where a number tells protected objects apart.
func (b *block) expand(s session) hclv2.Diagnostics {
	diags := b.repeated.expand(s)
	if b.count != nil && len(b.instances) > 1 && b.kind.Protected {
		diags = append(diags, caution(b.count.Range(), "Instances told apart by number",
			"With count, removing one %s renumbers those after it, and each would take its neighbour's place. Prefer for_each with a set of names.", b.kind.Name))
	}
	return diags
}

// expand settles the instances from for_each or count.
func (b *repeated) expand(s session) hclv2.Diagnostics {
	if b.broken {
		return nil
	}
	var diags hclv2.Diagnostics
	switch {
	case b.forEach != nil:
		diags = b.expandEach(s)
	case b.count != nil:
		diags = b.expandCount(s)
	default:
		b.instances = []*instance{{addr: b.addr}}
	}
	if diags.HasErrors() {
		b.instances = nil
		return slices.DeleteFunc(diags, func(d *hclv2.Diagnostic) bool { return d == pending })
	}
	b.expanded = true
	for _, in := range b.instances {
		b.byKey[in.addr.Key] = in
	}
	return diags
}

func (b *repeated) expandEach(s session) hclv2.Diagnostics {
	at := b.forEach.Range()
	raw, diags := value(b.forEach, s.scope(b.eachRefs, nil, nil), b.secretive)
	if diags.HasErrors() {
		return diags
	}
	v, marks := raw.Unmark()
	if !v.IsKnown() && s.waits(b.eachRefs) {
		return append(diags, pending)
	}
	if secret(marks) {
		return append(diags, fault(at, "Invalid for_each", "Instances are told apart by for_each's keys, which appear in every plan and in state, so they cannot be sensitive. Keep the names apart from the secret values."))
	}
	if problem := eachProblem(v); problem != "" {
		return append(diags, fault(at, "Invalid for_each", "%s", problem))
	}
	for _, e := range s.elements(b, v) {
		key := e.key
		if !key.IsKnown() || key.IsNull() {
			return append(diags, fault(at, "Invalid for_each", "One of the names in for_each's set is null or not known yet. Use names that are written in the configuration."))
		}
		name := key.AsString()
		b.instances = append(b.instances, &instance{addr: b.addr.WithKey(name), key: name, each: e.value})
	}
	return diags
}

// element is one instance's each.key and each.value.
type element struct{ key, value cty.Value }

// elements lists a collection in the order of its keys. cty sorts a set anew at every
// iteration, so the elements of a variable or local are kept: several blocks often repeat
// over the same names.
func (s session) elements(b *repeated, v cty.Value) []element {
	name := ""
	if len(b.eachRefs) == 1 && b.eachRefs[0].block == nil && bare(b.forEach) {
		r := b.eachRefs[0]
		if t, _ := hclv2.AbsTraversalForExpr(b.forEach); len(t) == 2 {
			name = r.root + "." + r.name
		}
	}
	if s.early != nil {
		name = "" // what it holds is not known yet
	}
	if kept, ok := s.m.elements[name]; ok && name != "" {
		return kept
	}
	list := make([]element, 0, v.LengthInt())
	for it := v.ElementIterator(); it.Next(); {
		key, value := it.Element()
		if v.Type().IsSetType() {
			key = value
		}
		list = append(list, element{key, value})
	}
	s.m.elements[name] = list
	return list
}

// eachProblem says why a value cannot be a for_each, or "".
func eachProblem(v cty.Value) string {
	typ := v.Type()
	switch {
	case v.IsNull():
		return "for_each is null. Write {} for no instance."
	case typ.IsListType() || typ.IsTupleType():
		return "for_each takes a map or a set of texts, because instances need names. Write toset([ … ]) for a list of names."
	case typ.IsSetType() && typ.ElementType() != cty.String && typ.ElementType() != cty.DynamicPseudoType:
		return "for_each takes a map or a set of texts, and this set holds other values."
	case !v.IsKnown():
		return "The instances depend on something that is known only after apply. Use names that are written in the configuration; for_each over another block, such as key.orders, is fine too."
	case !typ.IsSetType() && !typ.IsMapType() && !typ.IsObjectType():
		return "for_each takes a map or a set of texts, not a " + typ.FriendlyName() + "."
	case v.LengthInt() > maxInstances:
		return "for_each has more than 100,000 elements."
	}
	return ""
}

func (b *repeated) expandCount(s session) hclv2.Diagnostics {
	at := b.count.Range()
	raw, diags := value(b.count, s.scope(b.eachRefs, nil, nil), b.secretive)
	if diags.HasErrors() {
		return diags
	}
	v, marks := raw.Unmark()
	n, err := convert.Convert(v, cty.Number)
	switch {
	case !v.IsKnown() && s.waits(b.eachRefs):
		return append(diags, pending)
	case secret(marks):
		return append(diags, fault(at, "Invalid count", "How many instances there are appears in every plan, so count cannot be sensitive."))
	case err != nil || n.IsNull():
		return append(diags, fault(at, "Invalid count", "count needs a whole number."))
	case !n.IsKnown():
		return append(diags, fault(at, "Invalid count", "count depends on something that is known only after apply. Use values that are written in the configuration."))
	}
	figure, acc := n.AsBigFloat().Int64()
	if acc != big.Exact || figure < 0 || figure > maxInstances {
		return append(diags, fault(at, "Invalid count", "count is a whole number from 0 to 100,000."))
	}
	for i := range int(figure) {
		b.instances = append(b.instances, &instance{addr: b.addr.WithIndex(i), index: i})
	}
	return diags
}

// secret reports whether a sensitive or ephemeral value flowed in.
func secret(marks cty.ValueMarks) bool {
	_, sensitive := marks[Sensitive]
	_, ephemeral := marks[Ephemeral]
	return sensitive || ephemeral
}

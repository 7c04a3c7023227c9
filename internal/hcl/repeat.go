package hcl

import (
	hclv2 "github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/addr"
)

// repeated is what for_each and count make several of.
type repeated struct {
	node
	addr     addr.Address // without instance key
	forEach  hclv2.Expression
	count    hclv2.Expression
	eachRefs []reference // of for_each or count
	eachFrom *block      // for_each = key.orders, and nothing else
	// eachDynamic says that each.value depends on objects, so it is evaluated anew each time.
	eachDynamic bool

	instances []*instance
	byKey     map[string]*instance
	expanded  bool // false while for_each or count is wrong
}

// instance is one of them.
type instance struct {
	addr  addr.Address
	each  cty.Value // each.value; NilVal for count and single blocks
	key   string    // each.key
	index int       // count.index
	body  *Body     // of a block, as Load evaluated it; nil when it has to be made anew as a whole
	diags hclv2.Diagnostics
}

func (b *repeated) repeats() bool { return b.forEach != nil || b.count != nil }

// target is the one instance a reference names, or nil when that is unknown or there is
// no such instance (the whole collection then gives HCL's own diagnostic, and try its chance).
func (b *repeated) target(r reference, ctx *hclv2.EvalContext, in *instance) *instance {
	return b.byKey[b.wantedKey(r, ctx, in)]
}

// wantedKey is the rendered key of the one instance a reference names; "" when it names the
// single one, several, or one that is not known yet.
func (b *repeated) wantedKey(r reference, ctx *hclv2.EvalContext, in *instance) string {
	switch {
	case r.key != "" || r.index == nil:
		return r.key
	case r.eachKey && in != nil:
		return in.addr.Key
	}
	key, diags := evaluate(r.index, ctx)
	if diags.HasErrors() {
		return ""
	}
	a, _ := withKey(b.addr, key)
	return a.Key
}

func (b *repeated) keys() []string {
	keys := make([]string, len(b.instances))
	for i, in := range b.instances {
		keys[i] = in.addr.Key
	}
	return keys
}

// mapKey is the instance's key in a partial collection. HCL converts a number index on
// a map to its text, so a list can be stood for by a map as well.
func (b *repeated) mapKey(in *instance) string {
	if b.count != nil {
		return in.addr.Key[1 : len(in.addr.Key)-1]
	}
	return in.key
}

// each is each.key and each.value of the instance.
func (s session) each(in *instance, owner *repeated) cty.Value {
	value := in.each
	if owner.eachFrom != nil && s.early == nil {
		value = s.object(owner.eachFrom, owner.eachFrom.byKey[in.addr.Key].addr)
	} else if owner.eachDynamic && s.early == nil {
		value = s.eachValue(in, owner)
	}
	return cty.ObjectVal(map[string]cty.Value{"key": cty.StringVal(in.key), "value": value})
}

func (s session) eachValue(in *instance, owner *repeated) cty.Value {
	all := s.remember(owner.name+" for_each", owner.blocks, func() cty.Value {
		v, _ := evaluate(owner.forEach, s.scope(owner.eachRefs, nil, nil))
		return v
	})
	return elementOf(all, in)
}

// elementOf is each.value of an instance in what for_each evaluates to; as it was known before where that has none.
func elementOf(all cty.Value, in *instance) cty.Value {
	all, _ = all.Unmark()
	if !all.IsKnown() || all.IsNull() || all.Type().IsSetType() {
		return in.each
	}
	key := cty.StringVal(in.key)
	if all.Type().IsObjectType() && all.Type().HasAttribute(in.key) {
		return all.GetAttr(in.key)
	}
	if all.Type().IsMapType() && all.HasIndex(key).True() {
		return all.Index(key)
	}
	return in.each
}

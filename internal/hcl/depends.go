package hcl

import (
	"slices"

	hclv2 "github.com/hashicorp/hcl/v2"

	"kmsplan.dev/kmsplan/internal/addr"
)

// DependsOn lists the instances that this instance refers to, directly, through
// locals or by depends_on, and those whose files it reads; sorted, each once. When it refers to
// a whole block, all its instances are in the list.
func (c *Config) DependsOn(a addr.Address) []addr.Address {
	b := c.module.all[a.Block()]
	if b == nil || b.byKey[a.Key] == nil {
		return nil
	}
	in := b.byKey[a.Key]
	s := session{m: b.m}
	ctx := s.indexScope(b.refs, in, &b.repeated)
	var found []addr.Address
	for _, refs := range [][]reference{b.refs, b.eachRefs} {
		for _, r := range refs {
			found = append(found, s.targets(r, ctx, in, &b.repeated)...)
		}
	}
	found = append(found, b.extra[a]...)
	if len(found) > 1 {
		slices.SortFunc(found, addr.Compare)
		found = slices.Compact(found)
	}
	return slices.DeleteFunc(found, func(d addr.Address) bool { return d == a })
}

// indexScope is the scope in which the indexes of references are evaluated: no objects.
func (s session) indexScope(refs []reference, in *instance, b *repeated) *hclv2.EvalContext {
	if !slices.ContainsFunc(refs, func(r reference) bool { return r.index != nil && !r.eachKey }) {
		return nil
	}
	var plain []reference
	for _, r := range refs {
		if r.block == nil {
			plain = append(plain, r)
		}
	}
	return s.scope(plain, in, b)
}

// targets are the instances one reference leads to.
func (s session) targets(r reference, ctx *hclv2.EvalContext, in *instance, owner *repeated) []addr.Address {
	switch {
	case r.block == nil:
		of := r.node()
		if of == nil {
			return nil
		}
		var all []addr.Address
		for _, a := range of.blocks {
			all = append(all, s.m.all[a].public.Instances...)
		}
		return all
	case r.block == owner.eachFrom && r.key == "" && r.index == nil && onlyForEach(owner, r):
		return []addr.Address{r.block.byKey[in.addr.Key].addr}
	}
	if target := r.block.target(r, ctx, in); target != nil {
		return []addr.Address{target.addr}
	}
	return r.block.public.Instances
}

// onlyForEach reports whether the reference is the one of for_each = key.orders, where an
// instance depends on its namesake only.
func onlyForEach(owner *repeated, r reference) bool { return owner.eachRefs[0].rng == r.rng }

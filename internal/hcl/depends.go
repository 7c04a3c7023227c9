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
	ctx := s.indexScope(slices.Concat(b.refs, b.conditionRefs), in, &b.repeated)
	var found []addr.Address
	for _, refs := range [][]reference{b.refs, b.eachRefs, b.conditionRefs} {
		for _, r := range refs {
			found = append(found, s.targets(r, ctx, in, &b.repeated)...)
		}
	}
	found = append(found, b.extra[a]...)
	return slices.DeleteFunc(sortedOnce(found), func(d addr.Address) bool { return d == a })
}

// indexScope is the scope in which the indexes of references are evaluated: no objects.
func (s session) indexScope(refs []reference, in *instance, b *repeated) *hclv2.EvalContext {
	if !slices.ContainsFunc(refs, func(r reference) bool { return r.index != nil && !r.eachKey }) {
		return nil
	}
	var plain []reference
	for _, r := range refs {
		if r.block == nil && r.call == nil {
			plain = append(plain, r)
		}
	}
	return s.scope(plain, in, b)
}

// targets are the instances one reference leads to.
func (s session) targets(r reference, ctx *hclv2.EvalContext, in *instance, owner *repeated) []addr.Address {
	switch {
	case r.call != nil:
		return s.callTargets(r, ctx, in)
	case r.block == nil:
		if of := r.node(); of != nil {
			return of.reach
		}
		return nil
	case r.block == owner.eachFrom && r.key == "" && r.index == nil && onlyForEach(owner, r):
		return []addr.Address{r.block.byKey[in.addr.Key].addr}
	}
	if target := r.block.target(r, ctx, in); target != nil {
		return []addr.Address{target.addr}
	}
	return r.block.public.Instances
}

// callTargets are the instances behind what a module gives back, or all in it when a reference only orders.
func (s session) callTargets(r reference, ctx *hclv2.EvalContext, in *instance) []addr.Address {
	if target := r.call.target(r, ctx, in); target != nil {
		r.key, r.index = target.addr.Key, nil
	}
	var all []addr.Address
	for n := range r.nodes {
		all = append(all, n.reach...)
	}
	return all
}

// setReach tells of every node that has a value of its own which instances are behind it; the order is dependencies
// first.
func (v *vertex) setReach() {
	var found []addr.Address
	switch {
	case v.block != nil:
		v.reach = v.block.public.Instances
		return
	case v.variable != nil && v.variable.call != nil:
		found = v.variable.behind()
	case v.local != nil || v.output != nil:
		found = session{m: v.m}.behind(v.refs, &instance{}, &repeated{})
	}
	v.reach = sortedOnce(found)
}

// behind are the instances behind what a call gives a variable.
func (v *variable) behind() []addr.Address {
	found := session{m: v.call.m}.behind(v.refs, v.in, &v.call.repeated)
	if usesEach(v.refs) {
		found = append(found, session{m: v.call.m}.behind(v.call.eachRefs, v.in, &v.call.repeated)...)
	}
	return found
}

func (s session) behind(refs []reference, in *instance, owner *repeated) []addr.Address {
	ctx := s.indexScope(refs, in, owner)
	var found []addr.Address
	for _, r := range refs {
		found = append(found, s.targets(r, ctx, in, owner)...)
	}
	return found
}

func sortedOnce(list []addr.Address) []addr.Address {
	if len(list) < 2 {
		return list
	}
	slices.SortFunc(list, addr.Compare)
	return slices.Compact(list)
}

// onlyForEach reports whether the reference is the one of for_each = key.orders, where an
// instance depends on its namesake only.
func onlyForEach(owner *repeated, r reference) bool { return owner.eachRefs[0].rng == r.rng }

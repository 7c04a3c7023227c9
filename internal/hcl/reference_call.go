package hcl

import (
	"maps"
	"slices"

	hclv2 "github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"kmsplan.dev/kmsplan/internal/addr"
)

// outputs are the names of the module's outputs, sorted.
func (src *calledSource) outputs() []string {
	return slices.Sorted(maps.Keys(src.pattern.outputs))
}

// callReference resolves a traversal that starts with module.NAME; rest is what follows the instance.
func (m *module) callReference(t hclv2.Traversal) (r *reference, rest hclv2.Traversal, problem *hclv2.Diagnostic) {
	at := t.SourceRange()
	name, ok := attrStep(t, 1)
	if !ok {
		return nil, nil, fault(at, "Invalid reference", "A reference to a module needs its name: module.NAME.")
	}
	c := m.calls[name]
	if c == nil {
		d := fault(at, "Unknown module", "There is no module %q.%s Call it with a module block, or correct the name.", name, didYouMean(name, slices.Sorted(maps.Keys(m.calls))))
		d.Extra = UnknownBlock{addr.Address{Module: m.path.Child(name)}}
		return nil, nil, d
	}
	r, rest = &reference{call: c, rng: at}, t[2:]
	if len(rest) > 0 {
		if index, ok := rest[0].(hclv2.TraverseIndex); ok {
			if a, ok := withKey(c.addr, index.Key); ok {
				r.key, rest = a.Key, rest[1:]
			}
		}
	}
	return r, rest, nil
}

// module takes a reference to what a module gives back.
func (f *finder) module(t hclv2.Traversal, index *hclsyntax.IndexExpr, trail hclv2.Traversal) {
	r, rest, problem := f.m.callReference(t)
	if problem != nil {
		f.refuse(problem)
		return
	}
	if index != nil && len(rest) == 0 && r.key == "" && f.evaluable(index.Key) {
		r.index, r.eachKey, rest = index.Key, isEachKey(index.Key), trail
	}
	if bad := checkCallSteps(r, rest); bad != nil {
		f.refuse(bad)
		return
	}
	if r.single() && len(rest) > 0 {
		r.attr, _ = attrStep(rest, 0)
	}
	if f.allowed.only != "" {
		f.refuse(fault(r.rng, "Reference not allowed here", "%s may not refer to module.%s, which is known only once its objects exist.", f.allowed.only, r.call.label))
		return
	}
	f.add(*r)
}

// checkCallSteps checks what follows module.NAME against the module.
func checkCallSteps(r *reference, rest hclv2.Traversal) *hclv2.Diagnostic {
	c := r.call
	if !c.repeats() && (r.key != "" || r.index != nil) {
		return fault(r.rng, "Invalid index", "module.%s has neither for_each nor count, so it has no instances. Write module.%s without an index.", c.label, c.label)
	}
	if len(rest) == 0 || c.source == nil {
		return nil
	}
	name, isAttr := attrStep(rest, 0)
	known := c.source.pattern.outputs[name] != nil
	switch {
	case !isAttr:
		return nil
	case r.single() && !known:
		return fault(rest[0].SourceRange(), "Unknown output", "The module %s has no output %q.%s Declare it there: output %q { value = … }.", c.dir, name, didYouMean(name, c.source.outputs()), name)
	case !r.single() && known:
		example := `["eu"]`
		if c.count != nil {
			example = "[0]"
		}
		return fault(r.rng, "Missing instance", "module.%s has several instances. Name one, such as module.%s%s.%s, or write a for expression over all.", c.label, c.label, example, name)
	}
	return nil
}

// moduleOrder is a module in depends_on: everything in it, or in one instance of it.
func (m *module) moduleOrder(t hclv2.Traversal) (*reference, *hclv2.Diagnostic) {
	r, rest, problem := m.callReference(t)
	switch {
	case problem != nil:
		return nil, problem
	case len(rest) > 0:
		return nil, fault(r.rng, "Invalid depends_on", "depends_on names a module as a whole: module.%s.", r.call.label)
	}
	return r, checkCallSteps(r, nil)
}

// resolve finds what for_each or count and the arguments refer to.
func (c *call) resolve(find finding) {
	c.repeated.resolve(find)
	for _, name := range slices.Sorted(maps.Keys(c.args)) {
		arg := c.args[name]
		arg.refs = find(&arg.node, arg.expr, c.own())
	}
}

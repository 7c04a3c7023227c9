package hcl

import (
	"github.com/zclconf/go-cty/cty"
)

// early evaluates what for_each and count of a call refer to before anything is in order: a module has to be
// there before its nodes can be sorted. It goes where references lead, and what only objects tell is unknown. What
// is wrong with the values of others is said later, where they stand.
type early struct {
	x      *expander
	values map[*node]valueOf
}

// valueOf is the value of a node, or that it is being found out.
type valueOf struct {
	value cty.Value
	busy  bool
}

// of is the value of a node, found out when it is first asked for; a circle is unknown, and reported by the graph.
func (e *early) of(n *node, find func() cty.Value) cty.Value {
	known, ok := e.values[n]
	switch {
	case known.busy, n.broken:
		return cty.DynamicVal
	case ok:
		return known.value
	}
	e.values[n] = valueOf{busy: true}
	v := find()
	e.values[n] = valueOf{value: v}
	return v
}

func (e *early) session(m *module) session { return session{m: m, early: e} }

func (e *early) local(l *local) cty.Value {
	return e.of(&l.node, func() cty.Value {
		v, _ := evaluate(l.expr, e.session(l.m).scope(l.refs, nil, nil))
		return v
	})
}

func (e *early) variable(v *variable) cty.Value {
	if v.call == nil {
		return v.value
	}
	return e.of(&v.node, func() cty.Value {
		value, diags := e.session(v.m).given(v)
		v.ok = !diags.HasErrors()
		return value
	})
}

func (e *early) output(o *output) cty.Value {
	return e.of(&o.node, func() cty.Value {
		v, _ := e.session(o.m).outputValue(o)
		return v
	})
}

// block is a block with for_each or count as far as its instances are known: what they are is not.
func (e *early) block(b *block) cty.Value {
	return e.of(&b.node, func() cty.Value {
		s := e.session(b.m)
		switch {
		case b.forEach != nil:
			each, _ := evaluate(b.forEach, s.scope(b.eachRefs, nil, nil))
			return unknownBy(each)
		default:
			return cty.DynamicVal
		}
	})
}

// unknownBy is an object with the names of a for_each, whose values are unknown.
func unknownBy(each cty.Value) cty.Value {
	each, marks := each.Unmark()
	if eachProblem(each) != "" || secret(marks) {
		return cty.DynamicVal
	}
	all := map[string]cty.Value{}
	for it := each.ElementIterator(); it.Next(); {
		key, value := it.Element()
		if each.Type().IsSetType() {
			key = value
		}
		key, _ = key.Unmark()
		if !key.IsKnown() || key.IsNull() {
			return cty.DynamicVal
		}
		all[key.AsString()] = cty.DynamicVal
	}
	return cty.ObjectVal(all)
}

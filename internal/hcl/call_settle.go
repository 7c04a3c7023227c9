package hcl

import (
	"fmt"
	"slices"

	hclv2 "github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
)

// settleVariable evaluates what a call gives a variable.
func (s session) settleVariable(v *variable) hclv2.Diagnostics {
	v.value, v.from = v.unknown(), "its default"
	if v.arg != nil {
		v.from = fmt.Sprintf("the call at %s:%d", v.arg.Range().Filename, v.arg.Range().Start.Line)
	}
	if v.broken {
		return nil
	}
	if v.dynamic {
		v.ok = true
		return nil
	}
	value, diags := s.given(v)
	v.value, v.ok = value, !diags.HasErrors()
	return diags
}

// settleCall gives the instances what each.value is, now that everything it may come from is known.
func (s session) settleCall(c *call) {
	if c.broken || c.forEach == nil || c.eachDynamic {
		return
	}
	all, _ := evaluate(c.forEach, s.scope(c.eachRefs, nil, nil))
	for _, in := range c.instances {
		in.each = elementOf(all, in)
	}
}

func (s session) settleOutput(o *output) hclv2.Diagnostics {
	o.value = cty.DynamicVal
	if o.broken || o.dynamic {
		return nil
	}
	var diags hclv2.Diagnostics
	o.value, diags = s.outputValue(o)
	return diags
}

// waits reports whether a variable without a right value, or what repeats over one, explains an unknown.
func (s session) waits(refs []reference) bool {
	return slices.ContainsFunc(refs, func(r reference) bool {
		switch {
		case r.order:
			return false
		case r.variable != nil:
			return !r.variable.ok || s.waits(r.variable.refs)
		case r.local != nil:
			return r.local.broken || s.waits(r.local.refs)
		case r.block != nil && s.early != nil:
			return r.block.broken || s.waits(r.block.eachRefs)
		case r.block != nil:
			return !r.block.expanded
		case r.call != nil:
			return !r.call.expanded || r.leadsTo(func(n *node) bool { return n.broken || s.waits(n.refs) })
		}
		return false
	})
}

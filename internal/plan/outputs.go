package plan

import (
	"reflect"

	"github.com/zclconf/go-cty/cty"
)

// planOutputs compares root outputs with those state remembers. A sensitive
// output is neither remembered nor shown.
func (p *planner) planOutputs() {
	declared := map[string]bool{}
	for _, out := range p.in.Config.Outputs {
		declared[out.Name] = true
		if KeptOutput(p.in.Config, out.Name, p.objects) != "" {
			continue
		}
		v, diags := p.in.Config.OutputValue(out.Name, p.objects)
		p.diags = append(p.diags, diags...)
		if diags.HasErrors() || v.ContainsMarked() {
			continue
		}
		before, had := p.in.State.Outputs[out.Name]
		if had && v.IsWhollyKnown() && reflect.DeepEqual(before, normal(ToState(v))) {
			p.steady(out.Name, v)
			continue
		}
		if !had && v.IsKnown() && v.IsNull() {
			continue
		}
		p.plan.Outputs = append(p.plan.Outputs, OutputChange{Name: out.Name, Before: valueOf(before), After: v})
	}
	for _, name := range sorted(keysOf(p.in.State.Outputs)) {
		if !declared[name] {
			p.plan.Outputs = append(p.plan.Outputs, OutputChange{
				Name: name, Before: valueOf(p.in.State.Outputs[name]), After: cty.NullVal(cty.DynamicPseudoType),
			})
		}
	}
}

func (p *planner) steady(name string, v cty.Value) {
	if p.plan.SteadyOutputs == nil {
		p.plan.SteadyOutputs = map[string]cty.Value{}
	}
	p.plan.SteadyOutputs[name] = v
}

// normal gives a value the shape it has after state was read back.
func normal(x any) any {
	if m, ok := x.(map[string]any); ok && m == nil {
		return map[string]any{}
	}
	return x
}

// valueOf turns a remembered output back into a value, of whatever type it
// shows.
func valueOf(x any) cty.Value {
	switch x := x.(type) {
	case map[string]any:
		attrs := make(map[string]cty.Value, len(x))
		for k, e := range x {
			attrs[k] = valueOf(e)
		}
		return cty.ObjectVal(attrs)
	case []any:
		elems := make([]cty.Value, len(x))
		for i, e := range x {
			elems[i] = valueOf(e)
		}
		return cty.TupleVal(elems)
	}
	for _, ty := range []cty.Type{cty.String, cty.Bool, cty.Number} {
		if v := FromState(x, ty); !v.IsNull() {
			return v
		}
	}
	return cty.NullVal(cty.DynamicPseudoType)
}

package hcl

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	hclv2 "github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/addr"
)

// in is the session in another module.
func (s session) in(m *module) session {
	s.m = m
	return s
}

// variable is a variable's value: evaluated now when it depends on objects.
func (s session) variable(v *variable) cty.Value {
	switch {
	case s.early != nil:
		return s.early.variable(v)
	case v.call == nil || !v.dynamic:
		return v.value
	case v.broken:
		return v.unknown()
	}
	return s.remember(v.name, v.blocks, func() cty.Value {
		value, _ := s.given(v) // its diagnostics are those of Load and of CheckInputs
		return value
	})
}

// unknown is the value of a variable that has none yet.
func (v *variable) unknown() cty.Value { return v.marked(cty.UnknownVal(v.typ)) }

func (v *variable) marked(value cty.Value) cty.Value {
	if v.sensitive {
		value = value.Mark(Sensitive)
	}
	if v.ephemeral {
		value = value.Mark(Ephemeral)
	}
	return value
}

// given is what a call gives a variable, or its default, checked against the declaration.
func (s session) given(v *variable) (cty.Value, hclv2.Diagnostics) {
	if v.arg == nil {
		if v.def == cty.NilVal {
			return v.unknown(), nil // that is said where the call is read
		}
		return v.marked(v.def), nil
	}
	ctx := s.in(v.call.m).scope(v.refs, v.in, &v.call.repeated)
	raw, diags := value(v.arg, ctx, v.secretive)
	explainIndex(diags, v.refs, ctx, v.in)
	if diags.HasErrors() {
		return v.unknown(), diags
	}
	at := v.at()
	if _, marks := raw.UnmarkDeep(); hasMark(marks, Ephemeral) && !v.ephemeral {
		return v.unknown(), append(diags, fault(at, "Ephemeral value not allowed", "The variable %q of %s is given an ephemeral value, which exists only while kmsplan runs. Declare the variable with ephemeral = true.", v.label, v.call.name))
	}
	val, err := v.conform(raw)
	switch {
	case err != nil:
		return v.unknown(), append(diags, fault(at, "Invalid value for variable", "The value that %s gives its variable %q does not fit the type: %s.", v.call.name, v.label, err))
	case !val.IsNull() || v.nullable:
		return v.marked(val), diags
	case v.def != cty.NilVal:
		return v.marked(v.def), diags
	}
	return v.unknown(), append(diags, fault(at, "Invalid value for variable", "The value that %s gives its variable %q is null, and nullable = false forbids that.", v.call.name, v.label))
}

// at is the place of a variable's value: where a call gives it, or else the variable itself. A sensitive value may stand
// there, so of such a variable it is the call's header.
func (v *variable) at() hclv2.Range {
	switch {
	case v.arg == nil:
		return v.rng
	case v.sensitive || v.ephemeral:
		return v.call.rng
	}
	return v.arg.Range()
}

// CheckInputs evaluates what modules are given that depends on objects, with what is known of those now, and checks it
// against the modules' variables.
func (c *Config) CheckInputs(objects Objects) hclv2.Diagnostics {
	if c.Destroys {
		return nil // nothing is given anything any more
	}
	var diags hclv2.Diagnostics
	for _, m := range c.module.modules {
		s := session{m: m, objects: objects}
		for _, name := range slices.Sorted(maps.Keys(m.variables)) {
			if v := m.variables[name]; v.dynamic && !v.broken {
				diags = append(diags, s.checkInput(v)...)
			}
		}
	}
	return once(diags)
}

func (s session) checkInput(v *variable) hclv2.Diagnostics {
	_, diags := s.given(v)
	if diags.HasErrors() {
		return diags
	}
	for _, check := range v.validations {
		diags = append(diags, s.validate(v, check)...)
	}
	return diags
}

func hasMark(marks cty.ValueMarks, m mark) bool {
	_, ok := marks[m]
	return ok
}

// output is the value of an output of a module that is called.
func (s session) output(o *output) cty.Value {
	switch {
	case s.early != nil:
		return s.early.output(o)
	case o.broken:
		return cty.DynamicVal
	case !o.dynamic && o.value != cty.NilVal:
		return o.value
	}
	return s.remember(o.name, o.blocks, func() cty.Value {
		v, _ := s.in(o.m).outputValue(o) // its diagnostics were reported by Load
		return v
	})
}

// outputValue evaluates an output for the module that calls: marks stay, and those that it declares come to them.
func (s session) outputValue(o *output) (cty.Value, hclv2.Diagnostics) {
	ctx := s.scope(o.refs, nil, nil)
	v, diags := value(o.expr, ctx, o.secretive)
	explainIndex(diags, o.refs, ctx, nil)
	if _, marks := v.UnmarkDeep(); hasMark(marks, Ephemeral) && !o.decl.Ephemeral {
		return cty.DynamicVal, append(diags, fault(o.expr.Range(), "Ephemeral value in an output", "The output %q depends on an ephemeral value, which exists only while kmsplan runs. Add ephemeral = true, and the calling module may hand it on to write-only arguments; or leave the value out.", o.decl.Name))
	}
	if o.decl.Sensitive {
		v = v.Mark(Sensitive)
	}
	if o.decl.Ephemeral {
		v = v.Mark(Ephemeral)
	}
	return v, diags
}

// callValue is what module.NAME evaluates to: an object of the outputs; an object of such objects for for_each, a
// tuple for count. When every reference names one instance it holds those only, and of the outputs those that are
// referred to.
func (s session) callValue(c *call, refs []reference, ctx *hclv2.EvalContext, in *instance) cty.Value {
	if s.early != nil {
		s.early.x.expand(c)
	}
	if c.broken || !c.expanded {
		return cty.DynamicVal
	}
	wanted := wantedOutputs(c, refs)
	if !c.repeats() {
		return s.outputs(c.children[""], wanted)
	}
	some := map[string]cty.Value{}
	for _, r := range refs {
		if r.call != c || r.order {
			continue
		}
		target := c.target(r, ctx, in)
		if target == nil {
			return s.remember(fmt.Sprint(c.name, " ", strings.Join(wanted, ",")), c.outputBlocks, func() cty.Value { return s.allInstances(c, wanted) })
		}
		some[c.mapKey(target)] = s.outputs(c.children[target.addr.Key], wanted)
	}
	return cty.ObjectVal(some)
}

// wantedOutputs are the outputs that references read.
func wantedOutputs(c *call, refs []reference) []string {
	var wanted []string
	for _, r := range refs {
		switch {
		case r.call != c || r.order:
		case r.attr == "":
			return c.source.outputs()
		case !slices.Contains(wanted, r.attr):
			wanted = append(wanted, r.attr)
		}
	}
	return wanted
}

func (s session) allInstances(c *call, wanted []string) cty.Value {
	list, byKey := make([]cty.Value, len(c.instances)), make(map[string]cty.Value, len(c.instances))
	for i, in := range c.instances {
		list[i] = s.outputs(c.children[in.addr.Key], wanted)
		byKey[in.key] = list[i]
	}
	if c.count != nil {
		return cty.TupleVal(list)
	}
	return cty.ObjectVal(byKey)
}

func (s session) outputs(m *module, wanted []string) cty.Value {
	if m == nil {
		return cty.DynamicVal
	}
	values := make(map[string]cty.Value, len(wanted))
	for _, name := range wanted {
		values[name] = s.output(m.outputs[name])
	}
	return cty.ObjectVal(values)
}

// blocksOfOutputs are the blocks that any output of any instance depends on.
func (c *call) blocksOfOutputs() []addr.Address {
	seen := map[addr.Address]bool{}
	var all []addr.Address
	for _, in := range c.instances {
		m := c.children[in.addr.Key]
		if m == nil {
			continue
		}
		for _, o := range m.outputOrder {
			for _, a := range o.blocks {
				if !seen[a] {
					seen[a] = true
					all = append(all, a)
				}
			}
		}
	}
	return all
}

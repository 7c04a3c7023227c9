package hcl

import (
	"slices"

	hclv2 "github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"kmsplan.dev/kmsplan/internal/addr"
)

// session evaluates expressions against one Objects.
type session struct {
	m       *module
	objects Objects
	loading bool   // objects are block.expected, which are not of the kind's type
	early   *early // set while modules are expanded, when nothing is in order yet
}

// scope is the evaluation context for expressions with these references, in one instance
// of a block (nil elsewhere). It holds what is referred to and nothing else: one
// instance of ten thousand when the index is known.
func (s session) scope(refs []reference, in *instance, owner *repeated) *hclv2.EvalContext {
	var values, variables, locals, gateways map[string]cty.Value
	objects := 0
	for i := range refs {
		switch r := &refs[i]; {
		case r.order:
		case r.block != nil || r.call != nil:
			objects++
		case r.variable != nil && (r.variable.dynamic || !s.m.varsReady):
			put(&variables, r.name, s.variable(r.variable))
		case r.local != nil && (r.local.dynamic || !s.m.localsReady):
			put(&locals, r.name, s.local(r.local))
		case r.gateway != nil:
			put(&gateways, r.name, s.gateway(r.gateway))
		case r.root == "each" && values["each"] == cty.NilVal:
			put(&values, "each", s.each(in, owner))
		case r.root == "count":
			put(&values, "count", cty.ObjectVal(map[string]cty.Value{"index": cty.NumberIntVal(int64(in.index))}))
		}
	}
	if variables != nil {
		put(&values, "var", withStaticVariables(variables, refs))
	}
	if locals != nil {
		put(&values, "local", withStaticLocals(locals, refs))
	}
	if gateways != nil {
		put(&values, "gateway", cty.ObjectVal(gateways))
	}
	if values == nil && objects == 0 {
		return s.m.base
	}
	ctx := s.m.base.NewChild()
	ctx.Variables = values
	if objects > 0 {
		s.addObjects(ctx, refs, in)
	}
	return ctx
}

func put(into *map[string]cty.Value, name string, v cty.Value) {
	if *into == nil {
		*into = map[string]cty.Value{}
	}
	(*into)[name] = v
}

// withStaticLocals joins referenced static locals to the dynamic ones, because the inner
// "local" hides the outer.
func withStaticLocals(locals map[string]cty.Value, refs []reference) cty.Value {
	for _, r := range refs {
		if r.local != nil && locals[r.name] == cty.NilVal {
			locals[r.name] = r.local.value
		}
	}
	return cty.ObjectVal(locals)
}

// withStaticVariables does the same for variables.
func withStaticVariables(variables map[string]cty.Value, refs []reference) cty.Value {
	for _, r := range refs {
		if r.variable != nil && variables[r.name] == cty.NilVal {
			variables[r.name] = r.variable.value
		}
	}
	return cty.ObjectVal(variables)
}

// addObjects evaluates the indexes against what the context already holds, and adds the
// objects they lead to under the names by which expressions reach them.
func (s session) addObjects(ctx *hclv2.EvalContext, refs []reference, in *instance) {
	managed, data, ephemeral := map[string]map[string]cty.Value{}, map[string]map[string]cty.Value{}, map[string]map[string]cty.Value{}
	var modules map[string]cty.Value
	for i, r := range refs {
		if r.call != nil && !r.order && modules[r.call.label] == cty.NilVal {
			put(&modules, r.call.label, s.callValue(r.call, refs[i:], ctx, in))
		}
		if r.block == nil || r.order || slices.ContainsFunc(refs[:i], func(o reference) bool { return o.block == r.block && !o.order }) {
			continue
		}
		into := managed
		switch {
		case r.block.addr.Ephemeral:
			into = ephemeral
		case r.block.addr.Data:
			into = data
		}
		if into[r.block.addr.Kind] == nil {
			into[r.block.addr.Kind] = map[string]cty.Value{}
		}
		into[r.block.addr.Kind][r.block.addr.Name] = s.blockValue(r.block, refs[i:], ctx, in)
	}
	if modules != nil {
		put(&ctx.Variables, "module", cty.ObjectVal(modules))
	}
	for kind, byName := range managed {
		put(&ctx.Variables, kind, cty.ObjectVal(byName))
	}
	for root, byKind := range map[string]map[string]map[string]cty.Value{"data": data, "ephemeral": ephemeral} {
		kinds := map[string]cty.Value{}
		for kind, byName := range byKind {
			kinds[kind] = cty.ObjectVal(byName)
		}
		if len(kinds) > 0 {
			put(&ctx.Variables, root, cty.ObjectVal(kinds))
		}
	}
}

// blockValue is what key.orders evaluates to: an object; a map of objects for for_each, a
// list for count. When every reference names one instance, the map holds those only.
func (s session) blockValue(b *block, refs []reference, ctx *hclv2.EvalContext, in *instance) cty.Value {
	switch {
	case s.early != nil:
		return s.early.block(b)
	case b.broken || !b.expanded:
		return cty.DynamicVal
	}
	if !b.repeats() {
		return s.object(b, b.addr)
	}
	some := map[string]cty.Value{}
	for _, r := range refs {
		if r.block != b || r.order {
			continue
		}
		target := b.target(r, ctx, in)
		if target == nil {
			return s.whole(b)
		}
		some[b.mapKey(target)] = s.object(b, target.addr)
	}
	return cty.MapVal(some)
}

// whole is the collection of all instances, built once while nothing in it changes.
func (s session) whole(b *block) cty.Value {
	return s.remember(b.name, []addr.Address{b.addr}, func() cty.Value { return s.collect(b) })
}

func (s session) remember(name string, blocks []addr.Address, build func() cty.Value) cty.Value {
	if m, ok := s.objects.(*ObjectMap); ok && m != nil {
		return m.remember(name, blocks, build)
	}
	return build()
}

func (s session) collect(b *block) cty.Value {
	if b.count != nil {
		list := make([]cty.Value, len(b.instances))
		for i, in := range b.instances {
			list[i] = s.object(b, in.addr)
		}
		if len(list) == 0 {
			return cty.ListValEmpty(b.kind.ObjectType())
		}
		return cty.ListVal(list)
	}
	all := make(map[string]cty.Value, len(b.instances))
	for _, in := range b.instances {
		all[in.key] = s.object(b, in.addr)
	}
	if len(all) == 0 {
		return cty.MapValEmpty(b.kind.ObjectType())
	}
	return cty.MapVal(all)
}

// object is what is known of one instance; unknown when nothing is.
func (s session) object(b *block, a addr.Address) cty.Value {
	if s.objects != nil {
		if v, ok := s.objects.Object(a); ok && v != cty.NilVal {
			if s.loading || v.Type().Equals(b.kind.ObjectType()) {
				return v
			}
			if fit, err := convert.Convert(v, b.kind.ObjectType()); err == nil {
				return fit
			}
		}
	}
	return unknownObject(b.kind)
}

// local is a local's value: evaluated now when it depends on objects.
func (s session) local(l *local) cty.Value {
	if s.early != nil {
		return s.early.local(l)
	}
	if l.broken {
		return cty.DynamicVal
	}
	if !l.dynamic {
		return l.value
	}
	return s.remember(l.name, l.blocks, func() cty.Value {
		v, _ := evaluate(l.expr, s.scope(l.refs, nil, nil)) // its diagnostics were reported by Load
		return v
	})
}

func (s session) gateway(g *gateway) cty.Value {
	if g.decl.Emulator != nil {
		if known, ok := s.objects.(GatewayObjects); ok {
			if v, ok := known.GatewayObject(g.decl.Name); ok && v.Type().Equals(GatewayType) {
				return v
			}
		}
	}
	if v, ok := s.m.settledGateways[g.decl.Name]; ok {
		return v
	}
	return cty.UnknownVal(GatewayType)
}

// static evaluates an expression that may refer to variables and static locals only;
// what names it in messages.
func (m *module) static(expr hclv2.Expression, want cty.Type, what string) (cty.Value, hclv2.Diagnostics) {
	return session{m: m}.static(expr, want, what)
}

func (s session) static(expr hclv2.Expression, want cty.Type, what string) (cty.Value, hclv2.Diagnostics) {
	refs, diags := s.m.references(expr, names{only: what})
	if diags.HasErrors() {
		return cty.UnknownVal(want), diags
	}
	v, evalDiags := value(expr, s.scope(refs, nil, nil), secretive(refs))
	diags = append(diags, evalDiags...)
	if evalDiags.HasErrors() {
		return cty.UnknownVal(want), diags
	}
	converted, err := convert.Convert(v, want)
	if err != nil {
		return cty.UnknownVal(want), append(diags, fault(expr.Range(), "Incorrect type", "%s needs a value of type %s: %s.", what, want.FriendlyNameForConstraint(), err))
	}
	return converted, diags
}

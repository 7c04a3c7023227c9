package hcl

import (
	"slices"
	"strings"

	hclv2 "github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/dynblock"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/kind"
	"kmsplan.dev/kmsplan/internal/safety"
)

// Body evaluates one instance with what objects knows and checks it against its kind.
// The maps in it are shared: read only. The diagnostics hold no sensitive value.
func (c *Config) Body(a addr.Address, objects Objects) (Body, hclv2.Diagnostics) {
	b := c.module.all[a.Block()]
	var in *instance
	if b != nil {
		in = b.byKey[a.Key]
	}
	if in == nil {
		return Body{}, hclv2.Diagnostics{fault(hclv2.Range{}, "Unknown block", "The configuration declares no %s.", a)}
	}
	s := session{m: b.m, objects: objects}
	switch {
	case in.body == nil:
		body, _, diags := b.evaluate(s, in)
		return body, diags
	case !b.dynamic:
		return *in.body, in.diags
	}
	return b.reevaluate(s, in)
}

// origin marks the id of a block's object while a module is loaded, so that KMS's rules
// between blocks can tell which key an unknown id belongs to, whatever way it took.
type origin struct{ addr addr.Address }

// origins lists, per attribute, the objects whose ids flowed into it.
type origins map[string][]addr.Address

// evaluate is the evaluation of one instance.
func (b *block) evaluate(s session, in *instance) (Body, origins, hclv2.Diagnostics) {
	e := &evaluation{b: b, in: in, ctx: s.scope(b.refs, in, &b.repeated)}
	inner := b.nested
	e.body = Body{Attrs: make(map[string]cty.Value, len(b.attrs)), Ranges: b.ranges, ignoreKeys: b.lifecycle.IgnoreKeys}
	if b.dynamics {
		inner = e.expandDynamic()
		e.body.Ranges = writtenAt(b.attrs, inner)
	}
	for i := range b.attrs {
		e.argument(&b.attrs[i], e.body.Attrs)
	}
	for _, n := range inner {
		e.nested(n)
	}
	if !e.diags.HasErrors() && len(b.kind.Rules) > 0 {
		e.rules()
	}
	return e.body, e.came, e.diags
}

// constants checks the arguments of a broken block that refer to nothing, so that one
// wrong reference hides no other mistake.
func (b *block) constants(s session) hclv2.Diagnostics {
	e := &evaluation{b: b, in: &instance{addr: b.addr}, ctx: s.m.base, body: Body{Attrs: map[string]cty.Value{}}}
	for i := range b.attrs {
		e.argument(&b.attrs[i], e.body.Attrs)
	}
	return e.diags
}

// reevaluate takes what does not depend on objects from Load's evaluation, and evaluates
// the rest.
func (b *block) reevaluate(s session, in *instance) (Body, hclv2.Diagnostics) {
	e := &evaluation{b: b, in: in, ctx: s.scope(b.again, in, &b.repeated)}
	e.body = Body{Attrs: make(map[string]cty.Value, len(b.attrs)), Blocks: in.body.Blocks, Ranges: b.ranges, ignoreKeys: b.lifecycle.IgnoreKeys}
	for i := range b.attrs {
		a := &b.attrs[i]
		if a.dynamic {
			e.argument(a, e.body.Attrs)
		} else {
			e.body.Attrs[a.decl.Name] = in.body.Attrs[a.decl.Name]
		}
	}
	if b.nestedAgain {
		e.body.Blocks = nil
		for _, n := range b.nested {
			e.nested(n)
		}
	}
	if !e.diags.HasErrors() && len(b.kind.Rules) > 0 {
		e.rules()
	}
	return e.body, e.diags
}

// writtenAt tells where the attributes and nested blocks stand.
func writtenAt(args []argument, inner []nested) map[string]hclv2.Range {
	ranges := map[string]hclv2.Range{}
	for _, a := range args {
		ranges[a.decl.Name] = a.rng
	}
	for _, n := range inner {
		ranges[n.name] = n.rng
		for _, a := range n.args {
			ranges[n.name+"."+a.decl.Name] = a.rng
		}
	}
	return ranges
}

type evaluation struct {
	b     *block
	in    *instance
	ctx   *hclv2.EvalContext
	body  Body
	came  origins
	diags hclv2.Diagnostics
}

// argument evaluates and checks one attribute and puts it into the body.
func (e *evaluation) argument(a *argument, into map[string]cty.Value) {
	into[a.decl.Name] = cty.UnknownVal(a.decl.Type)
	if e.b.broken && (a.wrong || len(a.expr.Variables()) > 0) {
		return // what is wrong is said already; only what stands alone can be checked
	}
	raw, diags := value(a.expr, e.ctx, e.b.secretive)
	explainIndex(diags, e.b.refs, e.ctx, e.in)
	if a.decl.WriteOnly {
		e.pointAway(diags)
	}
	e.diags = append(e.diags, diags...)
	if diags.HasErrors() {
		return
	}
	v, marks := unmark(raw)
	v, err := convert.Convert(v, a.decl.Type)
	if err != nil {
		e.fail(a, "Incorrect type", "The argument %q needs a value of type %s: %s.", a.decl.Name, a.decl.Type.FriendlyName(), err)
		return
	}
	if len(marks) > 0 {
		e.keepOrigins(a.decl.Name, marks)
	}
	switch {
	case !e.allowed(a, v, marks):
	case a.decl.WriteOnly:
		into[a.decl.Name] = v.Mark(Sensitive)
		if from := sourcesIn(marks); len(from) > 0 {
			e.body.from(a.decl.Name, from)
		}
	default:
		into[a.decl.Name] = v
	}
}

// unmark takes off all marks, without walking through texts and numbers.
func unmark(v cty.Value) (cty.Value, cty.ValueMarks) {
	if v.Type().IsPrimitiveType() {
		return v.Unmark()
	}
	return v.UnmarkDeep()
}

// allowed checks a value against its declaration.
func (e *evaluation) allowed(a *argument, v cty.Value, marks cty.ValueMarks) bool {
	switch {
	case secret(marks) && !a.decl.WriteOnly && !safety.Off(safety.SecretArgument):
		e.fail(a, "Sensitive value not allowed", "The argument %q of %s appears in plans and in state, so it cannot hold a sensitive or ephemeral value. Only write-only arguments can, such as a secret's value.", a.decl.Name, e.b.addr)
		return false
	case v.IsNull() && a.decl.Mode == kind.Required:
		e.fail(a, "Missing required argument", "The argument %q is required, and null is no value. %s", a.decl.Name, a.decl.Doc)
		return false
	}
	if v.IsNull() || !v.IsKnown() || a.decl.Check == nil {
		return true
	}
	if err := a.decl.Check(v); err != nil {
		e.fail(a, "Invalid value", "%s", err)
		return false
	}
	return true
}

// fail reports what is wrong with an argument. The source of a write-only one may hold the
// secret itself, and that of a private one a password, so the report points at the block's header instead.
func (e *evaluation) fail(a *argument, summary, detail string, args ...any) {
	at := a.expr.Range()
	if a.decl.WriteOnly || a.decl.Private {
		at = e.b.rng
	}
	e.diags = append(e.diags, fault(at, summary, detail, args...))
}

// pointAway moves findings in a write-only argument to the block's header, for the same reason.
func (e *evaluation) pointAway(diags hclv2.Diagnostics) {
	for _, d := range diags {
		d.Subject, d.Context, d.Expression, d.EvalContext = e.b.rng.Ptr(), nil, nil, nil
	}
}

func (e *evaluation) keepOrigins(name string, marks cty.ValueMarks) {
	if e.came == nil {
		e.came = origins{}
	}
	for m := range marks {
		if o, ok := m.(origin); ok {
			e.came[name] = append(e.came[name], o.addr)
		}
	}
	slices.SortFunc(e.came[name], func(a, b addr.Address) int { return strings.Compare(a.String(), b.String()) })
}

func (e *evaluation) nested(n nested) {
	name := n.name
	if e.body.Blocks[name] != nil {
		e.diags = append(e.diags, fault(n.rng, "Duplicate block", "%s holds one %s block at most.", e.b.addr, name))
		return
	}
	values := make(map[string]cty.Value, len(n.args))
	for i := range n.args {
		e.argument(&n.args[i], values)
	}
	if e.body.Blocks == nil {
		e.body.Blocks = map[string]map[string]cty.Value{}
	}
	e.body.Blocks[name] = values
	if v, set := e.body.Attrs[n.decl.ExclusiveWith]; set && !v.IsNull() {
		e.diags = append(e.diags, fault(n.rng, "Conflicting arguments", "%s has both %s and %s. Remove one.", e.b.addr, n.decl.ExclusiveWith, name))
	}
}

// expandDynamic decodes the nested blocks anew, with dynamic ones expanded.
func (e *evaluation) expandDynamic() []nested {
	whole := bodySchema(e.b.kind)
	whole.Blocks = slices.DeleteFunc(whole.Blocks, func(h hclv2.BlockHeaderSchema) bool { return h.Type == "dynamic" })
	m := &meter{left: maxWork, total: workOf(e.ctx)}
	content, diags := dynblock.Expand(nativeBody{e.b.body}, m.within(e.ctx)).Content(whole)
	var list []nested
	for _, raw := range content.Blocks {
		if decl := e.b.kind.Block(raw.Type); decl != nil {
			more, nestedDiags := decodeNested(decl, raw, e.b.name, "")
			list, diags = append(list, more...), append(diags, nestedDiags...)
		}
	}
	if e.b.secretive {
		for _, d := range diags {
			d.Expression, d.EvalContext = nil, nil
		}
	}
	e.diags = append(e.diags, diags...)
	return list
}

func (e *evaluation) rules() {
	plain := kind.Values{Attrs: e.body.Attrs, Blocks: e.body.Blocks, NoInstance: e.b.noInstance(e.body.Attrs)}
	for _, rule := range e.b.kind.Rules {
		name, err := rule.Check(plain)
		if err == nil {
			continue
		}
		at, ok := e.body.Ranges[name]
		if decl := e.b.kind.Attribute(name); !ok || decl != nil && decl.WriteOnly {
			at = e.b.rng
		}
		e.diags = append(e.diags, breach(rule, at, "%s", err))
	}
}

// noInstance reports whether the object will live outside any KMS instance.
func (b *block) noInstance(attrs map[string]cty.Value) bool {
	if v, written := attrs["instance"]; written {
		return v.IsNull()
	}
	g := b.gateway
	return g != nil && g.decl.Instance == nil && g.decl.Emulator == nil
}

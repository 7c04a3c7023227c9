package hcl

import (
	hclv2 "github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
)

// resolve finds the references of every node of a module. A node with a wrong one is broken: it
// evaluates to unknown, and what is wrong is said once.
func (m *module) resolve() hclv2.Diagnostics {
	var diags hclv2.Diagnostics
	find := func(n *node, expr hclv2.Expression, allowed names) []reference {
		refs, found := m.references(expr, allowed)
		n.broken = n.broken || found.HasErrors()
		diags = append(diags, found...)
		return refs
	}
	for _, l := range m.localOrder {
		l.refs = find(&l.node, l.expr, names{})
	}
	for _, g := range m.ownGateways() {
		for _, path := range g.paths() {
			g.refs = append(g.refs, find(&g.node, g.args[path].expr, names{only: "A gateway"})...)
		}
	}
	for _, b := range m.blockOrder {
		m.resolveBlock(b, find)
		diags = append(diags, b.resolveConditions(find)...)
		for i := range b.attrs {
			if found := m.refers(&b.attrs[i], b.name); len(found) > 0 {
				b.attrs[i].wrong, b.broken = true, true
				diags = append(diags, found...)
			}
		}
	}
	for _, c := range m.callOrder {
		c.resolve(find)
	}
	for _, o := range m.outputOrder {
		o.refs = append(o.refs, find(&o.node, o.expr, names{})...)
		for _, c := range o.pre {
			c.resolve(&o.node, find, names{})
			o.refs = append(o.refs, c.refs...)
		}
	}
	for _, k := range m.checkOrder {
		for _, c := range k.asserts {
			c.resolve(&k.node, find, names{check: k.addr.Name})
			k.refs = append(k.refs, c.refs...)
		}
	}
	m.markUsed()
	return diags
}

// finding finds the references in an expression of a node, and notes what is wrong.
type finding func(*node, hclv2.Expression, names) []reference

func (b *repeated) resolve(find finding) {
	for _, expr := range []hclv2.Expression{b.forEach, b.count} {
		if expr != nil {
			b.eachRefs = find(&b.node, expr, names{})
		}
	}
	if len(b.eachRefs) == 1 && b.forEach != nil && b.eachRefs[0].block != nil && bare(b.forEach) {
		if from := b.eachRefs[0].block; b.eachRefs[0].key == "" && from.forEach != nil {
			b.eachFrom = from
		}
	}
}

// own are the names that repetition makes known.
func (b *repeated) own() names { return names{each: b.forEach != nil, count: b.count != nil} }

func (m *module) resolveBlock(b *block, find finding) {
	b.resolve(find)
	allowed := b.own()
	for i := range b.attrs {
		before := b.broken
		b.broken = false
		b.attrs[i].refs = find(&b.node, b.attrs[i].expr, allowed)
		b.attrs[i].wrong = b.broken
		b.broken = b.broken || before
		b.refs = append(b.refs, b.attrs[i].refs...)
	}
	for _, n := range b.nested {
		for i := range n.args {
			n.args[i].refs = find(&b.node, n.args[i].expr, allowed)
			b.refs = append(b.refs, n.args[i].refs...)
		}
	}
	if b.dynamics {
		b.refs = append(b.refs, m.dynamicReferences(b, find, allowed)...)
	}
}

// bare reports whether the expression is a plain reference.
func bare(expr hclv2.Expression) bool {
	_, diags := hclv2.AbsTraversalForExpr(expr)
	return !diags.HasErrors()
}

// dynamicReferences finds what the dynamic blocks of a body refer to.
func (m *module) dynamicReferences(b *block, find finding, allowed names) []reference {
	content, _, _ := nativeBody{b.body}.PartialContent(&hclv2.BodySchema{Blocks: []hclv2.BlockHeaderSchema{{Type: "dynamic", LabelNames: []string{"type"}}}})
	var refs []reference
	for _, d := range content.Blocks {
		head, _, _ := d.Body.PartialContent(&hclv2.BodySchema{
			Attributes: []hclv2.AttributeSchema{{Name: "for_each"}, {Name: "iterator"}},
			Blocks:     []hclv2.BlockHeaderSchema{{Type: "content"}},
		})
		inside := allowed
		inside.iterators = []string{d.Labels[0]}
		if a := head.Attributes["iterator"]; a != nil {
			inside.iterators = []string{hclv2.ExprAsKeyword(a.Expr)}
		}
		if a := head.Attributes["for_each"]; a != nil {
			refs = append(refs, find(&b.node, a.Expr, allowed)...)
		}
		for _, c := range head.Blocks {
			attrs, _ := c.Body.JustAttributes()
			for _, a := range sortedAttributes(attrs) {
				refs = append(refs, find(&b.node, a.Expr, inside)...)
			}
		}
	}
	return refs
}

// ownGateways are the gateways that the module itself declares.
func (m *module) ownGateways() []*gateway {
	if m.path != "" {
		return nil
	}
	return m.gatewayOrder
}

func (m *module) markUsed() {
	mark := func(refs []reference) {
		for _, r := range refs {
			switch {
			case r.block == nil || r.order:
			case r.attr == "":
				r.block.usedWhole = true
			case r.block.usedAttrs == nil:
				r.block.usedAttrs = map[string]bool{r.attr: true}
			default:
				r.block.usedAttrs[r.attr] = true
			}
		}
	}
	for _, l := range m.localOrder {
		mark(l.refs)
	}
	for _, b := range m.blockOrder {
		mark(b.refs)
		mark(b.eachRefs)
		mark(b.conditionRefs)
		b.usedWhole = b.usedWhole || len(b.post) > 0 // as self
	}
	for _, k := range m.checkOrder {
		mark(k.refs)
	}
	for _, c := range m.callOrder {
		mark(c.eachRefs)
		for _, arg := range c.args {
			mark(arg.refs)
		}
	}
	for _, o := range m.outputOrder {
		mark(o.refs)
	}
}

// settleLocals evaluates locals and gateways, and what modules are given and give back, in the graph's order: as far
// as it does not depend on objects.
func (t *tree) settleLocals(order []*vertex) hclv2.Diagnostics {
	var diags hclv2.Diagnostics
	for _, v := range order {
		s := session{m: v.m}
		switch {
		case v.local != nil:
			diags = append(diags, s.settleLocal(v.local)...)
		case v.gateway != nil:
			diags = append(diags, s.settleGateway(v.gateway)...)
		case v.variable != nil && v.variable.call != nil:
			diags = append(diags, s.settleVariable(v.variable)...)
		case v.call != nil:
			s.settleCall(v.call)
		case v.output != nil && v.m.path != "":
			diags = append(diags, s.settleOutput(v.output)...)
		}
	}
	for _, m := range t.modules {
		m.settled()
	}
	return diags
}

// settled puts the static variables and locals where every expression finds them.
func (m *module) settled() {
	if !m.varsReady {
		m.setVariables()
	}
	static := map[string]cty.Value{}
	for _, l := range m.localOrder {
		if !l.dynamic {
			static[l.label] = l.value
		}
	}
	m.base.Variables["local"] = cty.ObjectVal(static)
	m.localsReady = true
}

func (s session) settleLocal(l *local) hclv2.Diagnostics {
	l.value = cty.DynamicVal
	if l.broken || l.dynamic {
		return nil
	}
	var diags hclv2.Diagnostics
	l.value, diags = value(l.expr, s.scope(l.refs, nil, nil), l.secretive)
	return diags
}

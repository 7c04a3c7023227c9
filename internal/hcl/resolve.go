package hcl

import (
	"slices"

	hclv2 "github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
)

// resolve finds the references of every node. A node with a wrong one is broken: it
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
	for _, g := range m.gatewayOrder {
		for _, path := range g.paths() {
			g.refs = append(g.refs, find(&g.node, g.args[path], names{only: "A gateway"})...)
		}
	}
	for _, b := range m.blockOrder {
		m.resolveBlock(b, find)
	}
	for _, o := range m.outputOrder {
		o.refs = append(o.refs, find(&o.node, o.expr, names{})...)
	}
	m.markUsed()
	return diags
}

func (m *module) resolveBlock(b *block, find func(*node, hclv2.Expression, names) []reference) {
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
	allowed := names{each: b.forEach != nil, count: b.count != nil}
	for i := range b.attrs {
		b.attrs[i].refs = find(&b.node, b.attrs[i].expr, allowed)
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
func (m *module) dynamicReferences(b *block, find func(*node, hclv2.Expression, names) []reference, allowed names) []reference {
	content, _, _ := b.body.PartialContent(&hclv2.BodySchema{Blocks: []hclv2.BlockHeaderSchema{{Type: "dynamic", LabelNames: []string{"type"}}}})
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
	}
	for _, o := range m.outputOrder {
		mark(o.refs)
	}
}

// settleLocals evaluates locals and gateways, in the graph's order.
func (m *module) settleLocals(order []*vertex) hclv2.Diagnostics {
	var diags hclv2.Diagnostics
	s := session{m: m}
	for _, v := range order {
		switch {
		case v.local != nil:
			diags = append(diags, s.settleLocal(v.local)...)
		case v.gateway != nil:
			diags = append(diags, s.settleGateway(v.gateway)...)
		}
	}
	static := map[string]cty.Value{}
	for _, l := range m.localOrder {
		if !l.dynamic {
			static[l.name[len("local."):]] = l.value
		}
	}
	m.base.Variables["local"] = cty.ObjectVal(static)
	m.localsReady = true
	return diags
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

// paths are the gateway's written arguments, in a fixed order.
func (g *gateway) paths() []string {
	var paths []string
	for p := range g.args {
		paths = append(paths, p)
	}
	slices.Sort(paths)
	return paths
}

// settleGateway evaluates a gateway's arguments into its declaration.
func (s session) settleGateway(g *gateway) hclv2.Diagnostics {
	var diags hclv2.Diagnostics
	text := map[string]string{}
	for _, path := range g.paths() {
		v, found := s.gatewayArgument(g, path)
		diags = append(diags, found...)
		if path == "instance.client_key.password" {
			g.decl.Instance.ClientKey.Password = v.Mark(Sensitive)
			continue
		}
		if v.IsKnown() && !v.IsNull() {
			text[path] = v.AsString()
		}
	}
	g.fill(text)
	s.m.settledGateways[g.decl.Name] = g.object()
	return append(diags, g.check(text)...)
}

// gatewayArgument evaluates one argument, a text that is known now and, but for the
// password, not sensitive. Null is as good as left out.
func (s session) gatewayArgument(g *gateway, path string) (cty.Value, hclv2.Diagnostics) {
	unknown, at := cty.UnknownVal(cty.String), g.decl.Ranges[path]
	if g.broken {
		return unknown, nil
	}
	raw, diags := value(g.args[path], s.scope(g.refs, nil, nil), g.secretive)
	if diags.HasErrors() {
		return unknown, diags
	}
	v, marks := raw.UnmarkDeep()
	v, err := convert.Convert(v, cty.String)
	password := path == "instance.client_key.password"
	switch {
	case err != nil:
		return unknown, append(diags, fault(at, "Incorrect type", "%s needs a text.", path))
	case secret(marks) && !password:
		return unknown, append(diags, fault(at, "Sensitive value not allowed", "%s of a gateway is not kept secret, so it cannot hold a sensitive or ephemeral value.", path))
	case password && v.IsNull():
		return unknown, append(diags, fault(g.rng, "Missing required argument", "The client key's password is null. Give it from a variable with sensitive = true and ephemeral = true."))
	case !v.IsKnown() && !s.m.in.AllowMissing && !s.m.waitsForVariable(g.refs):
		return unknown, append(diags, fault(at, "Value not known yet", "%s of a gateway must be known before anything is planned, and this depends on something that is not.", path))
	case password && written(g.args[path]):
		diags = append(diags, caution(g.rng, "Password written out", "The client key's password stands in the configuration, for everyone who can read it. Take it from a variable with sensitive = true and ephemeral = true."))
	}
	return v, diags
}

// waitsForVariable reports whether a variable without a right value, or what repeats over
// one, explains an unknown.
func (m *module) waitsForVariable(refs []reference) bool {
	return slices.ContainsFunc(refs, func(r reference) bool {
		return r.root == "var" && !m.variables[r.name].ok ||
			r.block != nil && !r.order && !r.block.expanded ||
			r.root == "local" && (m.locals[r.name].broken || m.waitsForVariable(m.locals[r.name].refs))
	})
}

// written reports whether an expression is a text that stands in the source, with no
// reference in it.
func written(expr hclv2.Expression) bool {
	if len(expr.Variables()) > 0 {
		return false
	}
	calls := false
	if native, ok := expr.(hclsyntax.Node); ok {
		_ = hclsyntax.VisitAll(native, func(n hclsyntax.Node) hclv2.Diagnostics {
			_, call := n.(*hclsyntax.FunctionCallExpr)
			calls = calls || call
			return nil
		})
	}
	return !calls
}

func (g *gateway) fill(text map[string]string) {
	d := g.decl
	d.Region = text["region"]
	if d.Public != nil {
		d.Public.Endpoint, d.Public.CAFile, d.Public.Profile = text["public.endpoint"], text["public.ca_file"], text["public.profile"]
	}
	if d.Instance != nil {
		d.Instance.ID, d.Instance.Endpoint, d.Instance.CAFile = text["instance.id"], text["instance.endpoint"], text["instance.ca_file"]
		if d.Instance.ClientKey != nil {
			d.Instance.ClientKey.File = text["instance.client_key.file"]
			if d.Instance.ClientKey.Password == cty.NilVal {
				d.Instance.ClientKey.Password = cty.UnknownVal(cty.String).Mark(Sensitive)
			}
		}
	}
	if d.Emulator != nil {
		d.Emulator.ReadyFile, d.Emulator.Seed = text["emulator.ready_file"], text["emulator.seed"]
		if p := text["emulator.path"]; p != "" {
			d.Emulator.Path = p
		}
	}
}

// object is the gateway's value as far as loading knows it.
func (g *gateway) object() cty.Value {
	instance := cty.NullVal(GatewayType.AttributeType("instance"))
	region := cty.StringVal(g.decl.Region)
	switch {
	case g.decl.Emulator != nil:
		instance = cty.ObjectVal(map[string]cty.Value{"id": cty.UnknownVal(cty.String)})
		if g.decl.Region == "" {
			region = cty.UnknownVal(cty.String)
		}
	case g.decl.Instance != nil && g.decl.Instance.ID == "":
		instance = cty.ObjectVal(map[string]cty.Value{"id": cty.UnknownVal(cty.String)})
	case g.decl.Instance != nil:
		instance = cty.ObjectVal(map[string]cty.Value{"id": cty.StringVal(g.decl.Instance.ID)})
	}
	return cty.ObjectVal(map[string]cty.Value{"name": cty.StringVal(g.decl.Name), "region": region, "instance": instance})
}

// check holds the arguments against what the service accepts.
func (g *gateway) check(text map[string]string) hclv2.Diagnostics {
	var diags hclv2.Diagnostics
	at := g.decl.Ranges
	region, hasRegion := text["region"]
	if _, isWritten := at["region"]; !isWritten && g.decl.Emulator == nil {
		diags = append(diags, fault(g.rng, "Missing required argument", `A gateway needs its region, such as region = "cn-hangzhou".`))
	}
	if hasRegion && !regionPattern.MatchString(region) {
		diags = append(diags, fault(at["region"], "Invalid region", `%q is no region id; one looks like "cn-hangzhou".`, region))
	}
	if id, ok := text["instance.id"]; ok {
		if err := checkInstanceID(id); err != nil {
			diags = append(diags, fault(at["instance.id"], "Invalid instance id", "%s", err))
		}
	}
	if text["emulator.ready_file"] != "" {
		for _, other := range []string{"emulator.path", "emulator.seed"} {
			if text[other] != "" {
				diags = append(diags, fault(at[other], "Conflicting arguments", "With ready_file kmsplan attaches to a running emulator, which has its own data. Remove %s, or ready_file.", other[len("emulator."):]))
			}
		}
	}
	return diags
}

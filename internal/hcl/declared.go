package hcl

import (
	"maps"
	"slices"
	"strings"

	hclv2 "github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/addr"
)

// Input is a variable as it is declared and used: what readers of the source, such as lint, want to know of it.
type Input struct {
	Name      string
	Range     hclv2.Range // of the block's header
	Sensitive bool
	Ephemeral bool
	Default   bool   // a default that is neither null nor an empty text is written
	Used      bool   // something refers to it, other than its own validation
	From      string // the variable file and line that gave its value, "prod.kmsvars.hcl:3"; "" = something else did
}

// Inputs are the module's variables by name.
func (c *Config) Inputs() []Input {
	used := c.module.usedNames()
	var out []Input
	for _, name := range slices.Sorted(maps.Keys(c.module.variables)) {
		v := c.module.variables[name]
		in := Input{Name: name, Range: v.rng, Sensitive: v.sensitive, Ephemeral: v.ephemeral, Used: used["var."+name]}
		in.Default = v.def != cty.NilVal && !(v.def.IsKnown() && (v.def.IsNull() || v.def.RawEquals(cty.StringVal(""))))
		if strings.Contains(v.from, ".kmsvars.") {
			in.From = v.from
		}
		out = append(out, in)
	}
	return out
}

// Unused are the locals that nothing refers to, and where they stand.
func (c *Config) Unused() map[string]hclv2.Range {
	used := c.module.usedNames()
	out := map[string]hclv2.Range{}
	for name, l := range c.module.locals {
		if !used["local."+name] {
			out[name] = l.rng
		}
	}
	return out
}

// usedNames are the variables, locals, gateways and blocks that something refers to, as they are written in references.
func (m *module) usedNames() map[string]bool {
	used := map[string]bool{}
	add := func(refs []reference) {
		for _, r := range refs {
			used[r.text()] = true
		}
	}
	for _, l := range m.localOrder {
		add(l.refs)
	}
	for _, g := range m.gatewayOrder {
		add(g.refs)
	}
	for _, b := range m.blockOrder {
		add(b.refs)
		add(b.eachRefs)
	}
	for _, o := range m.outputOrder {
		add(o.refs)
	}
	for _, expr := range m.loose() {
		markNames(used, expr, "")
	}
	for name, v := range m.variables {
		for _, check := range v.validations {
			markNames(used, check.condition, "var."+name)
		}
	}
	return used
}

// markNames marks what an expression refers to, but for one name.
func markNames(used map[string]bool, expr hclv2.Expression, but string) {
	for _, t := range expr.Variables() {
		if name, ok := attrStep(t, 1); ok && t.RootName()+"."+name != but {
			used[t.RootName()+"."+name] = true
		}
	}
}

// loose are the expressions outside the graph: of encryption and imports.
func (m *module) loose() []hclv2.Expression {
	var list []hclv2.Expression
	if m.encryption != nil {
		for _, a := range m.encryption.attrs {
			list = append(list, a.Expr)
		}
	}
	for _, id := range m.importIDs {
		list = append(list, id.expr)
		if id.takeOver != nil {
			list = append(list, id.takeOver)
		}
	}
	return list
}

// text is the reference as it is written: var.x, local.x, gateway.x, key.orders, each, path.
func (r reference) text() string {
	switch {
	case r.block != nil:
		return r.block.addr.String()
	case r.name != "":
		return r.root + "." + r.name
	}
	return r.root
}

// References lists what an argument of a block refers to, as it is written: var.x, key.orders, each. ok says that the
// argument is written at all. A nested block's argument is named generate.length.
func (c *Config) References(block addr.Address, argument string) (names []string, ok bool) {
	b := c.module.blocks[block.Block()]
	if b == nil {
		return nil, false
	}
	list := b.attrs
	if outer, inner, isNested := strings.Cut(argument, "."); isNested {
		list, argument = nil, inner
		for _, n := range b.nested {
			if n.decl.Name == outer {
				list = append(list, n.args...)
			}
		}
	}
	for _, a := range list {
		if a.decl.Name != argument {
			continue
		}
		ok = true
		for _, r := range a.refs {
			names = append(names, r.text())
		}
	}
	slices.Sort(names)
	return slices.Compact(names), ok
}

// Behind lists the variables that a reference leads to, itself or through locals: of local.x, var.y.
func (c *Config) Behind(name string) []string {
	seen := map[string]bool{}
	c.module.behind(name, seen)
	var out []string
	for n := range seen {
		if strings.HasPrefix(n, "var.") {
			out = append(out, n)
		}
	}
	slices.Sort(out)
	return out
}

func (m *module) behind(name string, seen map[string]bool) {
	if seen[name] {
		return
	}
	seen[name] = true
	local, ok := strings.CutPrefix(name, "local.")
	if l := m.locals[local]; ok && l != nil {
		for _, r := range l.refs {
			m.behind(r.text(), seen)
		}
	}
}

// OutputBlocks are the blocks that outputs refer to, themselves or through locals.
func (c *Config) OutputBlocks() map[addr.Address]bool {
	out := map[addr.Address]bool{}
	for _, o := range c.module.outputOrder {
		for _, a := range o.blocks {
			out[a] = true
		}
	}
	return out
}

// GatewayReferences is References for an argument of a gateway, "instance.client_key.password".
func (c *Config) GatewayReferences(gateway, argument string) (names []string, ok bool) {
	g := c.module.gateways[gateway]
	if g == nil || g.args[argument].expr == nil {
		return nil, false
	}
	seen := map[string]bool{}
	markNames(seen, g.args[argument].expr, "")
	return slices.Sorted(maps.Keys(seen)), true
}

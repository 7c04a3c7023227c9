package hcl

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	hclv2 "github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/addr"
)

// Declared is a variable or a local as it is declared and used: what readers of the source, such as lint, want to know
// of it. That of a module which is called several times is in lists once.
type Declared struct {
	Module    addr.Module // the instance that it was found in
	Name      string      // var.x, local.x
	Range     hclv2.Range // of the block's header, or the local's name
	Used      bool        // something in its module refers to it, other than its own validation
	Sensitive bool
	Ephemeral bool
	Default   bool   // a default that is neither null nor an empty text is written
	From      string // the variable file and line that gave its value, "prod.kmsvars.hcl:3"; "" = something else did
}

// Address is the variable or local with its module: module.a.var.x.
func (d Declared) Address() string {
	if d.Module == "" {
		return d.Name
	}
	return string(d.Module) + "." + d.Name
}

// Declarations are the variables and locals of all modules, in source order.
func (c *Config) Declarations() []Declared {
	var out []Declared
	seen := map[hclv2.Range]bool{}
	add := func(d Declared) {
		if !seen[d.Range] {
			seen[d.Range] = true
			out = append(out, d)
		}
	}
	for _, m := range c.module.modules {
		used := m.usedNames()
		for name, v := range m.variables {
			d := Declared{Module: m.path, Name: "var." + name, Range: v.rng, Used: used["var."+name], Sensitive: v.sensitive, Ephemeral: v.ephemeral}
			d.Default = v.def != cty.NilVal && !(v.def.IsKnown() && (v.def.IsNull() || v.def.RawEquals(cty.StringVal(""))))
			if strings.Contains(v.from, ".kmsvars.") {
				d.From = v.from
			}
			add(d)
		}
		for name, l := range m.locals {
			add(Declared{Module: m.path, Name: "local." + name, Range: l.rng, Used: used["local."+name]})
		}
	}
	slices.SortFunc(out, func(a, b Declared) int { return cmp.Or(compareRanges(a.Range, b.Range), cmp.Compare(a.Name, b.Name)) })
	return out
}

// usedNames are the variables, locals, gateways and blocks that something in the module refers to, as references have them.
func (m *module) usedNames() map[string]bool {
	used := map[string]bool{}
	for r := range m.everyReference {
		used[r.text()] = true
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

// everyReference goes over the references of the graph's nodes in the module.
func (m *module) everyReference(yield func(reference) bool) {
	var lists [][]reference
	for _, l := range m.localOrder {
		lists = append(lists, l.refs)
	}
	for _, g := range m.gatewayOrder {
		lists = append(lists, g.refs)
	}
	for _, b := range m.blockOrder {
		lists = append(lists, b.refs, b.eachRefs, b.conditionRefs)
	}
	for _, c := range m.callOrder {
		lists = append(lists, c.eachRefs, c.orders)
		for _, arg := range c.args {
			lists = append(lists, arg.refs)
		}
	}
	for _, o := range m.outputOrder {
		lists = append(lists, o.refs)
	}
	for _, k := range m.checkOrder {
		lists = append(lists, k.refs)
	}
	for _, list := range lists {
		for _, r := range list {
			if !yield(r) {
				return
			}
		}
	}
}

// markNames marks what an expression refers to, but for one name.
func markNames(used map[string]bool, expr hclv2.Expression, but string) {
	for _, t := range expr.Variables() {
		if name, ok := attrStep(t, 1); ok && t.RootName()+"."+name != but {
			used[t.RootName()+"."+name] = true
		}
	}
}

// loose are the expressions outside the graph: of encryption and imports, which stand in the root module, and of what is
// removed.
func (m *module) loose() (list []hclv2.Expression) {
	for _, e := range m.refactors {
		if e.m == m {
			list = append(list, e.forEach)
		}
	}
	if m.path != "" {
		return list
	}
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

// text is the reference as it is written: var.x, local.x, gateway.x, key.orders, module.a, each, path.
func (r reference) text() string {
	switch {
	case r.block != nil:
		return r.block.local().String()
	case r.call != nil:
		return "module." + r.call.label
	case r.name != "":
		return r.root + "." + r.name
	}
	return r.root
}

// References lists what an argument of a block refers to, as it is written: var.x, key.orders, each. ok says that the
// argument is written at all. A nested block's argument is named generate.length, one of a block inside it source.files.path.
func (c *Config) References(block addr.Address, argument string) (names []string, ok bool) {
	refs, ok := c.argumentReferences(block, argument)
	for _, r := range refs {
		names = append(names, r.text())
	}
	slices.Sort(names)
	return slices.Compact(names), ok
}

func (c *Config) argumentReferences(block addr.Address, argument string) (refs []reference, ok bool) {
	b := c.module.all[block.Block()]
	if b == nil {
		return nil, false
	}
	list := b.attrs
	if dot := strings.LastIndex(argument, "."); dot >= 0 {
		outer := argument[:dot]
		list, argument = nil, argument[dot+1:]
		for _, n := range b.nested {
			if n.name == outer {
				list = append(list, n.args...)
			}
		}
	}
	for _, a := range list {
		if a.decl.Name == argument {
			refs, ok = append(refs, a.refs...), true
		}
	}
	return refs, ok
}

// Behind are the variables whose values an argument of a block is made of, by where they are declared: through locals,
// the arguments of calls and the outputs of modules.
func (c *Config) Behind(block addr.Address, argument string) []hclv2.Range {
	refs, _ := c.argumentReferences(block, argument)
	return variablesBehind(refs)
}

func variablesBehind(refs []reference) []hclv2.Range {
	found, seen := map[hclv2.Range]bool{}, map[*node]bool{}
	var follow func(refs []reference)
	follow = func(refs []reference) {
		for _, r := range refs {
			if r.variable != nil {
				found[r.variable.rng] = true
			}
			for n := range r.nodes {
				if r.block == nil && r.gateway == nil && !seen[n] {
					seen[n] = true
					follow(n.refs)
				}
			}
		}
	}
	follow(refs)
	return slices.SortedFunc(maps.Keys(found), compareRanges)
}

// PasswordBehind is Behind for the password of a gateway's client key.
func (c *Config) PasswordBehind(gateway string) []hclv2.Range {
	g := c.module.gateways[gateway]
	if g == nil || g.args["instance.client_key.password"].expr == nil {
		return nil
	}
	names := map[string]bool{}
	markNames(names, g.args["instance.client_key.password"].expr, "")
	return variablesBehind(slices.DeleteFunc(slices.Clone(g.refs), func(r reference) bool { return !names[r.text()] }))
}

// OutputBlocks are the blocks that outputs of any module refer to, themselves or through others.
func (c *Config) OutputBlocks() map[addr.Address]bool {
	out := map[addr.Address]bool{}
	for _, m := range c.module.modules {
		for _, o := range m.outputOrder {
			for _, a := range o.blocks {
				out[a] = true
			}
		}
	}
	return out
}

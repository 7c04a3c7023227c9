package hcl

import (
	hclv2 "github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/kind"
)

// refactorEach is an import or removed block with for_each. It stands for one block for each element, whose addresses are
// known once variables and locals are.
type refactorEach struct {
	m       *module // in which it stands
	what    string  // for messages
	at      hclv2.Range
	forEach hclv2.Expression
	address *hclv2.Attribute
	exprs   []hclv2.Expression // further ones, whose texts make is given; nil for what is not written
	wanted  string             // what a text has to be
	make    func(a addr.Address, texts []string)
}

// addressText is an address that may have indexes to evaluate, as it is written in state.
func addressText(expr hclv2.Expression, key func(hclsyntax.Expression) string) string {
	if j, ok := expr.(jsonExpr); ok {
		expr = j.Expression
	}
	native, ok := expr.(hclsyntax.Expression)
	if !ok {
		return ""
	}
	switch e := plainExpression(native).(type) {
	case *hclsyntax.ScopeTraversalExpr:
		return traversalText(e.Traversal)
	case *hclsyntax.RelativeTraversalExpr:
		if of := addressText(e.Source, key); of != "" {
			return of + traversalText(e.Traversal)
		}
	case *hclsyntax.IndexExpr:
		if of := addressText(e.Collection, key); of != "" {
			return of + key(e.Key)
		}
	}
	return ""
}

// patternOf is the block that an address with indexes to evaluate is about.
func (d *decoder) patternOf(a *hclv2.Attribute) (addr.Address, bool) {
	if a == nil {
		return addr.Address{}, false // it is required, and said to be missing
	}
	found, err := addr.ParseTarget(addressText(a.Expr, func(hclsyntax.Expression) string { return "" }))
	if err == nil && !found.IsModule() && kind.Lookup(found.Kind, found.Data) != nil {
		return found.Block(), true
	}
	d.report(fault(a.Expr.Range(), "Invalid address", "With for_each, %s is the address of an instance, such as key.orders[each.key], without quotes around it.", a.Name))
	return addr.Address{}, false
}

// forEach notes a block with for_each. In a module that is called, it stands for blocks of each of its instances.
func (d *decoder) forEach(e refactorEach) {
	e.m = d.m
	d.m.refactors = append(d.m.refactors, e)
}

// expandRefactorings makes the blocks that those with for_each stand for.
func (d *decoder) expandRefactorings() (diags hclv2.Diagnostics) {
	for _, e := range d.m.refactors {
		diags = append(diags, d.expandRefactoring(e)...)
	}
	return diags
}

func (d *decoder) expandRefactoring(e refactorEach) hclv2.Diagnostics {
	refs, diags := e.m.references(e.forEach, names{only: e.what})
	if diags.HasErrors() {
		return diags
	}
	owner := &repeated{node: node{m: e.m, name: e.what, rng: e.at}, forEach: e.forEach, eachRefs: refs, byKey: map[string]*instance{}}
	owner.secretive = secretive(refs)
	diags = append(diags, owner.expand(session{m: e.m})...)
	for _, in := range owner.instances {
		one := eachOne{m: e.m, owner: owner, in: in, what: e.what}
		text := addressText(e.address.Expr, func(index hclsyntax.Expression) string {
			v := one.value(index, cty.DynamicPseudoType)
			k, _ := withKey(addr.Address{}, v)
			return k.Key
		})
		texts := make([]string, len(e.exprs))
		for i, expr := range e.exprs {
			if expr != nil {
				texts[i] = one.text(expr, e.wanted)
			}
		}
		a, err := addr.ParseTarget(text)
		if err != nil && !one.diags.HasErrors() {
			one.diags = append(one.diags, fault(e.address.Expr.Range(), "Invalid address", "For %s, %s is no address: an index is a text, or a whole number.", in.key, e.address.Name))
		}
		if diags = append(diags, one.diags...); !one.diags.HasErrors() {
			a.Module = e.m.path.Join(a.Module)
			e.make(a, texts)
		}
	}
	return diags
}

// eachOne evaluates the expressions of a block for one element of its for_each.
type eachOne struct {
	m     *module
	owner *repeated
	in    *instance
	what  string
	diags hclv2.Diagnostics
}

func (o *eachOne) value(expr hclv2.Expression, want cty.Type) cty.Value {
	refs, diags := o.m.references(expr, names{each: true, only: o.what})
	o.diags = append(o.diags, diags...)
	if diags.HasErrors() {
		return cty.UnknownVal(want)
	}
	v, diags := value(expr, session{m: o.m}.scope(refs, o.in, o.owner), secretive(refs))
	o.diags = append(o.diags, diags...)
	if v.IsMarked() {
		unmarked, marks := v.UnmarkDeep()
		if v = unmarked; secret(marks) {
			o.diags = append(o.diags, fault(expr.Range(), "Sensitive value not allowed", "%s appears in plans, so none of its arguments can be sensitive.", o.what))
		}
	}
	converted, err := convert.Convert(v, want)
	if err != nil {
		o.diags = append(o.diags, fault(expr.Range(), "Incorrect type", "A value of type %s is needed here: %s.", want.FriendlyNameForConstraint(), err))
		return cty.UnknownVal(want)
	}
	return converted
}

func (o *eachOne) text(expr hclv2.Expression, wanted string) string {
	v := o.value(expr, cty.String)
	if !o.diags.HasErrors() && v.IsKnown() && !v.IsNull() && v.AsString() != "" {
		return v.AsString()
	}
	if !o.diags.HasErrors() && !o.m.in.AllowMissing {
		o.diags = append(o.diags, fault(expr.Range(), "Missing value", "%s", wanted))
	}
	return ""
}

package hcl

import (
	"maps"
	"slices"

	hclv2 "github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/kind"
)

// object takes a reference to a managed or data block.
func (f *finder) object(t hclv2.Traversal, index *hclsyntax.IndexExpr, trail hclv2.Traversal) {
	r, problem := f.m.objectReference(t, f.allowed.check)
	switch {
	case problem != nil:
		f.refuse(problem)
		return
	case r == nil:
		f.refuse(f.m.unknownRoot(t))
		return
	}
	_, rest, _ := splitAddress(t)
	if index != nil && len(rest) == 0 && f.evaluable(index.Key) {
		r.index, r.eachKey, rest = index.Key, isEachKey(index.Key), trail
	}
	if bad := f.m.checkObjectSteps(r, rest); bad != nil {
		f.refuse(bad)
		return
	}
	if r.single() && len(rest) > 0 {
		r.attr, _ = attrStep(rest, 0)
	}
	if f.allowed.only != "" {
		f.refuse(fault(r.rng, "Reference not allowed here", "%s may not refer to %s, which is known only once it exists.", f.allowed.only, r.block.local()))
		return
	}
	f.add(*r)
}

// evaluable reports whether an index can be evaluated before any object is known: it
// refers to variables, locals and the repetition only.
func (f *finder) evaluable(key hclsyntax.Expression) bool {
	for _, t := range key.Variables() {
		root := t.RootName()
		if f.localized(root) || !slices.Contains([]string{"each", "count", "var", "local", "path", "kmsplan"}, root) {
			return false
		}
	}
	return true
}

func isEachKey(key hclsyntax.Expression) bool {
	scope, ok := plainExpression(key).(*hclsyntax.ScopeTraversalExpr)
	if !ok || len(scope.Traversal) != 2 || scope.Traversal.RootName() != "each" {
		return false
	}
	name, _ := attrStep(scope.Traversal, 1)
	return name == "key"
}

// plainExpression is an expression without the meter and the parentheses around it: a module's files are read for each of its
// instances, and were metered for the first.
func plainExpression(expr hclsyntax.Expression) hclsyntax.Expression {
	for {
		switch e := expr.(type) {
		case metered:
			expr = e.Expression
		case *hclsyntax.ParenthesesExpr:
			expr = e.Expression
		default:
			return expr
		}
	}
}

// UnknownBlock is the Extra of the diagnostic about a reference to a block or a module that does not exist.
type UnknownBlock struct{ Addr addr.Address }

// objectReference resolves a traversal that starts with a block's address. Both results
// are nil when it starts with something else.
func (m *module) objectReference(t hclv2.Traversal, check string) (*reference, *hclv2.Diagnostic) {
	a, _, ok := splitAddress(t)
	if !ok {
		return nil, nil
	}
	at := t.SourceRange()
	b := m.lookedUpIn(check, a)
	if b == nil {
		b = m.blocks[a.Block()]
	}
	if b == nil {
		if k := m.checkWith(a); k != "" {
			return nil, fault(at, "Lookup of a check", "%s is a lookup of check %q, and known to its assertions only. Write the data block outside of the check to refer to it from here.", a.Block(), k)
		}
		d := fault(at, "Unknown block", "There is no %s.%s Declare it, or correct the name.", a.Block(), didYouMean(a.Block().String(), m.addresses()))
		missing := a.Block()
		missing.Module = m.path
		d.Extra = UnknownBlock{missing}
		return nil, d
	}
	if b.kind.Batch() {
		return nil, fault(at, "Invalid reference", "%s is a batch, which has no values and which nothing waits for: no plan runs it. Refer to its key, or run it with kmsplan batch start %s.", a.Block(), a)
	}
	return &reference{block: b, key: a.Key, rng: at}, nil
}

func (m *module) unknownRoot(t hclv2.Traversal) *hclv2.Diagnostic {
	root, at := t.RootName(), t.SourceRange()
	switch {
	case kind.Lookup(root, false) != nil:
		return fault(at, "Invalid reference", "A reference to a %s needs its name, such as %s.NAME.", root, root)
	case root == "data":
		return fault(at, "Invalid reference", "A reference to a data block needs type and name, such as data.encrypt.NAME.")
	case root == "ephemeral":
		return fault(at, "Invalid reference", "A reference to an ephemeral block needs type and name, such as ephemeral.secret.NAME.")
	case root == "terraform":
		return fault(at, "Invalid reference", "kmsplan has no terraform values. The name of the selected workspace is kmsplan.workspace.")
	}
	known := append([]string{"var", "local", "gateway", "each", "count", "path", "kmsplan", "data", "ephemeral", "module"}, kind.Managed()...)
	hint := didYouMean(root, known)
	if hint == "" {
		hint = " A plain text stands in quotes."
	}
	return fault(at, "Unknown name", "Nothing is called %q here.%s References start with %s.", root, hint, quotedList(known))
}

// checkObjectSteps checks what follows a block's address against its kind.
func (m *module) checkObjectSteps(r *reference, rest hclv2.Traversal) *hclv2.Diagnostic {
	b := r.block
	repeated := b.repeats()
	if !repeated && (r.key != "" || r.index != nil) {
		return fault(r.rng, "Invalid index", "%s has neither for_each nor count, so it has no instances. Write %s without an index.", b.local(), b.local())
	}
	if len(rest) == 0 {
		return nil
	}
	name, isAttr := attrStep(rest, 0)
	if !isAttr {
		return nil
	}
	if r.single() {
		return attributeExists(b, name, rest[0].SourceRange())
	}
	if b.count != nil || b.kind.Attribute(name) != nil {
		return fault(r.rng, "Missing instance", "%s has several instances. Name one, such as %s.%s, or write a for expression over all.", b.local(), exampleInstance(b), name)
	}
	return nil
}

// single reports whether the reference leads to exactly one instance.
func (r *reference) single() bool {
	return !r.several().repeats() || r.key != "" || r.index != nil
}

func exampleInstance(b *block) addr.Address {
	if b.count != nil {
		return b.local().WithIndex(0)
	}
	a := b.local()
	a.Key = "[each.key]"
	return a
}

func attributeExists(b *block, name string, at hclv2.Range) *hclv2.Diagnostic {
	decl := b.kind.Attribute(name)
	switch {
	case decl == nil && b.kind.Block(name) != nil:
		return fault(at, "Unsupported attribute", "%q is a nested block of %s and has no value to refer to.", name, b.local())
	case decl == nil:
		return fault(at, "Unsupported attribute", "%s has no attribute %q.%s", b.local(), name, didYouMean(name, slices.Sorted(maps.Keys(b.kind.ObjectType().AttributeTypes()))))
	case decl.WriteOnly:
		return fault(at, "Write-only attribute", "%s.%s is write-only: kmsplan never reads it back. Refer to where the value comes from instead.", b.local(), name)
	}
	return nil
}

// checkSteps checks a traversal's attribute steps against an object type, as far as they
// are written out.
func checkSteps(steps hclv2.Traversal, typ cty.Type, owner string) *hclv2.Diagnostic {
	for _, step := range steps {
		attr, ok := step.(hclv2.TraverseAttr)
		if !ok || !typ.IsObjectType() {
			return nil
		}
		if !typ.HasAttribute(attr.Name) {
			return fault(attr.SrcRange, "Unsupported attribute", "%s has no attribute %q.%s",
				owner, attr.Name, didYouMean(attr.Name, slices.Sorted(maps.Keys(typ.AttributeTypes()))))
		}
		owner, typ = owner+"."+attr.Name, typ.AttributeType(attr.Name)
	}
	return nil
}

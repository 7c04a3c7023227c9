package hcl

import (
	"slices"
	"strings"

	hclv2 "github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"kmsplan.dev/kmsplan/internal/kind"
)

// refers checks that what stands in an argument as a plain reference, itself, in a list, as one of two
// choices or behind a local, is of the kind that the argument takes: an id is known only after apply, so
// nothing else would tell an ARN in its place before KMS does.
func (m *module) refers(a *argument, owner string) hclv2.Diagnostics {
	if a.decl.Refers == nil {
		return nil
	}
	var diags hclv2.Diagnostics
	for _, t := range m.plainReferences(a.expr, 0) {
		r, problem := m.objectReference(t, "")
		if r == nil || problem != nil {
			continue
		}
		_, rest, _ := splitAddress(t)
		if len(rest) > 0 {
			if _, index := rest[0].(hclv2.TraverseIndex); index {
				rest = rest[1:]
			}
		}
		name, ok := attrStep(rest, 0)
		decl := r.block.kind.Attribute(name)
		if !ok || decl == nil || decl.WriteOnly || a.takes(r.block.kind.Name, decl, len(rest)-1) {
			continue
		}
		way := ""
		for _, allowed := range a.decl.Refers {
			if kindName, attr, _ := strings.Cut(allowed, "."); kindName == r.block.kind.Name {
				way = " Write " + r.block.local().String() + "." + attr + "."
				break
			}
		}
		diags = append(diags, fault(t.SourceRange(), "Reference to another kind of value", "%s.%s is not what %s of %s takes. %s%s", r.block.local(), name, a.decl.Name, owner, a.decl.Doc, way))
	}
	return diags
}

// takes reports whether a plain reference to an attribute, or so many steps into it, fits the argument.
func (a *argument) takes(kindName string, decl *kind.Attribute, steps int) bool {
	switch {
	case steps > 0 && decl.Element != "":
		return slices.Contains(a.decl.Refers, decl.Element)
	case steps > 1:
		return true // what is deeper inside, its own check tells
	}
	return slices.Contains(a.decl.Refers, kindName+"."+decl.Name)
}

// maxHops bounds how many locals are followed.
const maxHops = 50

// plainReferences are the references whose values an expression passes on as they are.
func (m *module) plainReferences(expr hclv2.Expression, hops int) []hclv2.Traversal {
	if j, ok := expr.(jsonExpr); ok {
		expr = j.Expression
	}
	var found []hclv2.Traversal
	inner := func(list ...hclsyntax.Expression) {
		for _, e := range list {
			found = append(found, m.plainReferences(e, hops)...)
		}
	}
	switch e := expr.(type) {
	case metered:
		inner(e.Expression)
	case *hclsyntax.ParenthesesExpr:
		inner(e.Expression)
	case *hclsyntax.TemplateWrapExpr:
		inner(e.Wrapped)
	case *hclsyntax.TupleConsExpr:
		inner(e.Exprs...)
	case *hclsyntax.ConditionalExpr:
		inner(e.TrueResult, e.FalseResult)
	case *hclsyntax.ScopeTraversalExpr:
		name, ok := attrStep(e.Traversal, 1)
		if l := m.locals[name]; ok && e.Traversal.RootName() == "local" && l != nil && hops < maxHops && len(e.Traversal) == 2 {
			return m.plainReferences(l.expr, hops+1)
		}
		return []hclv2.Traversal{e.Traversal}
	}
	return found
}

package hcl

import "github.com/hashicorp/hcl/v2/hclsyntax"

// Most arguments of ten thousand instances are a text with a name in it, or a few of those. They are not
// worth a meter on every part.
const (
	maxNodes  = 64 // of a bounded expression
	maxCopies = 4  // values that its texts copy
)

// bounded reports whether an expression only puts a few names and literals together. What it makes is then at
// most a few times the values of the names, which were looked at where they were made, and the budget is held
// by looking at the result.
func bounded(expr hclsyntax.Expression) bool {
	b := few{nodes: maxNodes, copies: maxCopies}
	return b.expression(expr)
}

// few counts what is left of the bounds.
type few struct{ nodes, copies int }

func (b *few) expression(expr hclsyntax.Expression) bool {
	if b.nodes--; b.nodes < 0 {
		return false
	}
	switch e := expr.(type) {
	case *hclsyntax.LiteralValueExpr, *hclsyntax.ScopeTraversalExpr:
		return true
	case *hclsyntax.TemplateExpr:
		for _, part := range e.Parts {
			if _, literal := part.(*hclsyntax.LiteralValueExpr); !literal {
				b.copies--
			}
			if b.copies < 0 || !b.expression(part) {
				return false
			}
		}
		return true
	case *hclsyntax.TemplateWrapExpr:
		return b.expression(e.Wrapped)
	case *hclsyntax.ParenthesesExpr:
		return b.expression(e.Expression)
	case *hclsyntax.RelativeTraversalExpr:
		return b.expression(e.Source)
	case *hclsyntax.IndexExpr:
		return b.expression(e.Collection) && b.expression(e.Key)
	case *hclsyntax.ObjectConsKeyExpr:
		return b.expression(e.Wrapped)
	case *hclsyntax.TupleConsExpr:
		return b.expressions(e.Exprs)
	case *hclsyntax.ObjectConsExpr:
		for _, item := range e.Items {
			if !b.expression(item.KeyExpr) || !b.expression(item.ValueExpr) {
				return false
			}
		}
		return true
	}
	return false
}

func (b *few) expressions(list []hclsyntax.Expression) bool {
	for _, e := range list {
		if !b.expression(e) {
			return false
		}
	}
	return true
}

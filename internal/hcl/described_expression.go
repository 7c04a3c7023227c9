package hcl

import (
	"encoding/json"
	"slices"

	hclv2 "github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"

	"kmsplan.dev/kmsplan/internal/safety"
)

// describeIf is describe of an expression that may be missing.
func describeIf(expr hclv2.Expression) *DescribedExpression {
	if expr == nil {
		return nil
	}
	d := describe(expr, false)
	return &d
}

// describe describes an expression; of a secret one only what it refers to.
func describe(expr hclv2.Expression, secret bool) (d DescribedExpression) {
	if expr == nil {
		return d
	}
	for _, t := range expr.Variables() {
		for n := len(t); n >= subjectLength(t); n-- {
			if text := writtenReference(t[:n]); !slices.Contains(d.References, text) {
				d.References = append(d.References, text)
			}
		}
	}
	if secret && !safety.Off(safety.DescribedNoSecret) || len(d.References) > 0 || !literal(expr) {
		return d
	}
	if v, diags := expr.Value(nil); !diags.HasErrors() && v.IsWhollyKnown() {
		d.Constant = plainJSON(v)
	}
	return d
}

// subjectLength is how many steps of a reference name what it is about: var.x, key.x, data.encrypt.x.
func subjectLength(t hclv2.Traversal) int {
	long := 2
	if root := t.RootName(); root == "data" || root == "ephemeral" {
		long = 3
	}
	return min(long, len(t))
}

// writtenReference is a reference as it is written: key.orders["eu"].id.
func writtenReference(t hclv2.Traversal) (text string) {
	for _, step := range t {
		switch s := step.(type) {
		case hclv2.TraverseRoot:
			text += s.Name
		case hclv2.TraverseAttr:
			text += "." + s.Name
		case hclv2.TraverseIndex:
			text += "[" + string(hclwrite.TokensForValue(s.Key).Bytes()) + "]"
		}
	}
	return text
}

// literal reports whether an expression is a value that is written out: nothing is called for it and nothing computed, so
// that it is no larger than its text.
func literal(expr hclv2.Expression) bool {
	all := func(list ...hclsyntax.Expression) bool {
		return !slices.ContainsFunc(list, func(e hclsyntax.Expression) bool { return !literal(e) })
	}
	switch e := expr.(type) {
	case jsonExpr:
		return literal(e.Expression)
	case metered:
		return literal(e.Expression)
	case *hclsyntax.ParenthesesExpr:
		return literal(e.Expression)
	case *hclsyntax.LiteralValueExpr:
		return true
	case *hclsyntax.UnaryOpExpr:
		return literal(e.Val)
	case *hclsyntax.TemplateExpr:
		return all(e.Parts...)
	case *hclsyntax.TemplateWrapExpr:
		return literal(e.Wrapped)
	case *hclsyntax.TupleConsExpr:
		return all(e.Exprs...)
	case *hclsyntax.ObjectConsKeyExpr:
		return hclv2.ExprAsKeyword(e.Wrapped) != "" || literal(e.Wrapped)
	case *hclsyntax.ObjectConsExpr:
		return !slices.ContainsFunc(e.Items, func(i hclsyntax.ObjectConsItem) bool { return !literal(i.KeyExpr) || !literal(i.ValueExpr) })
	}
	return false
}

// plainJSON is a value without its type, or nil where JSON has none for it.
func plainJSON(v cty.Value) json.RawMessage {
	v, marks := v.UnmarkDeep()
	if len(marks) > 0 || !v.IsWhollyKnown() {
		return nil
	}
	out, err := json.Marshal(ctyjson.SimpleJSONValue{Value: v})
	if err != nil {
		return nil
	}
	return out
}

package hcl

import (
	"reflect"

	hclv2 "github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// jsonExpr is an expression of JSON syntax as the native one it means, so that both are searched for
// references, metered and evaluated in the same way. Where a name or a list of names is asked for, the JSON
// itself answers.
type jsonExpr struct {
	hclsyntax.Expression
	raw hclv2.Expression
}

// UnwrapExpression lets static analysis see the JSON.
func (e jsonExpr) UnwrapExpression() hclv2.Expression { return e.raw }

// native turns an expression of JSON syntax into its native form; others stay as they are.
func native(expr hclv2.Expression) hclv2.Expression {
	if t := reflect.TypeOf(expr); t.Kind() != reflect.Pointer || t.Elem().PkgPath() != jsonPackage {
		return expr
	}
	made, ok := nativeOf(expr)
	if !ok {
		return expr // HCL's parser has said what is wrong
	}
	return jsonExpr{made, expr}
}

// jsonPackage is where HCL's expressions of JSON syntax live; their type is not exported.
const jsonPackage = "github.com/hashicorp/hcl/v2/json"

// contentOf is a body's content, in native expressions.
func contentOf(body hclv2.Body, schema *hclv2.BodySchema) (*hclv2.BodyContent, hclv2.Diagnostics) {
	content, diags := body.Content(schema)
	for _, a := range content.Attributes {
		a.Expr = native(a.Expr)
	}
	return content, diags
}

// nativeBody is a body whose content is in native expressions throughout, and metered: for dynamic blocks, whose
// expressions HCL's extension takes out of the body by itself.
type nativeBody struct{ hclv2.Body }

// Content implements hcl.Body.
func (b nativeBody) Content(schema *hclv2.BodySchema) (*hclv2.BodyContent, hclv2.Diagnostics) {
	content, diags := b.Body.Content(schema)
	return nativeContent(content), diags
}

// PartialContent implements hcl.Body.
func (b nativeBody) PartialContent(schema *hclv2.BodySchema) (*hclv2.BodyContent, hclv2.Body, hclv2.Diagnostics) {
	content, rest, diags := b.Body.PartialContent(schema)
	return nativeContent(content), nativeBody{rest}, diags
}

// JustAttributes implements hcl.Body.
func (b nativeBody) JustAttributes() (hclv2.Attributes, hclv2.Diagnostics) {
	attrs, diags := b.Body.JustAttributes()
	nativeAttributes(attrs)
	return attrs, diags
}

func nativeContent(content *hclv2.BodyContent) *hclv2.BodyContent {
	nativeAttributes(content.Attributes)
	for i, b := range content.Blocks {
		inner := *b
		inner.Body = nativeBody{b.Body}
		content.Blocks[i] = &inner
	}
	return content
}

// for_each is the one expression that the extension evaluates itself.
func nativeAttributes(attrs hclv2.Attributes) {
	for name, a := range attrs {
		made := *a
		made.Expr = native(a.Expr)
		if j, ok := made.Expr.(jsonExpr); ok {
			meterParts(j.Expression)
		}
		if whole, ok := made.Expr.(hclsyntax.Expression); ok && name == "for_each" {
			made.Expr = meterOn(whole)
		}
		attrs[name] = &made
	}
}

func nativeOf(expr hclv2.Expression) (hclsyntax.Expression, bool) {
	at := expr.Range()
	if pairs, diags := hclv2.ExprMap(expr); !diags.HasErrors() {
		object := &hclsyntax.ObjectConsExpr{SrcRange: at, OpenRange: at}
		for _, p := range pairs {
			key, okKey := nativeOf(p.Key)
			value, okValue := nativeOf(p.Value)
			if !okKey || !okValue {
				return nil, false
			}
			object.Items = append(object.Items, hclsyntax.ObjectConsItem{
				KeyExpr: &hclsyntax.ObjectConsKeyExpr{Wrapped: key, ForceNonLiteral: true}, ValueExpr: value,
			})
		}
		return object, true
	}
	if items, diags := hclv2.ExprList(expr); !diags.HasErrors() {
		tuple := &hclsyntax.TupleConsExpr{SrcRange: at, OpenRange: at}
		for _, item := range items {
			made, ok := nativeOf(item)
			if !ok {
				return nil, false
			}
			tuple.Exprs = append(tuple.Exprs, made)
		}
		return tuple, true
	}
	// Without a context HCL takes a text literally, so this is what stands in the file.
	v, diags := expr.Value(nil)
	switch {
	case diags.HasErrors():
		return nil, false
	case v.Type() != cty.String || v.IsNull():
		return &hclsyntax.LiteralValueExpr{Val: v, SrcRange: at}, true
	}
	start := at.Start
	start.Byte, start.Column = start.Byte+1, start.Column+1 // the quote
	made, diags := hclsyntax.ParseTemplate([]byte(v.AsString()), at.Filename, start)
	return made, !diags.HasErrors()
}

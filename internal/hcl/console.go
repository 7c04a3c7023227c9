package hcl

import (
	hclv2 "github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// ConsoleFile is the name that diagnostics have for an expression that stands in no file.
const ConsoleFile = "<console>"

// Evaluate evaluates an expression of the root module that stands in no file, among the objects as they are known. What is
// sensitive in the value is marked, and diagnostics about what is sensitive show no values. Bounds are those of an expression in a file. Not safe for
// concurrent use with itself.
func (c *Config) Evaluate(text string, objects Objects) (cty.Value, hclv2.Diagnostics) {
	if diags := checkDepth([]byte(text), ConsoleFile); diags.HasErrors() {
		return cty.DynamicVal, diags
	}
	expr, diags := hclsyntax.ParseExpression([]byte(text), ConsoleFile, hclv2.InitialPos)
	if diags.HasErrors() {
		return cty.DynamicVal, diags
	}
	refs, diags := c.module.references(expr, names{})
	if diags.HasErrors() {
		return cty.DynamicVal, diags
	}
	s := session{m: c.module, objects: objects}
	ctx := s.scope(refs, nil, nil)
	v, found := value(expr, ctx, secretive(refs))
	explainIndex(found, refs, ctx, nil)
	return v, append(diags, found...)
}

package view

import (
	"strings"
	"testing"

	hclv2 "github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// TestDiagnosticsShowNoSensitiveValue holds that the values under a diagnostic leave out what is marked, on its own and
// inside another value, while they show what is not.
func TestDiagnosticsShowNoSensitiveValue(t *testing.T) {
	const secret = "canary-marked"
	marked := cty.StringVal(secret).Mark("sensitive")
	for name, c := range map[string]struct {
		source string
		value  cty.Value
		want   string
	}{
		"plain":     {"var.pw", marked, "var.pw has a sensitive value"},
		"attribute": {"var.pw.inner", cty.ObjectVal(map[string]cty.Value{"inner": marked}), "var.pw.inner has a sensitive value"},
		"whole":     {"var.pw", cty.ObjectVal(map[string]cty.Value{"inner": marked}), "var.pw is object with 1 element"},
		"element":   {`var.pw["x"]`, cty.MapVal(map[string]cty.Value{"x": marked}), `var.pw["x"] has a sensitive value`},
		"public":    {"var.pw", cty.StringVal("public"), `var.pw is "public"`},
	} {
		t.Run(name, func(t *testing.T) {
			expr, diags := hclsyntax.ParseExpression([]byte(c.source), "main.kms.hcl", hclv2.InitialPos)
			if diags.HasErrors() {
				t.Fatal(diags)
			}
			wrong := hclv2.Diagnostics{{
				Severity: hclv2.DiagError, Summary: "Wrong", Subject: expr.Range().Ptr(), Expression: expr,
				EvalContext: &hclv2.EvalContext{Variables: map[string]cty.Value{"var": cty.ObjectVal(map[string]cty.Value{"pw": c.value})}},
			}}
			files := map[string]*hclv2.File{"main.kms.hcl": {Bytes: []byte(c.source)}}
			shown := printed(78, false, func(term *Terminal) { term.Diagnostics(wrong, files) })
			if !strings.Contains(shown, c.want) || strings.Contains(shown, secret) {
				t.Errorf("shown, where %q was meant:\n%s", c.want, shown)
			}
		})
	}
}

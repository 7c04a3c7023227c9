package hcl

import (
	"fmt"
	"maps"
	"slices"

	hclv2 "github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// TestSuffix ends the names of files with tests of a module.
const TestSuffix = ".kmstest.hcl"

// TestFile is one file of tests: runs in order, over one state.
type TestFile struct {
	Name      string
	Variables []TestVariable // of every run
	Runs      []*TestRun
	Source    *hclv2.File
}

// TestVariable is a value that a test gives a variable; it is evaluated when its run begins.
type TestVariable struct {
	Name string
	Expr hclv2.Expression
}

// TestRun is run "NAME" { … }.
type TestRun struct {
	Name             string
	Plan             bool   // command = plan; otherwise apply
	Advance          string // how far the virtual clock goes before
	Module           string // module { source = … }: a directory beside the tested module; "" = the tested module
	Variables        []TestVariable
	Asserts          []TestAssert
	ExpectFailures   []string
	Targets, Exclude []string
	Destroy          bool
	RefreshOnly      bool // record what changed outside, and do nothing else
	Unread           bool // refresh = false
	Range            hclv2.Range
}

// TestAssert is assert { condition, error_message }.
type TestAssert struct {
	Condition, Message hclv2.Expression
	Range              hclv2.Range
}

var testFileSchema = &hclv2.BodySchema{Blocks: []hclv2.BlockHeaderSchema{{Type: "variables"}, {Type: "run", LabelNames: []string{"name"}}}}

var testRunSchema = &hclv2.BodySchema{
	Attributes: []hclv2.AttributeSchema{{Name: "command"}, {Name: "expect_failures"}, {Name: "advance"}},
	Blocks:     []hclv2.BlockHeaderSchema{{Type: "variables"}, {Type: "assert"}, {Type: "plan_options"}, {Type: "module"}},
}

var testAssertSchema = &hclv2.BodySchema{Attributes: []hclv2.AttributeSchema{{Name: "condition", Required: true}, {Name: "error_message", Required: true}}}

// ParseTest reads a file of tests. Expressions are evaluated when their run is.
func ParseTest(text []byte, name string) (*TestFile, hclv2.Diagnostics) {
	file, diags := parseSource(text, name)
	t := &TestFile{Name: name, Source: file}
	if file == nil || diags.HasErrors() {
		return t, diags
	}
	content, found := file.Body.Content(testFileSchema)
	diags = append(diags, found...)
	for _, b := range content.Blocks {
		if b.Type == "variables" {
			list, found := testVariables(b.Body)
			t.Variables, diags = append(t.Variables, list...), append(diags, found...)
			continue
		}
		r, found := parseRun(b)
		diags = append(diags, found...)
		if slices.ContainsFunc(t.Runs, func(o *TestRun) bool { return o.Name == r.Name }) {
			diags = append(diags, fault(b.DefRange, "Two runs of one name", "This file has a run %q already. Give each another name.", r.Name))
		}
		t.Runs = append(t.Runs, r)
	}
	return t, diags
}

func testVariables(body hclv2.Body) (list []TestVariable, diags hclv2.Diagnostics) {
	attrs, diags := body.JustAttributes()
	for _, a := range sortedAttributes(attrs) {
		list = append(list, TestVariable{a.Name, a.Expr})
	}
	return list, diags
}

func parseRun(b *hclv2.Block) (*TestRun, hclv2.Diagnostics) {
	r := &TestRun{Name: b.Labels[0], Range: b.DefRange}
	content, diags := b.Body.Content(testRunSchema)
	for name, a := range content.Attributes {
		diags = append(diags, r.argument(name, a)...)
	}
	for _, inner := range content.Blocks {
		var found hclv2.Diagnostics
		switch inner.Type {
		case "variables":
			r.Variables, found = testVariables(inner.Body)
		case "assert":
			found = r.assert(inner)
		case "plan_options":
			found = r.options(inner.Body)
		case "module":
			found = r.module(inner.Body)
		}
		diags = append(diags, found...)
	}
	return r, diags
}

func (r *TestRun) argument(name string, a *hclv2.Attribute) hclv2.Diagnostics {
	switch name {
	case "advance":
		return testText(a, &r.Advance)
	case "expect_failures":
		list, diags := testNames(a)
		r.ExpectFailures = list
		return diags
	}
	switch word := hclv2.ExprAsKeyword(a.Expr); word {
	case "plan":
		r.Plan = true
	case "apply":
	default:
		return hclv2.Diagnostics{fault(a.Expr.Range(), "Unknown command", "A run plans or applies. Write command = plan, or command = apply, which is the default.")}
	}
	return nil
}

func (r *TestRun) assert(b *hclv2.Block) hclv2.Diagnostics {
	content, diags := b.Body.Content(testAssertSchema)
	if diags.HasErrors() {
		return diags
	}
	r.Asserts = append(r.Asserts, TestAssert{content.Attributes["condition"].Expr, content.Attributes["error_message"].Expr, b.DefRange})
	return diags
}

func (r *TestRun) options(body hclv2.Body) hclv2.Diagnostics {
	content, diags := body.Content(&hclv2.BodySchema{Attributes: []hclv2.AttributeSchema{{Name: "target"}, {Name: "exclude"}, {Name: "mode"}, {Name: "refresh"}, {Name: "replace"}}})
	for name, a := range content.Attributes {
		var found hclv2.Diagnostics
		switch name {
		case "target":
			r.Targets, found = testNames(a)
		case "exclude":
			r.Exclude, found = testNames(a)
		case "refresh":
			var v cty.Value
			if v, found = a.Expr.Value(nil); !found.HasErrors() && (v.Type() != cty.Bool || v.IsNull()) {
				found = hclv2.Diagnostics{fault(a.Expr.Range(), "Invalid refresh", "Write refresh = true, which is the default, or refresh = false.")}
			}
			r.Unread = !found.HasErrors() && v.False()
		case "replace":
			found = hclv2.Diagnostics{fault(a.NameRange, "Unsupported argument", "kmsplan never replaces an object, so there is no replace. Remove it.")}
		default:
			found = r.mode(a)
		}
		diags = append(diags, found...)
	}
	if r.Unread && (r.Destroy || r.RefreshOnly) {
		diags = append(diags, fault(content.Attributes["refresh"].Range, "Nothing read", "refresh = false leaves the service unread, and the modes destroy and refresh-only need all of it. Remove one of the two."))
	}
	return diags
}

// mode reads normal, destroy or refresh-only.
func (r *TestRun) mode(a *hclv2.Attribute) hclv2.Diagnostics {
	switch word := hclv2.ExprAsKeyword(a.Expr); word {
	case "normal":
	case "destroy":
		r.Destroy = true
	case "refresh-only":
		r.RefreshOnly = true
	default:
		return hclv2.Diagnostics{fault(a.Expr.Range(), "Unknown mode", "Write mode = normal, which is the default, mode = destroy, or mode = refresh-only.")}
	}
	return nil
}

func (r *TestRun) module(body hclv2.Body) hclv2.Diagnostics {
	content, diags := body.Content(&hclv2.BodySchema{Attributes: []hclv2.AttributeSchema{{Name: "source", Required: true}}})
	if a := content.Attributes["source"]; a != nil {
		diags = append(diags, testText(a, &r.Module)...)
	}
	return diags
}

func testText(a *hclv2.Attribute, to *string) hclv2.Diagnostics {
	v, diags := a.Expr.Value(nil)
	if diags.HasErrors() {
		return diags
	}
	if v.IsNull() || !v.IsKnown() || v.Type() != cty.String {
		return hclv2.Diagnostics{fault(a.Expr.Range(), "Not a text", "%s takes a text in quotes.", a.Name)}
	}
	*to = v.AsString()
	return nil
}

// testNames reads a list of addresses, which are written as references: [key.orders, var.name].
func testNames(a *hclv2.Attribute) (out []string, diags hclv2.Diagnostics) {
	list, diags := hclv2.ExprList(a.Expr)
	for _, e := range list {
		t, found := hclv2.AbsTraversalForExpr(e)
		diags = append(diags, found...)
		if found.HasErrors() {
			continue
		}
		text, ok := testAddress(t)
		if !ok {
			diags = append(diags, fault(e.Range(), "Not an address", "Write addresses as in key.orders, key.orders[\"a\"], key.orders[0] or var.name."))
			continue
		}
		out = append(out, text)
	}
	return out, diags
}

func testAddress(t hclv2.Traversal) (text string, ok bool) {
	for _, step := range t {
		switch step := step.(type) {
		case hclv2.TraverseRoot:
			text += step.Name
		case hclv2.TraverseAttr:
			text += "." + step.Name
		case hclv2.TraverseIndex:
			key := step.Key
			switch {
			case !key.IsKnown() || key.IsNull() || key.IsMarked():
				return "", false
			case key.Type() == cty.String:
				text += fmt.Sprintf("[%q]", key.AsString())
			case key.Type() == cty.Number:
				text += "[" + key.AsBigFloat().Text('f', -1) + "]"
			default:
				return "", false
			}
		default:
			return "", false
		}
	}
	return text, true
}

// EvaluateAmong evaluates an expression of another file among the objects as they are known, and further values by their
// root name. Not safe for concurrent use with itself.
func (c *Config) EvaluateAmong(expr hclv2.Expression, objects Objects, further map[string]cty.Value) (cty.Value, hclv2.Diagnostics) {
	refs, diags := c.module.references(expr, names{iterators: slices.Collect(maps.Keys(further))})
	if diags.HasErrors() {
		return cty.DynamicVal, diags
	}
	s := session{m: c.module, objects: objects}
	ctx := s.scope(refs, nil, nil).NewChild()
	ctx.Variables = further
	marked := slices.ContainsFunc(slices.Collect(maps.Values(further)), cty.Value.ContainsMarked)
	v, found := value(expr, ctx, secretive(refs) || marked)
	explainIndex(found, refs, ctx, nil)
	return v, append(diags, found...)
}

// EvaluateAlone evaluates an expression among given values and nothing else.
func EvaluateAlone(expr hclv2.Expression, values map[string]cty.Value) (cty.Value, hclv2.Diagnostics) {
	if native, ok := expr.(hclsyntax.Expression); ok {
		meterParts(native)
	}
	return value(expr, &hclv2.EvalContext{Variables: values}, true)
}

// FailedVariable is the Extra of a diagnostic about a value that a variable's own validation refuses.
type FailedVariable struct{ Name string }

// SubjectOf is what a diagnostic is about, as expect_failures names it; "" where it is nothing of the kind.
func SubjectOf(d *hclv2.Diagnostic) string {
	if v, ok := d.Extra.(FailedVariable); ok {
		return "var." + v.Name
	}
	return ""
}

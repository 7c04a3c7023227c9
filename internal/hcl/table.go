package hcl

import (
	hclv2 "github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	"github.com/zclconf/go-cty/cty/gocty"

	"kmsplan.dev/kmsplan/internal/kind"
)

// schemaOf is what a block of the language may hold.
func schemaOf(decl *kind.Block) *hclv2.BodySchema {
	s := &hclv2.BodySchema{}
	for i := range decl.Attributes {
		s.Attributes = append(s.Attributes, hclv2.AttributeSchema{Name: decl.Attributes[i].Name, Required: decl.Attributes[i].Mode == kind.Required})
	}
	for i := range decl.Blocks {
		s.Blocks = append(s.Blocks, hclv2.BlockHeaderSchema{Type: decl.Blocks[i].Name, LabelNames: decl.Blocks[i].Labels})
	}
	return s
}

// table is a block of the language, read by its table: what is wrong with it is reported.
type table struct {
	attrs  hclv2.Attributes
	static map[string]cty.Value // the static arguments, as far as they are right
	blocks []*hclv2.Block
}

func (d *decoder) read(decl *kind.Block, body hclv2.Body) table {
	content, diags := contentOf(body, schemaOf(decl))
	d.report(diags...)
	t := table{attrs: content.Attributes, static: map[string]cty.Value{}}
	for i := range decl.Attributes {
		at := &decl.Attributes[i]
		switch a := content.Attributes[at.Name]; {
		case a == nil:
		case at.Refused != "":
			d.report(fault(a.NameRange, "Unsupported argument", "%s", at.Refused))
		case at.Static:
			if v, ok := d.literal(a, at.Type); ok && d.holds(at, v, a.Expr.Range()) {
				t.static[at.Name] = v
			}
		}
	}
	seen := map[string]hclv2.Range{}
	for _, b := range content.Blocks {
		inner := decl.Block(b.Type)
		prior, twice := seen[b.Type]
		seen[b.Type] = b.DefRange
		switch {
		case inner.Refused != "":
			d.report(fault(b.DefRange, "Unsupported block", "%s", inner.Refused))
		case twice && !inner.Repeats:
			d.report(fault(b.DefRange, "Duplicate block", "There is already a %s block in this %s block, at %s:%d. Merge the two.", b.Type, decl.Name, prior.Filename, prior.Start.Line))
		default:
			t.blocks = append(t.blocks, b)
		}
	}
	return t
}

// holds reports what is wrong with the value of an argument.
func (d *decoder) holds(at *kind.Attribute, v cty.Value, where hclv2.Range) bool {
	if at.Check == nil {
		return true
	}
	err := at.Check(v)
	if err != nil {
		d.report(fault(where, "Invalid "+at.Name, "%s", err))
	}
	return err == nil
}

// text is a static argument, or "".
func (t table) text(name string) string {
	if v, ok := t.static[name]; ok {
		return v.AsString()
	}
	return ""
}

// flag sets what a static argument says.
func (t table) flag(name string, to *bool) {
	if v, ok := t.static[name]; ok {
		*to = v.True()
	}
}

// number is a static whole number, or nil.
func (t table) number(name string) *int {
	var n int
	if v, ok := t.static[name]; !ok || gocty.FromCtyValue(v, &n) != nil {
		return nil
	}
	return &n
}

// literal evaluates an argument that may refer to nothing, and is not null.
func (d *decoder) literal(a *hclv2.Attribute, want cty.Type) (cty.Value, bool) {
	if len(a.Expr.Variables()) > 0 {
		d.report(fault(a.Expr.Range(), "References not allowed here", "The value of %s is needed before variables are assigned. Write it out.", a.Name))
		return cty.NilVal, false
	}
	expr := a.Expr
	if j, ok := expr.(jsonExpr); ok {
		expr = j.raw
	}
	v, diags := evaluate(expr, nil)
	d.report(diags...)
	if diags.HasErrors() {
		return cty.NilVal, false
	}
	v, err := convert.Convert(v, want)
	if err != nil || v.IsNull() || !v.IsWhollyKnown() {
		d.report(wrongType(a.Expr.Range(), a.Name, want))
		return cty.NilVal, false
	}
	return v, true
}

func wrongType(at hclv2.Range, name string, want cty.Type) *hclv2.Diagnostic {
	return fault(at, "Incorrect type", "%s needs a value of type %s.", name, want.FriendlyNameForConstraint())
}

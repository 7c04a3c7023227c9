package hcl

import (
	hclv2 "github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/typeexpr"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"kmsplan.dev/kmsplan/internal/kind"
)

// variable is one variable block, and after assignment its value.
type variable struct {
	node
	label       string
	description string
	typ         cty.Type
	defaults    *typeexpr.Defaults
	textual     bool // -var and the environment give its text, not an expression
	def         cty.Value
	nullable    bool
	sensitive   bool
	ephemeral   bool
	validations []validation

	// Of a module that is called: the call, its instance, and the value that it gives; nil where the default is taken.
	call *call
	in   *instance
	arg  hclv2.Expression

	value cty.Value // marked; unknown when it is missing or wrong
	from  string    // where the value comes from, for messages
	flag  bool      // it comes from -var or -var-file
	ok    bool      // the value is right, so that validations make sense
}

type validation struct {
	condition, message hclv2.Expression
	rng                hclv2.Range
}

func (d *decoder) variable(b *hclv2.Block) {
	name := b.Labels[0]
	if prior := d.m.variables[name]; prior != nil {
		d.report(duplicate(b.DefRange, "variable", name, prior.rng))
		return
	}
	v := &variable{node: node{m: d.m, name: d.m.named("var." + name), rng: b.DefRange}, label: name, typ: cty.DynamicPseudoType, textual: true, nullable: true}
	d.m.variables[name] = v
	t := d.read(&kind.Variable, b.Body)
	d.variableType(v, t.attrs["type"])
	v.description = t.text("description")
	t.flag("nullable", &v.nullable)
	t.flag("sensitive", &v.sensitive)
	t.flag("ephemeral", &v.ephemeral)
	v.secretive = v.sensitive || v.ephemeral
	d.variableDefault(v, t.attrs["default"])
	for _, inner := range t.blocks {
		checks := d.read(kind.Variable.Block("validation"), inner.Body).attrs
		if condition, message := checks["condition"], checks["error_message"]; condition != nil && message != nil {
			v.validations = append(v.validations, validation{condition.Expr, message.Expr, inner.DefRange})
		}
	}
}

func (d *decoder) variableType(v *variable, a *hclv2.Attribute) {
	if a == nil {
		return
	}
	typ, defaults, diags := typeexpr.TypeConstraintWithDefaults(a.Expr)
	d.report(diags...)
	if diags.HasErrors() {
		v.def = cty.DynamicVal // one report is enough
		return
	}
	v.typ, v.defaults, v.textual = typ, defaults, typ.IsPrimitiveType()
}

func (d *decoder) variableDefault(v *variable, a *hclv2.Attribute) {
	if a == nil {
		return
	}
	v.def = cty.UnknownVal(v.typ) // a wrong default is still a default
	if len(a.Expr.Variables()) > 0 {
		d.report(fault(a.Expr.Range(), "References not allowed here", "A default is a fixed value. Refer to other things in a local value instead."))
		return
	}
	if expr, ok := a.Expr.(hclsyntax.Expression); ok {
		meterParts(expr)
	}
	given, diags := evaluate(a.Expr, d.m.base)
	d.report(diags...)
	if diags.HasErrors() {
		return
	}
	val, err := v.conform(given)
	switch {
	case err != nil:
		d.report(fault(a.Expr.Range(), "Invalid default", "The default of variable %q does not fit its type: %s.", v.label, err))
	case val.IsNull() && !v.nullable:
		d.report(fault(a.Expr.Range(), "Invalid default", "The default of variable %q is null, and nullable = false forbids that. Give it a value, or leave the default out.", v.label))
	default:
		v.def = val
	}
}

// conform fills optional attributes and converts to the variable's type. The error's text
// never holds the value.
func (v *variable) conform(val cty.Value) (cty.Value, error) {
	if v.defaults != nil && !val.IsNull() {
		val = v.defaults.Apply(val)
	}
	return convert.Convert(val, v.typ)
}

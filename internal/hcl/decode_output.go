package hcl

import (
	hclv2 "github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
)

var stringType = cty.String

var outputSchema = &hclv2.BodySchema{Attributes: []hclv2.AttributeSchema{
	{Name: "value", Required: true}, {Name: "description"}, {Name: "sensitive"}, {Name: "depends_on"},
}}

func (d *decoder) output(b *hclv2.Block) {
	name := b.Labels[0]
	if prior := d.m.outputs[name]; prior != nil {
		d.report(duplicate(b.DefRange, "output", name, prior.rng))
		return
	}
	content, diags := contentOf(b.Body, outputSchema)
	d.report(diags...)
	value := content.Attributes["value"]
	if value == nil {
		return
	}
	o := &output{node: node{name: "output." + name, rng: b.DefRange}, decl: &Output{Name: name, Range: b.DefRange}, expr: value.Expr}
	d.m.outputs[name] = o
	d.m.outputOrder = append(d.m.outputOrder, o)
	d.config.Outputs = append(d.config.Outputs, o.decl)
	d.flag(content.Attributes["sensitive"], &o.decl.Sensitive)
	if a := content.Attributes["description"]; a != nil {
		if v, ok := d.literal(a, cty.String); ok {
			o.decl.Description = v.AsString()
		}
	}
	if a := content.Attributes["depends_on"]; a != nil {
		d.later = append(d.later, func() { d.dependsOn(&o.node, a.Expr) })
	}
}

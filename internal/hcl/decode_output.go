package hcl

import (
	hclv2 "github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/kind"
)

var stringType = cty.String

func (d *decoder) output(b *hclv2.Block) {
	name := b.Labels[0]
	if prior := d.m.outputs[name]; prior != nil {
		d.report(duplicate(b.DefRange, "output", name, prior.rng))
		return
	}
	t := d.read(&kind.Output, b.Body)
	value := t.attrs["value"]
	if value == nil {
		return
	}
	o := &output{node: node{m: d.m, name: d.m.named("output." + name), rng: b.DefRange}, decl: &Output{Name: name, Range: b.DefRange}, expr: value.Expr}
	d.m.outputs[name] = o
	d.m.outputOrder = append(d.m.outputOrder, o)
	if !d.called {
		d.config.Outputs = append(d.config.Outputs, o.decl)
	}
	t.flag("sensitive", &o.decl.Sensitive)
	t.flag("ephemeral", &o.decl.Ephemeral)
	if a := t.attrs["ephemeral"]; a != nil && o.decl.Ephemeral && !d.called {
		d.report(fault(a.NameRange, "Ephemeral output", "The outputs of the root module are stored, so an ephemeral value cannot be one. Only a module that is called can hand one to its caller."))
	}
	o.secretive = d.called && (o.decl.Sensitive || o.decl.Ephemeral)
	o.decl.Description = t.text("description")
	o.pre = d.conditions(&kind.Output, t.blocks, Precondition)
	if a := t.attrs["depends_on"]; a != nil {
		d.later = append(d.later, func() { d.dependsOn(&o.node, a.Expr) })
	}
}

package hcl

import (
	"maps"
	"slices"

	hclv2 "github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/safety"
)

// OutputValue evaluates an output. A sensitive one is returned marked Sensitive and must
// be neither stored nor printed.
func (c *Config) OutputValue(name string, objects Objects) (cty.Value, hclv2.Diagnostics) {
	o := c.module.outputs[name]
	if o == nil {
		return cty.DynamicVal, hclv2.Diagnostics{fault(hclv2.Range{}, "Unknown output", "The configuration has no output %q.%s", name, didYouMean(name, slices.Sorted(maps.Keys(c.module.outputs))))}
	}
	if o.broken {
		return cty.DynamicVal, nil // Load said why
	}
	s := session{m: c.module, objects: objects}
	ctx := s.scope(o.refs, nil, nil)
	raw, diags := value(o.expr, ctx, o.secretive)
	explainIndex(diags, o.refs, ctx, nil)
	v, marks := raw.UnmarkDeep()
	at := o.expr.Range()
	switch _, ephemeral := marks[Ephemeral]; {
	case ephemeral:
		return cty.DynamicVal, append(diags, fault(at, "Ephemeral value in an output", "The output %q depends on an ephemeral value, which exists only while kmsplan runs. Leave it out.", name))
	case secret(marks) && !o.decl.Sensitive && !safety.Off(safety.SecretOutput):
		return cty.DynamicVal, append(diags, fault(at, "Sensitive value in an output",
			"The output %q depends on a sensitive value. Add sensitive = true, and its value is passed on but never stored or printed; or leave the value out.", name))
	case o.decl.Sensitive:
		return v.Mark(Sensitive), diags
	}
	return v, diags
}

// OutputReach lists the instances that an output refers to, directly or through locals and modules; sorted, each once.
func (c *Config) OutputReach(name string) []addr.Address {
	o := c.module.outputs[name]
	if o == nil || o.broken {
		return nil
	}
	return sortedOnce(session{m: c.module}.behind(o.refs, &instance{}, &repeated{}))
}

package hcl

import (
	"math/big"

	"github.com/hashicorp/go-version"
	hclv2 "github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
)

// backends that later versions will have.
var plannedBackends = []string{"http", "pg", "oss", "s3"}

var settingsSchema = &hclv2.BodySchema{
	Attributes: []hclv2.AttributeSchema{{Name: "required_version"}},
	Blocks:     []hclv2.BlockHeaderSchema{{Type: "backend", LabelNames: []string{"type"}}, {Type: "limits"}, {Type: "encryption"}},
}

// settingsBlock decodes the kmsplan block. Its arguments are literals, because they are
// needed before variables are.
func (d *decoder) settingsBlock(b *hclv2.Block) {
	if d.settings.Filename != "" {
		d.report(fault(b.DefRange, "Duplicate kmsplan block", "There is already a kmsplan block at %s:%d. Merge the two.", d.settings.Filename, d.settings.Start.Line))
		return
	}
	d.settings = b.DefRange
	content, diags := contentOf(b.Body, settingsSchema)
	d.report(diags...)
	if a := content.Attributes["required_version"]; a != nil {
		d.requiredVersion(a)
	}
	seen := map[string]bool{}
	for _, inner := range content.Blocks {
		switch {
		case seen[inner.Type]:
			d.report(fault(inner.DefRange, "Duplicate block", "A kmsplan block holds one %s block. Merge the two.", inner.Type))
		case inner.Type == "backend":
			d.backend(inner)
		case inner.Type == "encryption":
			d.encryption(inner)
		default:
			d.limits(inner)
		}
		seen[inner.Type] = true
	}
}

func (d *decoder) requiredVersion(a *hclv2.Attribute) {
	text, ok := d.literal(a, cty.String)
	if !ok {
		return
	}
	d.config.Settings.RequiredVersion = text.AsString()
	constraint, err := version.NewConstraint(text.AsString())
	if err != nil {
		d.report(fault(a.Expr.Range(), "Invalid version constraint", `%q is no version constraint. Write one such as ">= 0.1" or "~> 0.1".`, text.AsString()))
		return
	}
	running, err := version.NewVersion(d.m.in.Version)
	if err != nil {
		return // a development build without a version number is held to nothing
	}
	if !constraint.Check(running.Core()) {
		d.report(fault(a.Expr.Range(), "Unsuitable kmsplan version",
			"This module needs kmsplan %s, and this is %s. Install a version that fits, or change required_version.", text.AsString(), running))
	}
}

func (d *decoder) backend(b *hclv2.Block) {
	kind := b.Labels[0]
	if kind != "local" {
		hint := didYouMean(kind, []string{"local"})
		for _, p := range plannedBackends {
			if p == kind {
				hint = " It comes with a later version."
			}
		}
		d.report(fault(b.LabelRanges[0], "Unknown backend", "There is no backend %q.%s Write backend \"local\" { path = \"…\" }.", kind, hint))
		return
	}
	content, diags := contentOf(b.Body, &hclv2.BodySchema{Attributes: []hclv2.AttributeSchema{{Name: "path"}}})
	d.report(diags...)
	d.config.Settings.BackendType = kind
	if a := content.Attributes["path"]; a != nil {
		if path, ok := d.literal(a, cty.String); ok {
			d.config.Settings.Backend["path"] = path.AsString()
		}
	}
}

func (d *decoder) limits(b *hclv2.Block) {
	l := &d.config.Settings.Limits
	figures := []struct {
		name string
		max  int64
		to   **int
	}{{"deletions", 1 << 30, &l.Deletions}, {"alias_moves", 1 << 30, &l.AliasMoves}, {"deleted_share", 100, &l.DeletedShare}}
	s := &hclv2.BodySchema{}
	for _, f := range figures {
		s.Attributes = append(s.Attributes, hclv2.AttributeSchema{Name: f.name})
	}
	content, diags := contentOf(b.Body, s)
	d.report(diags...)
	for _, f := range figures {
		if a := content.Attributes[f.name]; a != nil {
			d.figure(a, f.max, f.to)
		}
	}
}

func (d *decoder) figure(a *hclv2.Attribute, most int64, to **int) {
	v, ok := d.literal(a, cty.Number)
	if !ok {
		return
	}
	n, acc := v.AsBigFloat().Int64()
	if acc != big.Exact || n < 0 || n > most {
		d.report(fault(a.Expr.Range(), "Invalid limit", "%s is a whole number from 0 to %d.", a.Name, most))
		return
	}
	figure := int(n)
	*to = &figure
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
	if err != nil || v.IsNull() || !v.IsKnown() {
		d.report(wrongType(a.Expr.Range(), a.Name, want))
		return cty.NilVal, false
	}
	return v, true
}

func wrongType(at hclv2.Range, name string, want cty.Type) *hclv2.Diagnostic {
	return fault(at, "Incorrect type", "%s needs a value of type %s.", name, want.FriendlyNameForConstraint())
}

var encryptionSchema = &hclv2.BodySchema{Attributes: []hclv2.AttributeSchema{
	{Name: "key", Required: true}, {Name: "gateway"}, {Name: "context"}, {Name: "recipients"}, {Name: "enabled"},
}}

func (d *decoder) encryption(b *hclv2.Block) {
	content, diags := contentOf(b.Body, encryptionSchema)
	d.report(diags...)
	e := &Encryption{Enabled: true, Range: b.DefRange}
	d.config.Settings.Encryption = e
	d.m.encryption = &encryptionArgs{content.Attributes}
	d.flag(content.Attributes["enabled"], &e.Enabled)
	d.later = append(d.later, func() {
		if g := d.gatewayNamed(content.Attributes["gateway"]); g != nil {
			e.Gateway = g.decl
		}
	})
}

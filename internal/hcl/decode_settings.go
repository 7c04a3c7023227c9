package hcl

import (
	"strings"

	"github.com/hashicorp/go-version"
	hclv2 "github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"kmsplan.dev/kmsplan/internal/kind"
)

// settingsBlock decodes the kmsplan block. Its arguments are literals, because they are
// needed before variables are.
func (d *decoder) settingsBlock(b *hclv2.Block) {
	if d.settings.Filename != "" {
		d.report(fault(b.DefRange, "Duplicate kmsplan block", "There is already a kmsplan block at %s:%d. Merge the two.", d.settings.Filename, d.settings.Start.Line))
		return
	}
	d.settings, d.config.Settings.Range = b.DefRange, b.DefRange
	t := d.read(&kind.Settings, b.Body)
	if text := t.text("required_version"); text != "" {
		d.requiredVersion(text, t.attrs["required_version"].Expr.Range())
	}
	for _, inner := range t.blocks {
		switch inner.Type {
		case "backend":
			d.backend(inner)
		case "encryption":
			d.encryption(inner)
		case "quota":
			if v, ok := d.read(kind.Settings.Block("quota"), inner.Body).static["share"]; ok {
				d.config.Settings.QuotaShare, _ = v.AsBigFloat().Float64()
			}
		case "freeze":
			d.freeze(inner)
		case "files":
			d.fileRules(inner)
		case "limits":
			t := d.read(kind.Settings.Block("limits"), inner.Body)
			d.config.Settings.Limits = Limits{}
			for name := range t.static {
				if n := t.number(name); n != nil {
					d.config.Settings.Limits[name] = *n
				}
			}
		}
	}
}

// fileRules decodes which files are encrypted when they are committed.
func (d *decoder) fileRules(b *hclv2.Block) {
	t := d.read(kind.Settings.Block("files"), b.Body)
	list := func(name string) (out []string) {
		if v, ok := t.static[name]; ok {
			for _, e := range v.AsValueSlice() {
				out = append(out, e.AsString())
			}
		}
		return out
	}
	d.config.Settings.Files = &FileRules{Encrypted: list("encrypted"), Values: list("values"), Except: list("except"), Range: b.DefRange}
}

func (d *decoder) requiredVersion(text string, at hclv2.Range) {
	d.config.Settings.RequiredVersion = text
	constraint, err := version.NewConstraint(text)
	if err != nil {
		d.report(fault(at, "Invalid version constraint", `%q is no version constraint. Write one such as ">= 0.1" or "~> 0.1".`, text))
		return
	}
	running, err := version.NewVersion(d.m.in.Version)
	if err != nil {
		return // a development build without a version number is held to nothing
	}
	if !constraint.Check(running.Core()) {
		d.report(fault(at, "Unsuitable kmsplan version",
			"This module needs kmsplan %s, and this is %s. Install a version that fits, or change required_version.", text, running))
	}
}

func (d *decoder) backend(b *hclv2.Block) {
	label := b.Labels[0]
	decl := kind.Backend(label)
	if decl == nil {
		var labels []string
		for _, known := range kind.Backends() {
			labels = append(labels, known.Name)
		}
		d.report(fault(b.LabelRanges[0], "Unknown backend", "There is no backend %q.%s The backends are %s.", label, didYouMean(label, labels), strings.Join(labels, ", ")))
		return
	}
	settings := &d.config.Settings
	settings.BackendType, settings.BackendRange = label, b.DefRange
	t := d.read(decl, b.Body)
	for name, v := range t.static {
		text, err := convert.Convert(v, cty.String)
		if err == nil {
			settings.Backend[name] = text.AsString()
		}
	}
}

func (d *decoder) encryption(b *hclv2.Block) {
	t := d.read(kind.Settings.Block("encryption"), b.Body)
	e := &Encryption{Enabled: true, Range: b.DefRange}
	d.config.Settings.Encryption = e
	d.m.encryption = &encryptionArgs{t.attrs}
	t.flag("enabled", &e.Enabled)
	t.flag("plan", &e.Plan)
	if e.Plan && !e.Enabled {
		d.report(fault(t.attrs["plan"].Expr.Range(), "Encryption is off", "plan = true encrypts saved plans, and enabled = false says that nothing is encrypted. Take one of the two out."))
	}
	d.later = append(d.later, func() {
		if g := d.gatewayNamed(t.attrs["gateway"]); g != nil {
			e.Gateway = g.decl
		}
	})
}

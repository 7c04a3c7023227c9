package hcl

import (
	"fmt"

	hclv2 "github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/safety"
	"kmsplan.dev/kmsplan/internal/suggest"
)

// value evaluates one expression. When a sensitive value flows in, the diagnostics are
// stripped of everything that could show it.
func value(expr hclv2.Expression, ctx *hclv2.EvalContext, secretive bool) (cty.Value, hclv2.Diagnostics) {
	v, diags := evaluate(expr, ctx)
	if secretive && !safety.Off(safety.SecretMessage) {
		for _, d := range diags {
			d.Expression, d.EvalContext, d.Extra = nil, nil, nil
			if d.Summary != "Unsupported attribute" {
				d.Detail = "The expression failed. It uses a sensitive value, so the reason, which could show it, is withheld."
			}
		}
	}
	return v, diags
}

// explainIndex adds to HCL's "Invalid index" which instance there is not.
func explainIndex(diags hclv2.Diagnostics, refs []reference, ctx *hclv2.EvalContext, in *instance) {
	for _, d := range diags {
		if d.Summary != "Invalid index" || d.Subject == nil {
			continue
		}
		for _, r := range refs {
			of := r.several()
			if of == nil || !of.expanded || !overlap(r.rng, *d.Subject) {
				continue
			}
			if key := of.wantedKey(r, ctx, in); key != "" && of.byKey[key] == nil {
				d.Detail = fmt.Sprintf("%s has no instance %s.", of.name, key)
				if near := suggest.Nearest(key, of.keys()); near != "" {
					d.Detail += fmt.Sprintf(" Did you mean %s%s?", of.name, near)
				}
			}
		}
	}
}

func overlap(a, b hclv2.Range) bool {
	return a.Filename == b.Filename && a.Start.Byte <= b.End.Byte && b.Start.Byte <= a.End.Byte
}

package plan_test

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"

	hclv2 "github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/state"
)

// estate is a stack of n keys and n aliases, with the world in which it was
// applied.
func estate(b *testing.B, n int) (*hcl.Config, plan.Input) {
	var names strings.Builder
	for i := range n {
		fmt.Fprintf(&names, "    \"app-%05d\",\n", i)
	}
	cfg := config(b, `
locals {
  names = toset([
`+names.String()+`  ])
}
key "app" {
  for_each            = local.names
  description         = "Key of ${each.key}"
  deletion_protection = true
  tags                = { app = each.key }
}
alias "app" {
  for_each = local.names
  name     = "alias/${each.key}"
  key      = key.app[each.key].id
}
`)
	w := newWorld(b)
	for _, block := range cfg.Blocks {
		for i, a := range block.Instances {
			id, name := fmt.Sprintf("key-%05d", i), fmt.Sprintf("app-%05d", i)
			r := state.Resource{Address: a.String(), Kind: a.Kind, Gateway: "dev", ID: "alias/" + name, Attributes: map[string]any{}}
			if a.Kind == plan.KindKey {
				o := w.newKey()
				delete(w.live.Objects[plan.KindKey], o.ID)
				o.ID, r.ID, r.Protected = id, id, true
				o.Attrs["id"], o.Attrs["description"] = cty.StringVal(id), cty.StringVal("Key of "+name)
				o.Attrs["deletion_protection"], o.Attrs["tags"] = cty.True, plan.MapOf(map[string]string{"app": name})
				w.live.Objects[plan.KindKey][id] = o
				w.remember(&r, o)
			} else {
				w.live.Aliases[r.ID] = id
				r.Attributes["name"], r.Attributes["key"] = r.ID, id
			}
			w.state.Resources = append(w.state.Resources, r)
		}
	}
	return cfg, w.input(cfg)
}

// The planner alone, with evaluation, no change: linear in the estate.
func BenchmarkPlan(b *testing.B) {
	for _, n := range []int{1000, 10000} {
		b.Run(fmt.Sprintf("%d-keys-%d-aliases", n, n), func(b *testing.B) {
			_, in := estate(b, n)
			b.ReportAllocs()
			debug.FreeOSMemory() // of what made the estate only the estate stays
			before := cpu()
			runs := 0
			var p *plan.Plan
			var diags hclv2.Diagnostics
			for b.Loop() {
				if p, diags = plan.Calculate(in); diags.HasErrors() || !p.Empty() {
					b.Fatal(diags, p.Summary())
				}
				runs++
			}
			b.ReportMetric((cpu()-before).Seconds()/float64(runs), "cpu-s/op")
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			b.ReportMetric(float64(m.Sys-m.HeapReleased)/(1<<20), "MiB-from-system")
		})
	}
}

package hcl

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/kind"
)

const tenThousand = `
gateway "dev" {
  emulator {}
}
locals {
  names = toset([for i in setproduct(range(100), range(100)) : format("k-%02d-%02d", i[0], i[1])])
}
key "orders" {
  for_each            = local.names
  description         = "Order database of ${each.key}"
  spec                = "Aliyun_AES_256"
  deletion_protection = true
  tags                = { team = "orders", shard = each.key }
}
alias "orders" {
  for_each = local.names
  name     = "alias/orders/${each.key}"
  key      = key.orders[each.key].id
}
`

// planned is an object as a planner would make it: written attributes, an id, the rest unknown.
func planned(k *kind.Kind, body Body, id string) cty.Value {
	values := map[string]cty.Value{}
	for _, a := range k.Attributes {
		switch v, ok := body.Attrs[a.Name]; {
		case a.WriteOnly:
		case ok:
			values[a.Name] = v
		case a.Name == "id":
			values[a.Name] = cty.StringVal(id)
		default:
			values[a.Name] = cty.UnknownVal(a.Type)
		}
	}
	return cty.ObjectVal(values)
}

// evaluateAll loads a module and evaluates every instance once, in order.
func evaluateAll(tb testing.TB, dir string) int {
	c, diags := Load(Inputs{Dir: dir})
	if diags.HasErrors() {
		tb.Fatal(diags)
	}
	objects, n := NewObjectMap(), 0
	for _, b := range c.Blocks {
		for _, a := range b.Instances {
			body, diags := c.Body(a, objects)
			if diags.HasErrors() {
				tb.Fatal(diags)
			}
			objects.Set(a, planned(b.Kind, body, "id-"+a.Key))
			for _, d := range c.DependsOn(a) {
				if d == (addr.Address{}) {
					tb.Fatal("empty dependency")
				}
			}
			n++
		}
	}
	return n
}

// BenchmarkTenThousand is the load and evaluation of 10,000 keys and 10,000 aliases that
// refer to them, as a plan does both: at most 0.4 CPU-seconds are wanted.
func BenchmarkTenThousand(b *testing.B) {
	dir := b.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "main.kms.hcl"), []byte(tenThousand), 0o600); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if n := evaluateAll(b, dir); n != 20_000 {
			b.Fatal(n)
		}
	}
}

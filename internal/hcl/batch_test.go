package hcl

import (
	"fmt"
	"testing"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/kind"
)

const batchModule = `gateway "dev" {
  emulator {}
}
variable "root" { default = "archive" }
key "orders" {}
alias "orders" {
  name = "alias/orders"
  key  = key.orders.id
}
batch "archive" {
  for_each = toset(["eu", "us"])
  action   = "rewrap"
  key      = alias.orders.name
  source {
    list = "names.txt"
    files { path = "${var.root}/${each.key}" }
  }
  queue {
    shards { ledger = "ledger" }
  }
}
`

// A batch has an address of its own, is neither an object nor a data block, and comes after its key.
func TestBatches(t *testing.T) {
	c, diags := inModule(t, map[string]string{"main.kms.hcl": batchModule}, Inputs{})
	if len(diags) > 0 {
		t.Fatal(shown(diags))
	}
	holdsBatch(t, c)
}

// The same in JSON, where a block in a block is an object in an object.
func TestBatchesInJSON(t *testing.T) {
	c, diags := inModule(t, map[string]string{"main.kms.json": `{
  "gateway": {"dev": {"emulator": {}}},
  "variable": {"root": {"default": "archive"}},
  "key": {"orders": {}},
  "alias": {"orders": {"name": "alias/orders", "key": "${key.orders.id}"}},
  "batch": {"archive": {
    "for_each": "${toset([\"eu\", \"us\"])}", "action": "rewrap", "key": "${alias.orders.name}",
    "source": {"list": "names.txt", "files": {"path": "${var.root}/${each.key}"}},
    "queue": [{"shards": {"ledger": "ledger"}}]
  }}
}`}, Inputs{})
	if len(diags) > 0 {
		t.Fatal(shown(diags))
	}
	holdsBatch(t, c)
}

func holdsBatch(t *testing.T, c *Config) {
	t.Helper()
	if len(c.Batches) != 1 || len(c.Blocks) != 2 {
		t.Fatalf("%d batches, %d other blocks", len(c.Batches), len(c.Blocks))
	}
	eu := addr.Resource(kind.BatchKind, "archive").WithKey("eu")
	if got := fmt.Sprint(c.Batches[0].Instances); got != `[batch.archive["eu"] batch.archive["us"]]` {
		t.Error(got)
	}
	if got := fmt.Sprint(c.DependsOn(eu)); got != "[alias.orders]" {
		t.Error("it depends on", got)
	}
	body, diags := c.Body(eu, NewObjectMap())
	values := kind.Values{Attrs: body.Attrs, Blocks: body.Blocks}
	files := kind.Values{Attrs: body.Blocks["source.files"]}
	if path, _ := files.String("path"); len(diags) > 0 || path != "archive/eu" || values.BatchSource() != kind.SourceFiles || values.BatchQueue() != kind.QueueShards {
		t.Error(diags, body.Blocks)
	}
	if refs, ok := c.References(eu, "source.files.path"); !ok || fmt.Sprint(refs) != "[each var.root]" {
		t.Error(refs, ok)
	}
	if c.GatewayOf(eu) != c.Gateways[0] {
		t.Error("it has no gateway")
	}
}

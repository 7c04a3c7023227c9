package hcl

import (
	hclv2 "github.com/hashicorp/hcl/v2"
)

// foreignBlocks are block types that kmsplan knows but does not take: planned ones, and
// those a user of Terraform would try.
var foreignBlocks = []struct {
	name   string
	labels []string
	answer string
}{
	{"resource", []string{"type", "name"}, `kmsplan has no resource blocks: each kind is a block of its own. Write key "NAME" { … }, alias "NAME" { … }, rotation_policy "NAME" { … } or secret "NAME" { … }.`},
	{"provider", []string{"name"}, `kmsplan has no providers. Write gateway "NAME" { region = "…" } for an account and region.`},
	{"terraform", nil, "kmsplan's settings stand in a kmsplan block: kmsplan { required_version = \"…\" }."},
	{"backend", []string{"type"}, `The backend stands inside the kmsplan block: kmsplan { backend "local" { path = "…" } }.`},
}

func isForeign(blockType string) bool {
	for _, f := range foreignBlocks {
		if f.name == blockType {
			return true
		}
	}
	return false
}

func foreign(b *hclv2.Block) *hclv2.Diagnostic {
	for _, f := range foreignBlocks {
		if f.name == b.Type {
			return fault(b.DefRange, "Not available: "+b.Type+" blocks", "%s", f.answer)
		}
	}
	return fault(b.DefRange, "Unsupported block type", "kmsplan does not know %q blocks.", b.Type)
}

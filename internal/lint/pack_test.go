package lint

import (
	"strings"
	"testing"
)

// TestPacks holds that a pack asks its own rules and those about comments, and that each of its findings names what it stands for.
func TestPacks(t *testing.T) {
	for _, p := range Packs() {
		if LookupPack(p.Name) == nil || p.Title == "" || !strings.HasSuffix(p.Doc, ".") || len(p.Rules) == 0 {
			t.Errorf("%+v", p)
		}
		for _, s := range p.Rules {
			if Lookup(Rules(), s.ID) == nil || s.String() == "" {
				t.Errorf("%s: %+v stands for nothing", p.Name, s)
			}
		}
	}
	in := fixture{"main.kms.hcl": []byte(`gateway "dev" {
  emulator {}
}
key "k" {}
# kmsplan:ignore KP001
secret "generic" {
  name = "generic"
  generate {}
}
secret "rds" {
  name = "rds"
  type = "Rds"
}
`)}.input(t)
	got := map[string]string{}
	for _, f := range Run(in, Options{Pack: LookupPack("mlps3")}).Findings {
		got[f.Rule.ID+" "+f.Address] = f.Pack
	}
	want := map[string]string{
		"KP001 key.k":      "Cloud Config kms-key-delete-protection-enabled; InfraGuard rule:aliyun:kms-key-delete-protection-enabled",
		"KP002 key.k":      "Cloud Config kms-key-rotation-enabled; InfraGuard rule:aliyun:kms-key-rotation-enabled",
		"KP036 secret.rds": "Cloud Config kms-secret-rotation-enabled; InfraGuard rule:aliyun:kms-secret-rotation-enabled",
		"KP090 ":           "",
	}
	if len(got) != len(want) {
		t.Errorf("found %v", got)
	}
	for k, v := range want {
		if g, ok := got[k]; !ok || g != v {
			t.Errorf("%s: %q", k, g)
		}
	}
}

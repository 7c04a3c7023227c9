package hcl

import (
	"testing"

	"github.com/zclconf/go-cty/cty"
)

// kmsplan.workspace stands wherever a value may, also where one has to be known before anything is planned.
func TestTheWorkspaceIsAValue(t *testing.T) {
	const src = dev + `
kmsplan {
  encryption { key = "alias/state-${kmsplan.workspace}" }
}
variable "region" {
  type    = string
  default = "cn-hangzhou"
  validation {
    condition     = kmsplan.workspace != "forbidden"
    error_message = "not in ${kmsplan.workspace}"
  }
}
locals { name = "alias/${kmsplan.workspace}-orders" }
key "k" {
  for_each    = kmsplan.workspace == "prod" ? toset(["a", "b"]) : toset(["a"])
  description = "of ${kmsplan.workspace}"
}
alias "a" {
  name = local.name
  key  = key.k["a"].id
}
output "w" { value = kmsplan.workspace }
`
	for _, c := range []struct {
		given, want string
		keys        int
	}{{"", "default", 1}, {"prod", "prod", 2}, {"dev", "dev", 1}} {
		cfg := mustLoad(t, src, Inputs{Workspace: c.given})
		body, diags := cfg.Body(parseAddr(t, "alias.a"), nil)
		name := body.Attrs["name"].AsString()
		out, more := cfg.OutputValue("w", nil)
		if diags.HasErrors() || more.HasErrors() || cfg.Workspace != c.want || name != "alias/"+c.want+"-orders" || !out.RawEquals(cty.StringVal(c.want)) {
			t.Errorf("in %q: %s, %s, %#v: %s", c.given, cfg.Workspace, name, out, shown(append(diags, more...)))
		}
		if got := len(cfg.Block(parseAddr(t, "key.k")).Instances); got != c.keys {
			t.Errorf("in %q there are %d keys, want %d", c.given, got, c.keys)
		}
		if got := cfg.Settings.Encryption.Key; got != "alias/state-"+c.want {
			t.Errorf("in %q the state's key is %s", c.given, got)
		}
	}
	_, diags := inModule(t, map[string]string{"main.kms.hcl": src}, Inputs{Workspace: "forbidden"})
	if !diags.HasErrors() {
		t.Error("a condition on the workspace was not looked at")
	}
}

package hcl

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// describedFrom is a configuration's description as JSON.
func describedFrom(t *testing.T, files map[string]string, in Inputs) (*Described, string) {
	t.Helper()
	c, diags := inModule(t, files, in)
	if diags.HasErrors() {
		t.Fatal(shown(diags))
	}
	d := c.Described()
	out, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	return d, string(out)
}

const describedGateway = "gateway \"dev\" {\n  emulator { path = \".kmsplan/e\" }\n}\n"

// TestADescribedConfigurationHasNoSecret plants a literal in every place from which a secret may come.
func TestADescribedConfigurationHasNoSecret(t *testing.T) {
	root := describedGateway + `
gateway "hz" {
  region = "cn-hangzhou"
  instance {
    id      = "kst-hzz65f176a0ogplgq0001"
    ca_file = "ca.pem"
    client_key {
      file     = "k.json"
      password = "canary-gateway"
    }
  }
}
variable "plain" { default = "canary-flows" }
variable "nested" { default = "canary-nested" }
variable "sensitive" {
  default   = "canary-sensitive"
  sensitive = true
}
locals { l = { a = [var.nested] } }
key "k" { instance = null }
secret "literal" {
  gateway  = gateway.dev
  name     = "literal"
  value    = "canary-literal"
  instance = null
}
secret "flows" {
  gateway  = gateway.dev
  name     = "flows"
  value    = "${var.plain}${local.l.a[0]}"
  instance = null
}
secret "out" {
  gateway  = gateway.dev
  name     = "out"
  value    = module.m["x"].password
  instance = null
}
module "m" {
  source   = "./m"
  for_each = toset(["x"])
  given    = "canary-given"
  marked   = "canary-marked"
}
module "none" {
  source = "./m"
  count  = 0
  given  = "canary-none"
  marked = "canary-none"
}
output "o" {
  sensitive = true
  value     = "canary-output"
}
`
	m := `
variable "given" {}
variable "marked" { sensitive = true }
variable "default" { default = "canary-default" }
secret "s" {
  name     = "s"
  value    = "${var.given}${var.default}"
  instance = null
}
output "password" { value = "canary-child" }
`
	_, text := describedFrom(t, map[string]string{"main.kms.hcl": root, "m/m.kms.hcl": m}, Inputs{})
	for i := strings.Index(text, "canary"); i >= 0; i = -1 {
		t.Errorf("it has %.30q", text[i:])
	}
	if !strings.Contains(text, `"password":{}`) || !strings.Contains(text, `"references":["var.plain","local.l.a[0]","local.l.a","local.l"]`) {
		t.Errorf("what is hidden is not there at all:\n%s", text)
	}
}

// TestADescribedConfigurationSaysWhatIsWritten holds constants, references, blocks and modules against what is written, in both
// syntaxes.
func TestADescribedConfigurationSaysWhatIsWritten(t *testing.T) {
	native := describedGateway + `
variable "team" { default = "orders" }
key "k" {
  for_each            = toset(["eu"])
  description         = "of ${var.team}"
  deletion_protection = true
  tags                = { team = "x", "n" = "" }
  origin              = upper("x") == "X" ? "Aliyun_KMS" : "EXTERNAL"
}
alias "a" {
  name       = "alias/a"
  key        = key.k["eu"].id
  depends_on = [key.k]
}
secret "s" {
  name     = "s"
  instance = null
  generate { length = 32 }
}
output "o" { value = [for k in key.k : k.id] }
`
	d, text := describedFrom(t, map[string]string{"main.kms.hcl": native}, Inputs{})
	for _, want := range []string{
		`"alias":"dev","expressions":{"emulator":[{"path":{"constant_value":".kmsplan/e"}}]}`,
		`"deletion_protection":{"constant_value":true}`, `"description":{"references":["var.team"]}`, `"tags":{"constant_value":{"n":"","team":"x"}}`, `"origin":{}`,
		`"key":{"references":["key.k[\"eu\"].id","key.k[\"eu\"]","key.k"]}`, `"depends_on":["key.k"]`, `"generate":[{"length":{"constant_value":32}}]`,
		`"provider_config_key":"dev"`, `"for_each_expression":{}`, `"team":{"default":"orders"}`, `"o":{"expression":{"references":["key.k"]}}`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("it does not say %s:\n%s", want, text)
		}
	}
	if !slices.ContainsFunc(d.Root.Resources, func(r DescribedResource) bool { return r.Address == "key.k" && r.Mode == "managed" }) {
		t.Errorf("%+v", d.Root.Resources)
	}
	_, text = describedFrom(t, map[string]string{"main.kms.json": `{"gateway": {"dev": {"emulator": {}}}, "key": {"k": {"description": "d", "tags": {"a": "b"}}}, "alias": {"a": {"name": "alias/a", "key": "${key.k.id}"}}}`}, Inputs{})
	for _, want := range []string{`"description":{"constant_value":"d"}`, `"tags":{"constant_value":{"a":"b"}}`, `"key":{"references":["key.k.id","key.k"]}`} {
		if !strings.Contains(text, want) {
			t.Errorf("of JSON it does not say %s:\n%s", want, text)
		}
	}
}

package hcl

import (
	"slices"
	"testing"

	"kmsplan.dev/kmsplan/internal/addr"
)

const declaredModule = `
kmsplan {
  encryption {
    key = var.seal
  }
}
gateway "dev" {
  emulator {}
}
variable "seal" {
  default = "alias/seal"
}
variable "password" {
  sensitive = true
}
variable "bound" {
  default = 12
  validation {
    condition     = var.most == null || var.bound > 1
    error_message = "Too much."
  }
}
variable "most" {
  default = null
}
locals {
  direct = var.password
  text   = local.direct
  idle   = 1
}
key "k" {}
output "k" {
  value = key.k.id
}
secret "s" {
  name           = "s"
  value          = local.text
  encryption_key = key.k.id
}
secret "g" {
  name = "g"
  generate {
    length = var.bound
  }
}
`

// A reader of the source learns of each variable whether something uses it, also where the graph of references does not lead.
func TestDeclarationsSayWhatIsUsed(t *testing.T) {
	c, diags := inModule(t, map[string]string{"main.kms.hcl": declaredModule}, Inputs{Version: "0.1.0", AllowMissing: true})
	if diags.HasErrors() {
		t.Fatal(shown(diags))
	}
	got := map[string]Declared{}
	for _, d := range c.Declarations() {
		got[d.Address()] = d
	}
	for name, want := range map[string]Declared{
		"var.seal":     {Default: true, Used: true},
		"var.password": {Sensitive: true, Used: true},
		"var.bound":    {Default: true, Used: true},
		"var.most":     {Used: true}, // by the validation of another
		"local.text":   {Used: true},
		"local.direct": {Used: true},
		"local.idle":   {},
	} {
		in := got[name]
		if in.Default != want.Default || in.Used != want.Used || in.Sensitive != want.Sensitive || in.Range.Filename == "" {
			t.Errorf("%s: %+v", name, in)
		}
	}
	if len(got) != 7 {
		t.Errorf("%d declarations", len(got))
	}
}

// A variable's own validation is no use of it.
func TestAValidationIsNoUse(t *testing.T) {
	c, _ := inModule(t, map[string]string{"main.kms.hcl": `variable "x" {
  default = 1
  validation {
    condition     = var.x > 0
    error_message = "No."
  }
}`}, Inputs{Version: "0.1.0", AllowMissing: true})
	if in := c.Declarations(); len(in) != 1 || in[0].Used {
		t.Errorf("%+v", in)
	}
}

func TestReferencesOfAnArgument(t *testing.T) {
	c, _ := inModule(t, map[string]string{"main.kms.hcl": declaredModule}, Inputs{Version: "0.1.0", AllowMissing: true})
	for argument, want := range map[string][]string{"value": {"local.text"}, "encryption_key": {"key.k"}, "name": nil} {
		if got, ok := c.References(addr.Resource("secret", "s"), argument); !ok || !slices.Equal(got, want) {
			t.Errorf("%s: %v %v", argument, got, ok)
		}
	}
	if got, ok := c.References(addr.Resource("secret", "g"), "generate.length"); !ok || !slices.Equal(got, []string{"var.bound"}) {
		t.Errorf("generate.length: %v %v", got, ok)
	}
	if _, ok := c.References(addr.Resource("secret", "s"), "tags"); ok {
		t.Error("tags is not written")
	}
	if got := c.OutputBlocks(); len(got) != 1 || !got[addr.Resource("key", "k")] {
		t.Errorf("blocks of outputs: %v", got)
	}
	if got := c.Behind(addr.Resource("secret", "s"), "value"); len(got) != 1 || got[0].Start.Line != 13 {
		t.Errorf("behind the value: %v", got)
	}
}

// What reaches an argument inside a module is followed to the call, and a module that is called twice is told of once.
func TestWhatIsBehindAnArgumentInAModule(t *testing.T) {
	c, diags := inModule(t, map[string]string{
		"main.kms.hcl": `gateway "dev" {
  emulator {}
}
variable "given" {}
variable "idle" {}
module "team" {
  for_each = toset(["a", "b"])
  source   = "./team"
  word     = "x${var.given}"
}
output "k" {
  value = { for k, m in module.team : k => m.key }
}
`,
		"team/main.kms.hcl": `variable "word" {}
variable "unused" {
  default = 1
}
locals {
  value = var.word
}
key "k" {}
secret "s" {
  name  = "s"
  value = local.value
}
output "key" {
  value = key.k.id
}
`}, Inputs{Version: "0.1.0", AllowMissing: true})
	if diags.HasErrors() {
		t.Log(shown(diags)) // one name for two secrets
	}
	a, err := addr.Parse(`module.team["b"].secret.s`)
	if err != nil {
		t.Fatal(err)
	}
	var behind []string
	for _, r := range c.Behind(a, "value") {
		behind = append(behind, r.Filename)
	}
	if !slices.Equal(behind, []string{"main.kms.hcl", "team/main.kms.hcl"}) {
		t.Errorf("behind the value: %v", behind)
	}
	var unused []string
	for _, d := range c.Declarations() {
		if !d.Used {
			unused = append(unused, d.Address())
		}
	}
	if !slices.Equal(unused, []string{"var.idle", `module.team["a"].var.unused`}) {
		t.Errorf("unused: %v", unused)
	}
	if got := c.OutputBlocks(); len(got) != 2 {
		t.Errorf("blocks of outputs: %v", got)
	}
}

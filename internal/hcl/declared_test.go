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
func TestInputsSayWhatIsUsed(t *testing.T) {
	c, diags := inModule(t, map[string]string{"main.kms.hcl": declaredModule}, Inputs{Version: "0.1.0", AllowMissing: true})
	if diags.HasErrors() {
		t.Fatal(shown(diags))
	}
	got := map[string]Input{}
	for _, in := range c.Inputs() {
		got[in.Name] = in
	}
	for name, want := range map[string]Input{
		"seal":     {Default: true, Used: true},
		"password": {Sensitive: true, Used: true},
		"bound":    {Default: true, Used: true},
		"most":     {Used: true}, // by the validation of another
	} {
		in := got[name]
		if in.Default != want.Default || in.Used != want.Used || in.Sensitive != want.Sensitive || in.Range.Filename == "" {
			t.Errorf("%s: %+v", name, in)
		}
	}
	if unused := c.Unused(); len(unused) != 1 || unused["idle"].Start.Line == 0 {
		t.Errorf("unused locals: %v", unused)
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
	if in := c.Inputs(); len(in) != 1 || in[0].Used {
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
	if got := c.Behind("local.text"); !slices.Equal(got, []string{"var.password"}) {
		t.Errorf("behind local.text: %v", got)
	}
}

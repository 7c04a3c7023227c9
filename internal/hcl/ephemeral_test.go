package hcl

import (
	"strings"
	"testing"

	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/addr"
)

// What an ephemeral block hands on reaches write-only arguments and nothing else, whatever way it takes.
func TestAnEphemeralValueIsOnlyHandedOn(t *testing.T) {
	const block = "ephemeral \"secret\" \"x\" { name = \"legacy/db\" }\n"
	const target = "secret \"s\" {\n  name = \"s\"\n  instance = null\n  value = "
	for name, c := range map[string]struct{ src, want string }{
		"a value":               {block + target + "ephemeral.secret.x.value\n}", ""},
		"through a local":       {block + "locals { v = \"a-${ephemeral.secret.x.value}\" }\n" + target + "upper(local.v)\n}", ""},
		"of several":            {"ephemeral \"secret\" \"x\" {\n  for_each = toset([\"a\"])\n  name = each.key\n}\n" + target + "ephemeral.secret.x[\"a\"].value\n}", ""},
		"in JSON":               {block + target + "jsonencode({ a = [ephemeral.secret.x.value] })\n}", ""},
		"a description":         {block + `key "k" { description = ephemeral.secret.x.value }`, "Sensitive value not allowed"},
		"part of a description": {block + `key "k" { description = "a${length(ephemeral.secret.x.value)}" }`, "Sensitive value not allowed"},
		"made plain":            {block + `key "k" { description = nonsensitive(ephemeral.secret.x.value) }`, "Sensitive value not allowed"},
		"base64":                {block + `key "k" { description = ephemeral.secret.x.value_base64 }`, "Sensitive value not allowed"},
		"a tag":                 {block + `key "k" { tags = { a = ephemeral.secret.x.value } }`, "Sensitive value not allowed"},
		"an output":             {block + `output "o" { value = ephemeral.secret.x.value }`, "Ephemeral value in an output"},
		"a sensitive output":    {block + "output \"o\" {\n  value = ephemeral.secret.x.value\n  sensitive = true\n}", "Ephemeral value in an output"},
		"the whole block":       {block + `output "o" { value = ephemeral.secret.x }`, "Ephemeral value in an output"},
		"instances":             {block + `key "k" { for_each = toset([ephemeral.secret.x.value]) }`, "Invalid for_each"},
		"its metadata":          {block + `output "o" { value = ephemeral.secret.x.current_version }`, ""},
		"no such attribute":     {block + target + "ephemeral.secret.x.valeu\n}", `Did you mean "value"?`},
		"no such block":         {target + "ephemeral.secret.y.value\n}", "There is no ephemeral.secret.y"},
		"half a reference":      {block + target + "ephemeral.secret\n}", "needs type and name"},
		"no such type":          {`ephemeral "key" "x" {}`, "There is no ephemeral block of type"},
		"no name":               {`ephemeral "secret" "x" {}`, `"name" is required`},
		"its value is written":  {"ephemeral \"secret\" \"x\" {\n  name = \"a\"\n  value = \"b\"\n}", "cannot be set"},
		"of itself":             {`ephemeral "secret" "x" { name = ephemeral.secret.x.value }`, "refers to itself"},
		"its name is secret":    {"variable \"v\" {\n  sensitive = true\n  default = \"v\"\n}\nephemeral \"secret\" \"x\" { name = var.v }", "Sensitive value not allowed"},
		"renamed":               {block + "moved {\n  from = ephemeral.secret.y\n  to = ephemeral.secret.x\n}", "Invalid address"},
	} {
		_, diags := inModule(t, map[string]string{"main.kms.hcl": dev + c.src}, Inputs{})
		if text := shown(diags); c.want == "" && diags.HasErrors() || !strings.Contains(text, c.want) {
			t.Errorf("%s: %q is not in\n%s", name, c.want, text)
		}
	}
}

// Where a value comes from goes with it, through locals and modules, and no further than the argument.
func TestWhereAValueComesFrom(t *testing.T) {
	c := called(t, `
ephemeral "secret" "x" { name = "legacy/db" }
module "m" {
  source = "./modules/m"
  value  = "a-${ephemeral.secret.x.value}"
}
`, "modules/m/main.kms.hcl", `
variable "value" {
  ephemeral = true
  sensitive = true
}
secret "s" {
  name     = "s"
  instance = null
  value    = "${var.value}!"
}
`)
	x, s := addr.EphemeralBlock("secret", "x"), addr.Address{Module: "module.m", Kind: "secret", Name: "s"}
	if got := c.DependsOn(s); len(got) != 1 || got[0] != x {
		t.Fatalf("it depends on %v", got)
	}
	objects := NewObjectMap()
	from := Source{Addr: x, Version: "dev/legacy/db@v1"}
	objects.Set(x, cty.ObjectVal(map[string]cty.Value{
		"name": cty.StringVal("legacy/db"), "current_version": cty.StringVal("v1"),
		"value": Handed(cty.StringVal("hunter2")).Mark(from), "value_base64": Handed(cty.UnknownVal(cty.String)).Mark(from),
	}))
	body, diags := c.Body(s, objects)
	if diags.HasErrors() || len(body.From["value"]) != 1 || body.From["value"][0] != from {
		t.Fatalf("%s %+v", shown(diags), body.From)
	}
	v, marks := body.Attrs["value"].Unmark()
	if _, sensitive := marks[Sensitive]; v.AsString() != "a-hunter2!" || !sensitive || len(marks) != 1 {
		t.Errorf("%#v", body.Attrs["value"])
	}
}

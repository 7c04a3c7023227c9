package hcl

import (
	"strings"
	"testing"

	"github.com/zclconf/go-cty/cty"
)

// What a lookup gives is of its kind's type before anything is read, so that a name that does not exist is found at once.
func TestLookupsAreCheckedBeforeAnythingIsRead(t *testing.T) {
	for src, want := range map[string]string{
		`data "key" "x" {}`:           `The argument "key" is required`,
		`data "key" "x" { key = "" }`: "The key is empty",
		"data \"key\" \"x\" {\n  key = \"k\"\n  description = \"d\"\n}": `"description" cannot be set`,
		`data "kez" "x" {}`:                                                                    `Did you mean "key"?`,
		`data "keys" "x" { state = "Gone" }`:                                                   `"Gone"`,
		`data "keys" "x" { name_regex = "(" }`:                                                 `"(" is no pattern`,
		`data "keys" "x" { tags = { a = null } }`:                                              `The tag "a" is null`,
		`data "secret" "x" { name = "white space" }`:                                           "is not allowed",
		`data "alias" "x" { name = "orders" }`:                                                 `write "alias/orders"`,
		`data "alias" "x" { name = "alias/acs/kms" }`:                                          "",
		`data "instance" "x" { id = "i-1" }`:                                                   "is no KMS instance id",
		"data \"secret\" \"x\" { name = \"n\" }\noutput \"o\" { value = data.secret.x.value }": `data.secret.x has no attribute "value"`,
		"data \"key\" \"x\" { key = \"k\" }\nalias \"a\" {\n  name = \"alias/a\"\n  key = data.key.x.arn\n}":            "is not what key of alias.a takes",
		"data \"key\" \"x\" { key = \"k\" }\nalias \"a\" {\n  name = \"alias/a\"\n  key = data.key.x.id\n}":             "",
		"data \"keys\" \"x\" {}\nrotation_policy \"r\" {\n  interval = \"90d\"\n  keys = data.keys.x.ids\n}":            "",
		"data \"keys\" \"x\" {}\nkey \"k\" { for_each = toset(data.keys.x.ids) }":                                       "known only after apply",
		"variable \"v\" {\n  sensitive = true\n  default = \"v\"\n}\ndata \"key\" \"x\" { key = var.v }":                "Sensitive value not allowed",
		"data \"key\" \"x\" { key = data.key.x.id }":                                                                    "refers to itself",
		"moved {\n  from = data.key.old\n  to = data.key.x\n}\ndata \"key\" \"x\" { key = \"k\" }":                      "",
		"data \"key\" \"x\" {\n  for_each = toset([\"a\", \"b\"])\n  key = each.key\n}\nlocals { l = data.key.x.a.id }": "",
	} {
		_, diags := inModule(t, map[string]string{"main.kms.hcl": dev + src}, Inputs{})
		text := shown(diags)
		if want == "" && diags.HasErrors() || !strings.Contains(text, want) {
			t.Errorf("%s:\n%s", src, text)
		}
	}
}

// A managed block and a lookup may have one name, and are two things.
func TestALookupBesideAManagedBlockOfItsName(t *testing.T) {
	c := mustLoad(t, dev+`
key "orders" { description = "d" }
data "key" "orders" { key = "alias/other" }
alias "a" {
  name = "alias/a"
  key  = data.key.orders.id
}
`, Inputs{})
	objects := NewObjectMap()
	data := parseAddr(t, "data.key.orders")
	vals := map[string]cty.Value{}
	for name, typ := range c.Block(data).Kind.ObjectType().AttributeTypes() {
		vals[name] = cty.NullVal(typ)
	}
	vals["id"] = cty.StringVal("theirs")
	objects.Set(data, cty.ObjectVal(vals))
	if got := attr(t, c, "alias.a", "key", objects); !got.RawEquals(cty.StringVal("theirs")) {
		t.Errorf("%#v", got)
	}
	if on := c.DependsOn(parseAddr(t, "alias.a")); len(on) != 1 || on[0] != data {
		t.Error(on)
	}
}

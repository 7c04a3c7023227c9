package hcl

import (
	"strings"
	"testing"
)

// A lookup of a check is beside the module's of the same name, and known to the check's assertions only.
func TestLookupsOfChecks(t *testing.T) {
	c := mustLoad(t, dev+`
key "k" {}
data "key" "live" { key = "alias/one" }
check "a" {
  data "key" "live" {
    key        = "alias/two"
    depends_on = [key.k]
  }
  assert {
    condition     = data.key.live.key == "alias/two"
    error_message = "It is ${data.key.live.key}."
  }
}
check "b" {
  data "key" "live" { key = "alias/three" }
  assert {
    condition     = data.key.live.key == "alias/three"
    error_message = "no"
  }
}
output "o" { value = data.key.live.key }
`, Inputs{})
	objects := NewObjectMap()
	for a, key := range map[string]string{"data.key.live": "alias/one", "check.a.data.key.live": "alias/two", "check.b.data.key.live": "alias/three"} {
		if got := attr(t, c, a, "key", objects); got.AsString() != key {
			t.Errorf("%s asks for %#v", a, got)
		}
	}
	if on := c.DependsOn(parseAddr(t, "check.a.data.key.live")); len(on) != 1 || on[0].String() != "key.k" {
		t.Error(on)
	}
	k := c.module.checks["b"]
	if len(k.refs) != 2-1 || k.refs[0].block.addr.Check != "b" {
		t.Errorf("%+v", k.refs)
	}
}

func TestWrongLookupsOfChecks(t *testing.T) {
	const holds = "  assert {\n    condition = true\n    error_message = \"no\"\n  }\n}\n"
	for src, want := range map[string]string{
		"check \"c\" {\n  data \"encrypt\" \"x\" {}\n" + holds:                                                                                                                                  `"encrypt" is no lookup`,
		"check \"c\" {\n  data \"kez\" \"x\" {}\n" + holds:                                                                                                                                      `Did you mean "key"?`,
		"check \"c\" {\n  data \"key\" \"1\" { key = \"k\" }\n" + holds:                                                                                                                         "cannot be a block's name",
		"check \"c\" {\n  data \"key\" \"x\" {}\n" + holds:                                                                                                                                      `The argument "key" is required`,
		"check \"c\" {\n  data \"key\" \"x\" { key = \"k\" }\n}\n":                                                                                                                              "Check without assertion",
		"check \"c\" {\n  data \"key\" \"x\" {\n    count = 2\n    key = \"k\"\n  }\n" + holds:                                                                                                  "neither for_each nor count",
		"check \"c\" {\n  data \"key\" \"x\" { key = \"k\" }\n  data \"key\" \"x\" { key = \"k\" }\n" + holds:                                                                                   "There is already a key block",
		"check \"c\" {\n  data \"key\" \"x\" { key = \"k\" }\n" + holds + "output \"o\" { value = data.key.x.id }":                                                                              `is a lookup of check "c", and known to its assertions only`,
		"check \"c\" {\n  data \"key\" \"x\" { key = \"k\" }\n" + holds + "key \"k\" { depends_on = [data.key.x] }":                                                                             `is a lookup of check "c"`,
		"check \"c\" {\n  data \"key\" \"x\" { key = \"k\" }\n" + strings.Replace(holds, "true", "data.key.x.nope == \"\"", 1):                                                                  `has no attribute "nope"`,
		"check \"c\" {\n  data \"key\" \"x\" { key = data.key.x.id }\n" + holds + "data \"key\" \"x\" { key = \"k\" }":                                                                          "",
		"check \"c\" {\n  data \"key\" \"x\" {\n    key = \"k\"\n    lifecycle {\n      precondition {\n        condition = true\n        error_message = \"e\"\n      }\n    }\n  }\n" + holds: "nor conditions of its own",
	} {
		_, diags := inModule(t, map[string]string{"main.kms.hcl": dev + src}, Inputs{})
		if text := shown(diags); want == "" && diags.HasErrors() || !strings.Contains(text, want) {
			t.Errorf("%s:\n%s", src, text)
		}
	}
}

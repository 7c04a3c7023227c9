package hcl

import (
	"strings"
	"testing"
)

func TestImportsAndRemovalsForEach(t *testing.T) {
	c := mustLoad(t, dev+`
locals {
  ids = { a = "id-a", b = "id-b" }
}
variable "gone" { default = ["x", "y"] }
key "k" { for_each = local.ids }
import {
  for_each = local.ids
  to       = key.k[each.key]
  id       = each.value
}
removed {
  for_each  = toset(var.gone)
  from      = key.old[each.key]
  action    = "retire"
  soak_days = 3
}
`, Inputs{})
	for a, id := range map[string]string{`key.k["a"]`: "id-a", `key.k["b"]`: "id-b"} {
		if im, ok := c.ImportOf(parseAddr(t, a)); !ok || im.ID != id {
			t.Errorf("%s: %+v", a, c.Imports)
		}
	}
	if r := c.RemovedFor(parseAddr(t, `key.old["y"]`)); r == nil || r.Action != "retire" || r.SoakDays != 3 || len(c.Removed) != 2 || c.RemovedFor(parseAddr(t, `key.old["z"]`)) != nil {
		t.Errorf("%+v", c.Removed)
	}
}

func TestWhatIsWrongWithForEachInRefactorings(t *testing.T) {
	for src, want := range map[string]string{
		"import {\n  for_each = { a = 1 }\n  to = key.k\n  id = \"i\"\n}\nkey \"k\" { for_each = toset([\"a\"]) }":                                               "",
		"import {\n  for_each = [\"a\"]\n  to = key.k[each.key]\n  id = \"i\"\n}\nkey \"k\" { for_each = toset([\"a\"]) }":                                       "takes a map or a set",
		"import {\n  for_each = toset([\"z\"])\n  to = key.k[each.key]\n  id = \"i\"\n}\nkey \"k\" { for_each = toset([\"a\"]) }":                                "There is no key.k",
		"import {\n  for_each = toset([\"a\"])\n  to = key.k[each.key]\n  id = null\n}\nkey \"k\" { for_each = toset([\"a\"]) }":                                 "An import needs the id",
		"import {\n  for_each = toset([\"a\", \"b\"])\n  to = key.k[\"a\"]\n  id = each.key\n}\nkey \"k\" { for_each = toset([\"a\"]) }":                         "Two import blocks import into",
		"import {\n  for_each = toset([\"a\"])\n  to = keys\n  id = \"i\"\n}":                                                                                    "With for_each, to is the address of an instance",
		"import {\n  for_each = key.k\n  to = key.k[each.key]\n  id = \"i\"\n}\nkey \"k\" { for_each = toset([\"a\"]) }":                                         "may not refer to",
		"removed {\n  for_each = toset([\"a\"])\n  from = key.k[each.key]\n  action = \"forget\"\n}\nkey \"k\" { for_each = toset([\"a\"]) }":                    "is still declared",
		"removed {\n  for_each = toset([\"a\"])\n  from = key.k[each.value.nope]\n  action = \"forget\"\n}":                                                      "Unsupported attribute",
		"removed {\n  for_each = toset([\"a\"])\n  from = key.k[true]\n  action = \"forget\"\n}":                                                                 "",
		"variable \"v\" {\n  sensitive = true\n  default = \"s\"\n}\nremoved {\n  for_each = toset([var.v])\n  from = key.k[each.key]\n  action = \"forget\"\n}": "sensitive",
	} {
		_, diags := inModule(t, map[string]string{"main.kms.hcl": dev + src}, Inputs{})
		if text := shown(diags); want != "" && (!diags.HasErrors() || !strings.Contains(text, want)) {
			t.Errorf("%s:\n%s", src, text)
		}
	}
}

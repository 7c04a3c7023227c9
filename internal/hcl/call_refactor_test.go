package hcl

import (
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/addr"
)

const twoTeams = `
module "team" {
  source   = "./modules/team"
  for_each = toset(["a", "b"])
  team     = each.key
}
`

// The root module says what becomes of objects in modules, and takes objects up into them.
func TestRefactoringsNameObjectsInModules(t *testing.T) {
	c := called(t, twoTeams+`
import {
  to = module.team["a"].key.k["main"]
  id = "key-1"
}
moved {
  from = module.crew
  to   = module.team
}
moved {
  from = key.old
  to   = module.team["b"].key.k["main"]
}
removed {
  from   = module.gone
  action = "forget"
}
removed {
  from   = module.team["c"].key.k
  action = "retire"
}
`)
	if im, ok := c.ImportOf(parseAddr(t, `module.team["a"].key.k["main"]`)); !ok || im.ID != "key-1" {
		t.Error(im, ok)
	}
	if len(c.Moved) != 2 || c.Moved[0].From != (addr.Address{Module: "module.crew"}) || c.Moved[1].To.String() != `module.team["b"].key.k["main"]` {
		t.Errorf("%+v", c.Moved)
	}
	for a, action := range map[string]string{
		"module.gone.key.x": "forget", `module.gone["y"].module.z.alias.x`: "forget", "module.gonee.key.x": "", "key.gone": "",
		`module.team["c"].key.k["main"]`: "retire", `module.team["c"].alias.a`: "",
	} {
		got := ""
		if r := c.RemovedFor(parseAddr(t, a)); r != nil {
			got = r.Action
		}
		if got != action {
			t.Errorf("%s: %q, want %q", a, got, action)
		}
	}
}

// A module's own moved and removed blocks are about each of its instances.
func TestAModuleRefactorsItself(t *testing.T) {
	c := called(t, strings.Replace(twoTeams, "modules/team", "own", 1), "own/main.kms.hcl", `
variable "team" {}
key "new" {}
moved {
  from = key.old
  to   = key.new
}
removed {
  from   = key.gone
  action = "forget"
}
`)
	var all []string
	for _, m := range c.Moved {
		all = append(all, m.From.String(), m.To.String())
	}
	for _, r := range c.Removed {
		all = append(all, r.From.String())
	}
	want := `module.team["a"].key.old module.team["a"].key.new module.team["b"].key.old module.team["b"].key.new module.team["a"].key.gone module.team["b"].key.gone`
	if got := strings.Join(all, " "); got != want {
		t.Error(got)
	}
}

// A module's own removed block with for_each is about each of its instances, by what each is given.
func TestAModuleRemovesForEach(t *testing.T) {
	c := called(t, strings.Replace(strings.Replace(twoTeams, "modules/team", "own", 1), "each.key", "[each.key, \"both\"]", 1), "own/main.kms.hcl", `
variable "team" {}
locals {
  gone = toset([for t in var.team : "old-${t}"])
}
removed {
  for_each = local.gone
  from     = key.k[each.key]
  action   = "retire"
}
`)
	var all []string
	for _, r := range c.Removed {
		all = append(all, r.From.String()+" "+r.Action)
	}
	want := `module.team["a"].key.k["old-a"] retire|module.team["a"].key.k["old-both"] retire|module.team["b"].key.k["old-b"] retire|module.team["b"].key.k["old-both"] retire`
	if got := strings.Join(all, "|"); got != want {
		t.Error(got)
	}
	for body, want := range map[string]string{
		"variable \"team\" {}\nkey \"k\" { for_each = toset([\"x\"]) }\nremoved {\n  for_each = toset([\"x\"])\n  from = key.k[each.key]\n  action = \"forget\"\n}\n": "is still declared, at own/main.kms.hcl",
		"variable \"team\" {}\nkey \"k\" {}\nremoved {\n  for_each = toset([key.k.id])\n  from = key.o[each.key]\n  action = \"forget\"\n}\n":                         "may not refer to",
		"variable \"team\" {}\nremoved {\n  for_each = [var.team]\n  from = key.o[each.key]\n  action = \"forget\"\n}\n":                                              "takes a map or a set",
		"variable \"team\" {}\nimport {\n  for_each = toset([\"x\"])\n  to = key.o[each.key]\n  id = \"i\"\n}\n":                                                      "A module that is called has no import block",
	} {
		_, diags := calling(t, strings.Replace(twoTeams, "modules/team", "own", 1), "own/main.kms.hcl", body)
		if text := shown(diags); !diags.HasErrors() || !strings.Contains(text, want) {
			t.Errorf("%s:\n%s", body, text)
		}
	}
	// What is known after apply only says so.
	_, diags := calling(t, "key \"root\" {}\nmodule \"team\" {\n  source = \"./own\"\n  team = key.root.id\n}\n", "own/main.kms.hcl", "variable \"team\" {}\nremoved {\n  for_each = toset([var.team])\n  from = key.o[each.key]\n  action = \"forget\"\n}\n")
	if text := shown(diags); !strings.Contains(text, "not known yet") {
		t.Error(text)
	}
}

func TestWrongRefactoringsOfModules(t *testing.T) {
	for text, want := range map[string]string{
		"moved {\n  from = module.team[\"a\"]\n  to = module.crew\n}":                      `module.team["a"] is still declared, so it cannot have moved to module.crew`,
		"moved {\n  from = module.old\n  to = key.k\n}":                                    "both modules or both not",
		"moved {\n  from = module.old.key.k\n  to = module.team[\"a\"].alias.k\n}":         "cannot become",
		"moved {\n  from = module.old.key\n  to = key.k\n}":                                "or of a module, such as module.billing",
		"moved {\n  from = module.team[\"a\"].key.k\n  to = key.k\n}":                      "",
		"moved {\n  from = module.team[\"a\"].key.k[\"main\"]\n  to = key.k\n}":            "is still declared, so it cannot have moved",
		"removed {\n  from = module.team[\"a\"]\n  action = \"forget\"\n}":                 `module.team["a"] is still declared, at main.kms.hcl:5`,
		"removed {\n  from = module.gone\n  action = \"retire\"\n}":                        "A module as a whole can be forgotten only",
		"removed {\n  from = module.gone\n}":                                               "A module as a whole can be forgotten only",
		"removed {\n  from = module.team[\"a\"].key.k[\"main\"]\n  action = \"forget\"\n}": "is still declared, at modules/team/main.kms.hcl",
		"import {\n  to = module.team[\"z\"].key.k[\"main\"]\n  id = \"key-1\"\n}":         `There is no module.team["z"].key.k["main"] to import into. Did you mean`,
		"import {\n  to = module.team\n  id = \"key-1\"\n}":                                "to is the address of a block or an instance",
	} {
		_, diags := calling(t, twoTeams+text+"\n")
		if want == "" && diags.HasErrors() || !strings.Contains(shown(diags), want) {
			t.Errorf("%s\n%q is not in\n%s", text, want, shown(diags))
		}
	}
}

package plan_test

import (
	"fmt"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/plan"
)

const oneTeam = `
module "team" {
  source = "./team"
  team   = "a"
}
`

// moved is a moved block.
func moved(from, to string) string {
	return fmt.Sprintf("moved {\n  from = %s\n  to   = %s\n}\n", from, to)
}

// Modules, and objects into and out of them, are renamed without a call that changes what they are: of a key
// the tag that names its address is set anew.
func TestModulesMove(t *testing.T) {
	flat := "key \"main\" {\n  description = \"of a\"\n}\nalias \"main\" {\n  name = \"alias/a\"\n  key  = key.main.id\n}\n"
	each := strings.Replace(oneTeam, "team   = \"a\"", "team   = each.key\n  for_each = toset([\"a\"])", 1)
	renamed := strings.Replace(oneTeam, "\"team\" {", "\"crew\" {", 1)
	for name, c := range map[string]struct{ before, after, key string }{
		"renamed":            {oneTeam, renamed + moved("module.team", "module.crew"), "module.crew.key.main"},
		"into for_each":      {oneTeam, each + moved("module.team", `module.team["a"]`), `module.team["a"].key.main`},
		"out of for_each":    {each, oneTeam + moved(`module.team["a"]`, "module.team"), "module.team.key.main"},
		"all instances":      {each, strings.Replace(each, "\"team\" {", "\"crew\" {", 1) + moved("module.team", "module.crew"), `module.crew["a"].key.main`},
		"into a module":      {flat, oneTeam + moved("key.main", "module.team.key.main") + moved("alias.main", "module.team.alias.main"), "module.team.key.main"},
		"out of a module":    {oneTeam, flat + moved("module.team.key.main", "key.main") + moved("module.team.alias.main", "alias.main"), "key.main"},
		"in a chain":         {oneTeam, flat + moved("module.team", "module.crew") + moved("module.crew.key.main", "key.main") + moved("module.crew.alias.main", "alias.main"), "key.main"},
		"one instance's key": {each, oneTeam + moved(`module.team["a"].key.main`, "module.team.key.main") + moved(`module.team["a"].alias.main`, "module.team.alias.main"), "module.team.key.main"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.applyAll(withTeam(t, c.before))
			id := w.state.Resources[0].ID
			cfg := withTeam(t, c.after)
			p := w.plan(cfg)
			if p.Refused() || p.Summary() != (plan.Summary{Move: 2}) {
				t.Fatalf("%+v %s", p.Refusals, lines(p))
			}
			w.carryOut(cfg, p)
			if r := w.resource(mustParse(t, c.key)); r == nil || r.ID != id || w.key(c.key).Tags[plan.TagAddress] != plan.AddressTag(mustParse(t, c.key)) {
				t.Errorf("%+v", w.state.Resources)
			}
			if p := w.plan(withTeam(t, c.after)); !p.Empty() {
				t.Error(lines(p))
			}
		})
	}
}

// A module says itself how its objects were renamed, for all its instances.
func TestAModuleMovesItsOwnObjects(t *testing.T) {
	w := newWorld(t)
	w.applyAll(withTeam(t, twoTeams))
	changed := strings.NewReplacer(`key "main"`, `key "first"`, "key.main", "key.first").Replace(team) + moved("key.main", "key.first")
	p := w.plan(withModule(t, twoTeams, changed))
	for _, name := range []string{"a", "b"} {
		c := changeOf(t, p, fmt.Sprintf("module.team[%q].key.first", name))
		if p.Refused() || !c.OnlyMoves() || c.MovedFrom.String() != fmt.Sprintf("module.team[%q].key.main", name) {
			t.Errorf("%+v %+v", p.Refusals, c)
		}
	}
	// The root renames the module, the module its key: one after the other.
	both := strings.ReplaceAll(twoTeams, "module \"team\"", "module \"crew\"") + moved("module.team", "module.crew")
	both = strings.NewReplacer("module.team[\"a\"].id", "module.crew[\"a\"].id", "in module.team", "in module.crew").Replace(both)
	p = w.plan(withModule(t, both, changed))
	if c := changeOf(t, p, `module.crew["a"].key.first`); !c.OnlyMoves() || c.MovedFrom.String() != `module.team["a"].key.main` {
		t.Errorf("%+v %s", p.Refusals, lines(p))
	}
}

// A moved block that would put two objects at one address is not followed, and the guard of the one that is left holds.
func TestNoTwoObjectsMoveToOneAddress(t *testing.T) {
	w := newWorld(t)
	w.applyAll(withTeam(t, "key \"old\" {}\nkey \"new\" {}\n"))
	p := w.plan(withTeam(t, "key \"new\" {}\n"+moved("key.old", "key.new")))
	if !warns(p, "another object of the state has that address") || len(refusals(p, plan.GuardKeyVanished)) != 1 || p.Refusals[0].Addr.String() != "key.old" {
		t.Errorf("%+v %+v", p.Warnings, p.Refusals)
	}
	p = w.plan(withTeam(t, "key \"third\" {}\n"+moved("key.old", "key.third")+moved("key.new", "key.third")))
	if !warns(p, "another object of the state has that address") || len(refusals(p, plan.GuardKeyVanished)) != 1 {
		t.Errorf("%+v %+v", p.Warnings, p.Refusals)
	}
}

func mustParse(t *testing.T, text string) addr.Address {
	t.Helper()
	a, err := addr.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

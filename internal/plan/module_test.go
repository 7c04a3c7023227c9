package plan_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/plan"
)

// team is a module with a key and its alias.
const team = `
variable "team" {}
variable "note" {
  default = "none"
  validation {
    condition     = var.note != "Disabled"
    error_message = "The note is not that."
  }
}
key "main" {
  description = "of ${var.team}"
}
alias "main" {
  name = "alias/${var.team}"
  key  = key.main.id
}
output "id" {
  value = key.main.id
}
output "state" {
  value = key.main.state
}
`

// withTeam loads a root module beside the module team.
func withTeam(t testing.TB, src string) *hcl.Config { return withModule(t, src, team) }

func withModule(t testing.TB, src, team string) *hcl.Config {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"main.kms.hcl": gateway + src, "team/main.kms.hcl": team} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cfg, diags := hcl.Load(hcl.Inputs{Dir: dir})
	fatalErrors(t, diags)
	return cfg
}

// applyAll plans a configuration and carries the plan out, which must not be refused.
func (w *world) applyAll(cfg *hcl.Config) *plan.Plan {
	w.t.Helper()
	p := w.plan(cfg)
	if p.Refused() {
		w.t.Fatalf("refused: %+v", p.Refusals)
	}
	w.carryOut(cfg, p)
	return p
}

const twoTeams = `
module "team" {
  source   = "./team"
  for_each = toset(["a", "b"])
  team     = each.key
}
alias "first" {
  name = "alias/first"
  key  = module.team["a"].id
}
output "ids" {
  value = { for name, m in module.team : name => m.id }
}
`

func TestModulesArePlanned(t *testing.T) {
	w := newWorld(t)
	p := w.applyAll(withTeam(t, twoTeams))
	for _, a := range []string{`module.team["a"].key.main`, `module.team["b"].alias.main`, "alias.first"} {
		if c := changeOf(t, p, a); c.Action != plan.Create {
			t.Errorf("%s: %c", a, c.Action)
		}
	}
	if ids, ok := w.state.Outputs["ids"].(map[string]any); !ok || ids["a"] != w.key(`module.team["a"].key.main`).ID {
		t.Error(w.state.Outputs)
	}
	if tag := w.key(`module.team["a"].key.main`).Tags[plan.TagAddress]; tag != "module.team=5B=22a=22=5D.key.main" {
		t.Error(tag)
	}
	if p := w.plan(withTeam(t, twoTeams)); !p.Empty() {
		t.Error(lines(p))
	}
}

// An instance that is taken out, and a module that is, are guarded as their objects are.
func TestAModuleThatVanishesIsGuarded(t *testing.T) {
	w := newWorld(t)
	w.applyAll(withTeam(t, twoTeams))
	for _, src := range []string{"", strings.ReplaceAll(twoTeams, `"a", "b"`, `"a"`)} {
		p := w.plan(withTeam(t, src))
		found := refusals(p, plan.GuardKeyVanished)
		if len(found) == 0 || found[len(found)-1].Addr.String() != `module.team["b"].key.main` {
			t.Errorf("%+v", found)
		}
	}
	forget := "removed {\n  from   = module.team[\"%s\"].key.main\n  action = \"forget\"\n}\n"
	p := w.plan(withTeam(t, strings.ReplaceAll(forget, "%s", "a")+strings.ReplaceAll(forget, "%s", "b")))
	if p.Refused() || changeOf(t, p, `module.team["b"].key.main`).Action != plan.Forget || changeOf(t, p, `module.team["b"].alias.main`).Action != plan.Delete {
		t.Errorf("%s %+v", lines(p), p.Refusals)
	}
}

func TestATargetMayBeAModule(t *testing.T) {
	w := newWorld(t)
	for target, want := range map[string][]string{
		"module.team":               {`module.team["a"].key.main`, `module.team["b"].key.main`, `module.team["a"].alias.main`, `module.team["b"].alias.main`},
		`module.team["b"]`:          {`module.team["b"].key.main`, `module.team["b"].alias.main`},
		`module.team["a"].key.main`: {`module.team["a"].key.main`},
		"alias.first":               {`module.team["a"].key.main`, "alias.first"},
	} {
		in := w.input(withTeam(t, twoTeams))
		a, err := addr.ParseTarget(target)
		if err != nil {
			t.Fatal(err)
		}
		in.Scope.Targets = []addr.Address{a}
		p, diags := plan.Calculate(in)
		fatalErrors(t, diags)
		var got []string
		for _, c := range p.Changes {
			got = append(got, c.Addr.String())
		}
		if strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("-target %s takes %v", target, got)
		}
	}
	in := w.input(withTeam(t, twoTeams))
	in.Scope.Targets = []addr.Address{{Module: "module.tem"}}
	if _, diags := plan.Calculate(in); !strings.Contains(diags.Error(), "has module.tem") {
		t.Error(diags)
	}
}

// What a module is given may be known only when what it depends on was read: its conditions hold then.
func TestWhatAModuleIsGivenIsCheckedWhenItIsKnown(t *testing.T) {
	src := strings.Replace(twoTeams, "team     = each.key", "team     = each.key\n  note     = key.k.state", 1) + "key \"k\" {}\n"
	w := newWorld(t)
	w.applyAll(withTeam(t, src)) // unknown before the key is there
	if p := w.plan(withTeam(t, src)); !p.Empty() {
		t.Error(lines(p))
	}
	w.setState(w.key("key.k"), plan.StateDisabled)
	_, diags := plan.Calculate(w.input(withTeam(t, src)))
	if !strings.Contains(diags.Error(), "The note is not that.") {
		t.Error(diags)
	}
}

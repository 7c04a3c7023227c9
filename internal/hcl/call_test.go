package hcl

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	hclv2 "github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/kind"
)

// teamModule is a module with a key, its alias and what it gives back.
const teamModule = `
variable "team" {
  type = string
}
variable "names" {
  type    = set(string)
  default = ["main"]
}
locals {
  prefix = "${var.team}-x"
}
key "k" {
  for_each    = var.names
  description = "${local.prefix} ${each.key}"
}
alias "a" {
  for_each = key.k
  name     = "alias/${local.prefix}/${each.key}"
  key      = each.value.id
}
output "ids" {
  value = { for name, k in key.k : name => k.id }
}
output "team" {
  value = var.team
}
`

// calling loads a root module beside modules/team.
func calling(t *testing.T, main string, more ...string) (*Config, hclv2.Diagnostics) {
	t.Helper()
	files := map[string]string{"main.kms.hcl": dev + main, "modules/team/main.kms.hcl": teamModule}
	for i := 0; i < len(more); i += 2 {
		files[more[i]] = more[i+1]
	}
	return inModule(t, files, Inputs{})
}

func called(t *testing.T, main string, more ...string) *Config {
	t.Helper()
	c, diags := calling(t, main, more...)
	if diags.HasErrors() {
		t.Fatal(shown(diags))
	}
	return c
}

func instancesOf(c *Config) string {
	var all []string
	for _, b := range c.Blocks {
		for _, a := range b.Instances {
			all = append(all, a.String())
		}
	}
	return strings.Join(all, " ")
}

func textOf(t *testing.T, c *Config, a, attr string, objects Objects) string {
	t.Helper()
	body, diags := c.Body(parseAddr(t, a), objects)
	if diags.HasErrors() {
		t.Fatal(shown(diags))
	}
	return text(body, attr)
}

// keyNamed is a key of which nothing is known but its id.
func keyNamed(id string) cty.Value {
	values := map[string]cty.Value{}
	for name, typ := range kind.Lookup("key", false).ObjectType().AttributeTypes() {
		values[name] = cty.UnknownVal(typ)
	}
	values["id"] = cty.StringVal(id)
	return cty.ObjectVal(values)
}

func TestAModuleIsCalled(t *testing.T) {
	c := called(t, `
module "billing" {
  source = "./modules/team"
  team   = "billing"
}
alias "extra" {
  name = "alias/extra-${module.billing.team}"
  key  = module.billing.ids["main"]
}
output "ids" {
  value = module.billing.ids
}
`)
	if got, want := instancesOf(c), `module.billing.key.k["main"] alias.extra module.billing.alias.a["main"]`; got != want {
		t.Errorf("instances %s, want %s", got, want)
	}
	objects := NewObjectMap()
	if got := textOf(t, c, `module.billing.alias.a["main"]`, "name", objects); got != "alias/billing-x/main" {
		t.Error(got)
	}
	if got := textOf(t, c, `alias.extra`, "name", objects); got != "alias/extra-billing" {
		t.Error(got)
	}
	objects.Set(parseAddr(t, `module.billing.key.k["main"]`), keyNamed("key-1"))
	for _, a := range []string{"alias.extra", `module.billing.alias.a["main"]`} {
		if got := textOf(t, c, a, "key", objects); got != "key-1" {
			t.Errorf("%s points to %q", a, got)
		}
		if got := fmt.Sprint(c.DependsOn(parseAddr(t, a))); got != `[module.billing.key.k["main"]]` {
			t.Errorf("%s depends on %s", a, got)
		}
	}
	if v, diags := c.OutputValue("ids", objects); diags.HasErrors() || v.GetAttr("main").AsString() != "key-1" {
		t.Error(v, shown(diags))
	}
	if g := c.GatewayOf(parseAddr(t, `module.billing.key.k["main"]`)); g == nil || g.Name != "dev" {
		t.Error(g)
	}
	if !c.Protects(parseAddr(t, `module.billing.key.k["main"]`)) || len(c.Outputs) != 1 {
		t.Error("the root's outputs, or the protection of keys")
	}
}

func TestModulesRepeat(t *testing.T) {
	c := called(t, `
locals {
  teams = { a = ["one"], b = ["one", "two"] }
}
module "team" {
  source   = "./modules/team"
  for_each = local.teams
  team     = each.key
  names    = each.value
}
module "numbered" {
  source = "./modules/team"
  count  = 2
  team   = "n${count.index}"
}
alias "one" {
  name = "alias/one"
  key  = module.team["b"].ids["two"]
}
alias "each" {
  for_each = local.teams
  name     = "alias/each/${each.key}"
  key      = module.team[each.key].ids["one"]
}
alias "number" {
  name = "alias/number"
  key  = module.numbered[1].ids["main"]
}
output "teams" {
  value = [for m in module.team : m.team]
}
output "numbers" {
  value = module.numbered[*].team
}
`)
	want := `module.team["a"].key.k["one"] module.team["b"].key.k["one"] module.team["b"].key.k["two"] module.numbered[0].key.k["main"] module.numbered[1].key.k["main"]`
	got := instancesOf(c)
	for _, a := range strings.Fields(want) {
		if !strings.Contains(got, a) {
			t.Errorf("%s is not in %s", a, got)
		}
	}
	for a, want := range map[string]string{
		"alias.one":                          `[module.team["b"].key.k["two"]]`,
		`alias.each["a"]`:                    `[module.team["a"].key.k["one"]]`,
		`alias.each["b"]`:                    `[module.team["b"].key.k["one"] module.team["b"].key.k["two"]]`,
		"alias.number":                       `[module.numbered[1].key.k["main"]]`,
		`module.team["b"].alias.a["one"]`:    `[module.team["b"].key.k["one"]]`,
		`module.numbered[0].alias.a["main"]`: `[module.numbered[0].key.k["main"]]`,
		`module.team["a"].key.k["one"]`:      `[]`,
	} {
		if a == "alias.one" {
			want = `[module.team["b"].key.k["one"] module.team["b"].key.k["two"]]` // the output as a whole
		}
		if got := fmt.Sprint(c.DependsOn(parseAddr(t, a))); got != want {
			t.Errorf("%s depends on %s, want %s", a, got, want)
		}
	}
	for name, want := range map[string]string{"teams": `["a","b"]`, "numbers": `["n0","n1"]`} {
		v, diags := c.OutputValue(name, NewObjectMap())
		var parts []string
		for _, e := range v.AsValueSlice() {
			parts = append(parts, fmt.Sprintf("%q", e.AsString()))
		}
		if got := "[" + strings.Join(parts, ",") + "]"; got != want || diags.HasErrors() {
			t.Errorf("%s is %s: %s", name, got, shown(diags))
		}
	}
}

// Modules call modules, variables hand on what is known after apply only, and depends_on orders whole modules.
func TestModulesInModules(t *testing.T) {
	c := called(t, `
key "root" {}
module "outer" {
  source = "./modules/outer"
  key_id = key.root.id
  teams  = toset(["x", "y"])
}
module "after" {
  source     = "./modules/team"
  team       = "after"
  depends_on = [module.outer]
}
`, "modules/outer/main.kms.hcl", `
variable "key_id" {}
variable "teams" {}
module "inner" {
  source   = "../team"
  for_each = var.teams
  team     = each.key
}
alias "given" {
  name = "alias/given"
  key  = var.key_id
}
output "all" {
  value = { for name, m in module.inner : name => m.ids["main"] }
}
`)
	for a, want := range map[string]string{
		"module.outer.alias.given":                       "[key.root]",
		`module.outer.module.inner["x"].alias.a["main"]`: `[module.outer.module.inner["x"].key.k["main"]]`,
		`module.after.key.k["main"]`: `[module.outer.alias.given module.outer.module.inner["x"].alias.a["main"] module.outer.module.inner["x"].key.k["main"]` +
			` module.outer.module.inner["y"].alias.a["main"] module.outer.module.inner["y"].key.k["main"]]`,
	} {
		if got := fmt.Sprint(c.DependsOn(parseAddr(t, a))); got != want {
			t.Errorf("%s depends on %s, want %s", a, got, want)
		}
	}
	objects := NewObjectMap()
	objects.Set(addr.Resource("key", "root"), keyNamed("key-0"))
	if got := textOf(t, c, "module.outer.alias.given", "key", objects); got != "key-0" {
		t.Error(got)
	}
	objects.Set(addr.Resource("key", "root"), keyNamed("key-9"))
	if got := textOf(t, c, "module.outer.alias.given", "key", objects); got != "key-9" {
		t.Error("an old value was kept:", got)
	}
	place := map[string]int{}
	for i, b := range c.Blocks {
		place[b.Addr.String()] = i
	}
	if place["key.root"] > place["module.outer.alias.given"] || place["module.outer.alias.given"] > place["module.after.key.k"] {
		t.Error(instancesOf(c))
	}
}

// How many instances there are may come from anything that is known before apply: variables of the caller,
// outputs of other modules, the instances of blocks.
func TestWhatAModuleMayRepeatOver(t *testing.T) {
	c := called(t, `
key "k" {
  for_each = toset(["p", "q"])
}
module "over_output" {
  source   = "./modules/team"
  for_each = toset(module.names.all)
  team     = each.key
}
module "over_block" {
  source   = "./modules/holder"
  for_each = key.k
  id       = each.value.id
  name     = each.key
}
module "names" {
  source = "./modules/names"
}
`, "modules/names/main.kms.hcl", `output "all" {
  value = ["m", "n"]
}`, "modules/holder/main.kms.hcl", `variable "id" {}
variable "name" {}
alias "a" {
  name = "alias/${var.name}"
  key  = var.id
}`)
	if got, want := instancesOf(c), `key.k["p"] key.k["q"] module.over_output["m"].key.k["main"] module.over_output["m"].alias.a["main"]`+
		` module.over_output["n"].key.k["main"] module.over_output["n"].alias.a["main"] module.over_block["p"].alias.a module.over_block["q"].alias.a`; got != want {
		t.Errorf("instances %s", got)
	}
	if got := fmt.Sprint(c.DependsOn(parseAddr(t, `module.over_block["q"].alias.a`))); got != `[key.k["q"]]` {
		t.Error(got)
	}
	objects := NewObjectMap()
	objects.Set(parseAddr(t, `key.k["p"]`), keyNamed("key-p"))
	objects.Set(parseAddr(t, `key.k["q"]`), keyNamed("key-q"))
	if got := textOf(t, c, `module.over_block["q"].alias.a`, "key", objects); got != "key-q" {
		t.Error(got)
	}
}

func TestPathsOfModules(t *testing.T) {
	c := called(t, `
module "reader" {
  source = "./modules/reader"
}
module "shared" {
  source = "../`+"shared"+`"
}
`, "modules/reader/main.kms.hcl", `
key "k" {
  description = "${path.module} ${path.root} ${file("${path.module}/a.txt")} ${join(",", fileset(path.module, "*.txt"))}"
}
`, "modules/reader/a.txt", "text", "../shared/main.kms.hcl", `
key "k" {
  description = "${path.module} ${file("${path.module}/b.txt")}"
}
`, "../shared/b.txt", "more")
	if got := textOf(t, c, "module.reader.key.k", "description", nil); got != "modules/reader . text a.txt" {
		t.Error(got)
	}
	if got := textOf(t, c, "module.shared.key.k", "description", nil); got != "../shared more" {
		t.Error(got)
	}
	for _, name := range []string{"modules/reader/main.kms.hcl", "../shared/main.kms.hcl"} {
		if c.Files[name] == nil || !strings.Contains(fmt.Sprint(c.Sources()), name) {
			t.Errorf("a saved plan is not bound to %s", name)
		}
	}
}

func TestAModuleBehindALink(t *testing.T) {
	dir, elsewhere := t.TempDir(), t.TempDir()
	writeFile(t, filepath.Join(dir, "main.kms.hcl"), dev+"module \"m\" {\n  source = \"./link\"\n}\n")
	writeFile(t, filepath.Join(elsewhere, "main.kms.hcl"), "key \"k\" {\n  description = file(\"${path.module}/a.txt\")\n}\n")
	writeFile(t, filepath.Join(elsewhere, "a.txt"), "linked")
	if err := os.Symlink(elsewhere, filepath.Join(dir, "link")); err != nil {
		t.Skip(err)
	}
	c, diags := Load(Inputs{Dir: dir})
	if diags.HasErrors() {
		t.Fatal(shown(diags))
	}
	if got := textOf(t, c, "module.m.key.k", "description", nil); got != "linked" {
		t.Error(got)
	}
}

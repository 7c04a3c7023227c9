package hcl

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/zclconf/go-cty/cty"
)

const twoGateways = `
gateway "near" {
  region = "cn-hangzhou"
  public {}
  instance {
    id = "kst-hzz65f176a0ogplgq0001"
  }
}
gateway "far" {
  region = "cn-beijing"
  public {}
}
`

// A module has the gateways of its caller, or those that are passed to it under the names it has for them.
func TestGatewaysArePassed(t *testing.T) {
	c, diags := inModule(t, map[string]string{"main.kms.hcl": twoGateways + `
module "inherits" {
  source = "./m"
}
module "passed" {
  source   = "./m"
  gateways = { main = gateway.far, far = gateway.near }
}
module "deeper" {
  source   = "./deeper"
  gateways = { only = gateway.far }
}
`, "m/main.kms.hcl": `
key "default" {}
key "far" {
  gateway     = gateway.far
  description = "${gateway.far.name} in ${gateway.far.region}"
}
`, "deeper/main.kms.hcl": `
module "m" {
  source   = "../m"
  gateways = { far = gateway.only }
}
module "same" {
  source = "./same"
}
`, "deeper/same/main.kms.hcl": `
key "default" {}
`}, Inputs{})
	if diags.HasErrors() {
		t.Fatal(shown(diags))
	}
	for a, want := range map[string]string{
		"module.inherits.key.default": "near", "module.inherits.key.far": "far",
		"module.passed.key.default": "far", "module.passed.key.far": "near",
		"module.deeper.module.m.key.default": "far", "module.deeper.module.m.key.far": "far",
		"module.deeper.module.same.key.default": "far",
	} {
		if g := c.GatewayOf(parseAddr(t, a)); g == nil || g.Name != want {
			t.Errorf("%s is on %+v, want %s", a, g, want)
		}
	}
	if got := textOf(t, c, "module.passed.key.far", "description", nil); got != "near in cn-hangzhou" {
		t.Error(got)
	}
}

// Secrets go through modules to write-only arguments, and nowhere else.
func TestSecretsGoThroughModules(t *testing.T) {
	c, diags := inModule(t, map[string]string{"main.kms.hcl": dev + `
variable "password" {
  sensitive = true
  ephemeral = true
}
module "m" {
  source   = "./m"
  password = var.password
}
secret "again" {
  name  = "again"
  value = module.m.handed
}
`, "m/main.kms.hcl": `
variable "password" {
  type      = string
  ephemeral = true
}
locals {
  whole = "pw=${var.password}"
}
secret "s" {
  name  = "s"
  value = local.whole
}
output "handed" {
  value     = local.whole
  ephemeral = true
}
`}, Inputs{Vars: []Assignment{{Name: "password", Value: "hunter2"}}})
	if diags.HasErrors() {
		t.Fatal(shown(diags))
	}
	for _, a := range []string{"secret.again", "module.m.secret.s"} {
		body, diags := c.Body(parseAddr(t, a), nil)
		v, marks := body.Attrs["value"].Unmark()
		if diags.HasErrors() || v.AsString() != "pw=hunter2" || !secret(marks) {
			t.Error(a, v, marks)
		}
	}
}

// The values of a module's variables are converted, completed and defaulted as those of the root's are.
func TestVariablesOfModulesConform(t *testing.T) {
	c, diags := inModule(t, map[string]string{"main.kms.hcl": dev + `
key "k" {}
module "m" {
  source = "./m"
  n      = "7"
  o      = { a = "x" }
  null   = null
  later  = [key.k.id]
}
output "all" {
  value = module.m.all
}
`, "m/main.kms.hcl": `
variable "n" {
  type = number
}
variable "o" {
  type = object({ a = string, b = optional(string, "dflt") })
}
variable "null" {
  type     = string
  default  = "was null"
  nullable = false
}
variable "left" {
  type    = list(string)
  default = ["left out"]
}
variable "later" {
  type = set(string)
}
output "all" {
  value = [var.n + 1, var.o.b, var.null, var.left[0], length(var.later)]
}
`}, Inputs{})
	if diags.HasErrors() {
		t.Fatal(shown(diags))
	}
	objects := NewObjectMap()
	objects.Set(parseAddr(t, "key.k"), keyNamed("key-1"))
	v, diags := c.OutputValue("all", objects)
	want := cty.TupleVal([]cty.Value{cty.NumberIntVal(8), cty.StringVal("dflt"), cty.StringVal("was null"), cty.StringVal("left out"), cty.NumberIntVal(1)})
	if diags.HasErrors() || !v.RawEquals(want) {
		t.Errorf("%#v\n%s", v, shown(diags))
	}
}

// Modules are called in JSON as in the native syntax.
func TestModulesInJSON(t *testing.T) {
	c, diags := inModule(t, map[string]string{"main.kms.json": `{
  "gateway": {"dev": {"emulator": {}}, "far": {"region": "cn-beijing", "public": {}}},
  "module": {"team": {
    "//": "a comment",
    "source": "./m", "for_each": "${toset([\"a\"])}", "team": "${each.key}",
    "gateways": {"main": "gateway.far"}, "depends_on": ["key.first"]
  }},
  "key": {"first": {}},
  "alias": {"a": {"name": "alias/a", "key": "${module.team[\"a\"].id}"}},
  "moved": {"from": "module.crew[\"a\"]", "to": "module.team[\"a\"]"}
}`, "m/main.kms.json": `{"variable": {"team": {}}, "key": {"k": {"description": "${var.team}"}}, "output": {"id": {"value": "${key.k.id}"}}}`}, Inputs{})
	if diags.HasErrors() && !strings.Contains(shown(diags), "lives in gateway.far") {
		t.Fatal(shown(diags))
	}
	if got := textOf(t, c, `module.team["a"].key.k`, "description", nil); got != "a" {
		t.Error(got)
	}
	if got := fmt.Sprint(c.DependsOn(parseAddr(t, `module.team["a"].key.k`)), c.DependsOn(parseAddr(t, "alias.a"))); got != `[key.first] [module.team["a"].key.k]` {
		t.Error(got)
	}
	if g := c.GatewayOf(parseAddr(t, `module.team["a"].key.k`)); g.Name != "far" {
		t.Error(g.Name)
	}
	if len(c.Moved) != 1 || c.Moved[0].To.String() != `module.team["a"]` {
		t.Errorf("%+v", c.Moved)
	}
}

// validate needs no values: what waits for a variable is no mistake.
func TestModulesWaitForVariables(t *testing.T) {
	_, diags := inModule(t, map[string]string{"main.kms.hcl": dev + `
variable "teams" {
  type = set(string)
}
variable "name" {}
module "team" {
  source   = "./m"
  for_each = var.teams
  team     = each.key
}
module "one" {
  source = "./m"
  team   = var.name
}
module "inner" {
  source = "./inner"
  teams  = var.teams
}
alias "a" {
  for_each = var.teams
  name     = "alias/${each.key}"
  key      = module.team[each.key].id
}
moved {
  from = key.old
  to   = module.team["a"].key.k
}
import {
  to = module.team["a"].key.k
  id = "key-1"
}
`, "m/main.kms.hcl": `
variable "team" {
  validation {
    condition     = length(var.team) > 3
    error_message = "Too short."
  }
}
key "k" {
  description = var.team
}
output "id" {
  value = key.k.id
}
`, "inner/main.kms.hcl": `
variable "teams" {}
module "team" {
  source   = "../m"
  for_each = var.teams
  team     = each.key
}
`}, Inputs{AllowMissing: true})
	if len(diags) > 0 {
		t.Error(shown(diags))
	}
}

// A configuration with modules is read by many at once.
func TestModulesAreReadConcurrently(t *testing.T) {
	c := called(t, strings.ReplaceAll(twoTeams, "team     = each.key", "team     = key.k.arn")+"key \"k\" {}\noutput \"ids\" { value = [for m in module.team : m.ids] }\n")
	objects := NewObjectMap()
	var wait sync.WaitGroup
	for i := range 8 {
		wait.Go(func() {
			objects.Set(parseAddr(t, "key.k"), keyNamed(fmt.Sprint("key-", i)))
			for _, b := range c.Blocks {
				for _, a := range b.Instances {
					_, _ = c.Body(a, objects)
					c.DependsOn(a)
				}
			}
			_, _ = c.OutputValue("ids", objects)
			_ = c.CheckInputs(objects)
		})
	}
	wait.Wait()
}

// Modules that call modules multiply: there is a bound.
func TestModulesAreBounded(t *testing.T) {
	files := map[string]string{"main.kms.hcl": dev + "module \"m\" {\n  source = \"./m0\"\n  count = 50\n}\n"}
	for i := range 5 {
		files[fmt.Sprintf("m%d/main.kms.hcl", i)] = fmt.Sprintf("module \"m\" {\n  source = \"../m%d\"\n  count = 50\n}\n", i+1)
	}
	files["m5/main.kms.hcl"] = "locals {}\n"
	if _, diags := inModule(t, files, Inputs{}); !strings.Contains(shown(diags), "more than 10000 instances together") {
		t.Errorf("%.1000s", shown(diags))
	}
}

package hcl

import (
	"fmt"
	"strings"
	"testing"
)

func TestWhatIsWrongWithACall(t *testing.T) {
	const whole = "module \"m\" {\n  source = \"./modules/team\"\n  team   = \"t\"\n%s\n}\n"
	with := func(args string) string { return fmt.Sprintf(whole, args) }
	for name, c := range map[string]struct{ main, want string }{
		"no source":          {"module \"m\" {}", "A module block needs a source"},
		"source not written": {"variable \"s\" { default = \"./modules/team\" }\nmodule \"m\" {\n  source = var.s\n}", "Write it out"},
		"no directory":       {"module \"m\" {\n  source = \"./modules/nope\"\n}", "The module's directory modules/nope cannot be read"},
		"a file":             {"module \"m\" {\n  source = \"./main.kms.hcl\"\n}", "main.kms.hcl is no directory"},
		"empty":              {"module \"m\" {\n  source = \"./modules\"\n}", "There are no *.kms.hcl files in modules"},
		"registry":           {"module \"m\" {\n  source = \"hashicorp/consul/aws\"\n}", "kmsplan downloads no modules"},
		"git":                {"module \"m\" {\n  source = \"git::https://example.com/m.git\"\n}", "a git submodule"},
		"https":              {"module \"m\" {\n  source = \"https://example.com/m.zip\"\n}", "kmsplan downloads no modules"},
		"github":             {"module \"m\" {\n  source = \"github.com/a/b\"\n}", "kmsplan downloads no modules"},
		"bare name":          {"module \"m\" {\n  source = \"modules\"\n}", "begins with ./ or ../"},
		"absolute":           {"module \"m\" {\n  source = \"/srv/m\"\n}", "a path of this machine"},
		"windows":            {"module \"m\" {\n  source = \"C:/m\"\n}", "a path of this machine"},
		"version":            {with(`  version = "1.0"`), "which has no version"},
		"providers":          {with(`  providers = {}`), "kmsplan has no providers"},
		"a nested block":     {with("  lifecycle {\n  }"), "Unexpected \"lifecycle\" block"},
		"twice":              {with("") + with(""), "There is already a module named \"m\""},
		"missing argument":   {"module \"m\" {\n  source = \"./modules/team\"\n}", "team = …"},
		"unknown argument":   {with("  teem = 1"), `has no variable "teem". Did you mean "team"?`},
		"wrong type":         {with(`  names = [{}]`), `its variable "names" does not fit the type`},
		"both":               {with("  count = 1\n  for_each = {}"), "not by both"},
		"count":              {with("  count = -1"), "a whole number from 0"},
		"for_each list":      {with(`  for_each = ["a"]`), "toset"},
		"for_each secret":    {"variable \"s\" {\n  sensitive = true\n  default = []\n}\n" + with("  for_each = toset(var.s)"), "cannot be sensitive"},
		"for_each unknown":   {"key \"k\" {}\n" + with("  for_each = toset([key.k.id])"), "null or not known yet"},
		"for_each itself":    {"module \"m\" {\n  source = \"./modules/team\"\n  team = \"t\"\n  for_each = module.m[\"a\"].ids\n}", "depends on itself"},
		"each elsewhere":     {"module \"m\" {\n  source = \"./modules/team\"\n  team = each.key\n}", "each is known only"},
		"unknown module":     {"output \"o\" { value = module.n.x }\n" + with(""), `There is no module "n".`},
		"unknown output":     {"output \"o\" { value = module.m.idds }\n" + with(""), `has no output "idds". Did you mean "ids"?`},
		"no instance":        {"output \"o\" { value = module.m[0].ids }\n" + with(""), "neither for_each nor count"},
		"missing instance":   {"output \"o\" { value = module.m.ids }\n" + with("  for_each = toset([\"a\"])"), `Name one, such as module.m["eu"].ids`},
		"wrong instance":     {"output \"o\" { value = module.m[\"b\"].ids }\n" + with("  for_each = toset([\"aa\"])"), `module.m has no instance ["b"]`},
		"in a gateway":       {"gateway \"g\" {\n  region = module.m.team\n  public {}\n}\n" + with(""), "A gateway may not refer to module.m"},
		"a cycle":            {"module \"m\" {\n  source = \"./modules/team\"\n  team   = module.m.team\n}", "module.m.var.team → module.m.output.team → module.m.var.team"},
		"depends_on":         {with("  depends_on = [module.m.ids]"), "names a module as a whole"},
		"depends_on itself":  {with("  depends_on = [module.m]"), "Cycle"},
		"depends_on nothing": {with("  depends_on = [module.n]"), `There is no module "n"`},
		"gateways":           {with("  gateways = { main = gateway.far }"), `There is no gateway "far"`},
		"gateways no map":    {with("  gateways = gateway.dev"), "gateways = { main = gateway.hangzhou }"},
		"no gateways":        {with("  gateways = {}"), "A module needs a gateway"},
		"a label":            {"module \"1x\" {\n  source = \"./modules/team\"\n}", "cannot be a block's name"},
	} {
		t.Run(name, func(t *testing.T) {
			_, diags := calling(t, c.main)
			if !diags.HasErrors() || !strings.Contains(shown(diags), c.want) {
				t.Errorf("%q is not in\n%s", c.want, shown(diags))
			}
		})
	}
}

func TestWhatIsWrongInAModule(t *testing.T) {
	const call = "module \"m\" {\n  source = \"./m\"\n}\n"
	for name, c := range map[string]struct{ main, module, want string }{
		"settings":           {call, "kmsplan {}", "A module that is called has no kmsplan block"},
		"a gateway":          {call, "gateway \"g\" {\n  emulator {}\n}", "passes its gateways"},
		"an import":          {call, "key \"k\" {}\nimport {\n  to = key.k\n  id = \"key-1\"\n}", "to = module.NAME.key.NAME"},
		"syntax":             {call, "key \"k\" {", "m/main.kms.hcl:1"},
		"a name":             {call, "output \"o\" { value = key.k.id }", "There is no key.k."},
		"a name of the root": {call + "key \"k\" {}\n", "output \"o\" { value = key.k.id }", "There is no key.k."},
		"a gateway's name":   {call, "key \"k\" {\n  gateway = gateway.far\n}", `Pass it to the module: gateways = { far = gateway.NAME }`},
		"a passed gateway":   {"module \"m\" {\n  source = \"./m\"\n  gateways = { main = gateway.dev }\n}\n", "key \"k\" {\n  gateway = gateway.dev\n}", `There is no gateway "dev"`},
		"null":               {"module \"m\" {\n  source = \"./m\"\n  v = null\n}\n", "variable \"v\" { nullable = false }", "is null, and nullable = false forbids that"},
		"a condition": {"module \"m\" {\n  source = \"./m\"\n  v = 1\n}\n",
			"variable \"v\" {\n  validation {\n    condition = var.v > 1\n    error_message = \"Too small.\"\n  }\n}", "Too small. The value comes from the call at main.kms.hcl:6"},
		"ephemeral in": {"variable \"e\" {\n  ephemeral = true\n  default = 1\n}\nmodule \"m\" {\n  source = \"./m\"\n  v = var.e\n}\n", "variable \"v\" {}", "Declare the variable with ephemeral = true"},
		"ephemeral out": {"variable \"e\" {\n  ephemeral = true\n  default = 1\n}\nmodule \"m\" {\n  source = \"./m\"\n  v = var.e\n}\n",
			"variable \"v\" {\n  ephemeral = true\n}\noutput \"o\" { value = var.v }", "Add ephemeral = true, and the calling module"},
		"ephemeral at the root": {"output \"o\" {\n  value = 1\n  ephemeral = true\n}\n" + call, "locals {}", "outputs of the root module are stored"},
		"sensitive out":         {call + "output \"o\" { value = module.m.o }\n", "output \"o\" {\n  value = \"hunter2\"\n  sensitive = true\n}", "Add sensitive = true, and its value is passed on"},
		"sensitive in a plan": {"variable \"s\" {\n  sensitive = true\n  default = \"hunter2\"\n}\nmodule \"m\" {\n  source = \"./m\"\n  v = var.s\n}\n",
			"variable \"v\" {}\nkey \"k\" { description = var.v }", "cannot hold a sensitive or ephemeral value"},
		"no instance":    {"module \"m\" {\n  source = \"./m\"\n  count = 0\n}\n", "key \"k\" { description = local.nope }", `There is no local value "nope"`},
		"itself":         {call, "module \"again\" {\n  source = \"../m\"\n}", "m → module.again (m)"},
		"the root":       {call, "module \"up\" {\n  source = \"..\"\n}", "the root module → module.m (m) → module.up (.)"},
		"a missing var":  {call, "variable \"v\" {}", "has a variable \"v\" without a default (m/main.kms.hcl:1)"},
		"another's file": {call, "key \"k\" { description = file(\"x.txt\") }", `names its own files "${path.module}/…"`},
		"outside":        {call, "key \"k\" { description = file(\"${path.module}/../../x.txt\") }", "leads out of the module"},
		"declared twice": {call, "key \"k\" {}\nkey \"k\" {}", "There is already a key block named \"k\", at m/main.kms.hcl:1"},
	} {
		t.Run(name, func(t *testing.T) {
			_, diags := calling(t, c.main, "m/main.kms.hcl", c.module)
			if !diags.HasErrors() || !strings.Contains(shown(diags), c.want) && !strings.Contains(fmt.Sprint(diags), c.want) {
				t.Errorf("%q is not in\n%s", c.want, shown(diags))
			}
			if strings.Contains(shown(diags), "hunter2") {
				t.Errorf("a secret is shown: %s", shown(diags))
			}
		})
	}
}

// What is wrong in a module's files is said once, however many instances it has.
func TestAMistakeOfAModuleIsSaidOnce(t *testing.T) {
	_, diags := calling(t, "module \"m\" {\n  source = \"./m\"\n  for_each = toset(split(\",\", \"a,b,c,d\"))\n}\n", "m/main.kms.hcl", `
key "k" {
  spec        = "nonsense"
  description = local.nope
  nope        = 1
}
`)
	for _, what := range []string{`There is no local value "nope"`, `An argument named "nope"`} {
		if n := strings.Count(shown(diags), what); n != 1 {
			t.Errorf("%q is said %d times:\n%s", what, n, shown(diags))
		}
	}
	if n := strings.Count(shown(diags), "nonsense"); n != 1 {
		t.Errorf("the spec is named %d times:\n%s", n, shown(diags))
	}
}

// Two instances of one module claim one name: both are named.
func TestRulesHoldBetweenModules(t *testing.T) {
	_, diags := calling(t, `
module "a" {
  source = "./modules/team"
  team   = "same"
}
module "b" {
  source = "./modules/team"
  team   = "same"
}
`)
	if want := `module.a.alias.a["main"] and module.b.alias.a["main"] are both named "alias/same-x/main"`; !strings.Contains(shown(diags), want) {
		t.Errorf("%s is not in\n%s", want, shown(diags))
	}
}

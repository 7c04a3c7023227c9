package hcl

import (
	"strings"
	"testing"

	"github.com/zclconf/go-cty/cty"
)

// value of output "v" of a module.
func outputOf(t *testing.T, files map[string]string, in Inputs) cty.Value {
	t.Helper()
	c, diags := inModule(t, files, in)
	if diags.HasErrors() {
		t.Fatal(shown(diags))
	}
	v, diags := c.OutputValue("v", NewObjectMap())
	if diags.HasErrors() {
		t.Fatal(shown(diags))
	}
	return v
}

const sources = `
variable "x" {
  type    = string
  default = "default"
}
output "v" { value = var.x }
`

// Each row adds one source to those before it, and the added one wins.
func TestPrecedenceOfVariableValues(t *testing.T) {
	files := map[string]string{"main.kms.hcl": sources}
	in := Inputs{}
	steps := []struct {
		want string
		add  func()
	}{
		{"default", func() {}},
		{"env", func() { in.Env = append(in.Env, "KMSPLAN_VAR_x=env", "KMSPLAN_VAR_other=ignored", "OTHER") }},
		{"fixed", func() { files["kmsplan.kmsvars.hcl"] = `x = "fixed"` }},
		{"fixed-json", func() { files["kmsplan.kmsvars.json"] = `{"x": "fixed-json"}` }},
		{"auto-a", func() { files["a.auto.kmsvars.hcl"] = `x = "auto-a"` }},
		{"auto-b", func() { files["b.auto.kmsvars.json"] = `{"x": "auto-b"}` }},
		{"file", func() {
			files["prod.kmsvars.hcl"] = `x = "file"`
			in.Vars = append(in.Vars, Assignment{File: "prod.kmsvars.hcl"})
		}},
		{"var", func() { in.Vars = append(in.Vars, Assignment{Name: "x", Value: "var"}) }},
		{"file2", func() {
			files["late.json"] = `{"x": "file2"}`
			in.Vars = append(in.Vars, Assignment{File: "late.json"})
		}},
	}
	for _, step := range steps {
		step.add()
		if got := outputOf(t, files, in).AsString(); got != step.want {
			t.Errorf("got %q, want %q", got, step.want)
		}
	}
}

func TestVariableValuesAreConvertedToTheirType(t *testing.T) {
	for _, c := range []struct{ declared, given, want string }{
		{`type = string`, `[1]`, `[1]`},
		{`type = number`, `12`, `12`},
		{`type = bool`, `true`, `true`},
		{``, `{a = 1}`, `{a = 1}`}, // without a type the text is taken as it is
		{`type = list(string)`, `["a", "b"]`, `["a","b"]`},
		{`type = map(number)`, `{a = 1}`, `{"a":1}`},
		{`type = object({ name = string, days = optional(number, 90) })`, `{name = "q"}`, `{"days":90,"name":"q"}`},
		{`type = any`, `[1, "a"]`, `[1,"a"]`},
	} {
		src := "variable \"x\" {\n" + c.declared + "\n}\noutput \"v\" { value = try(tostring(var.x), jsonencode(var.x)) }"
		got := outputOf(t, map[string]string{"main.kms.hcl": src}, Inputs{Vars: []Assignment{{Name: "x", Value: c.given}}})
		if got.AsString() != c.want {
			t.Errorf("%s: %s became %s, want %s", c.declared, c.given, got.AsString(), c.want)
		}
	}
}

// Messages about values say where a value comes from and never what it is.
func TestBadVariableValuesAreExplainedWithoutShowingThem(t *testing.T) {
	declared := `
variable "n" {
  type      = number
  sensitive = true
  default   = 1
}
variable "list" {
  type    = list(string)
  default = []
}
variable "set" {
  type     = string
  nullable = false
}
variable "checked" {
  default   = "long enough"
  sensitive = true
  validation {
    condition     = length(var.checked) > 5
    error_message = "hm: ${var.checked}"
  }
}
`
	files := map[string]string{
		"main.kms.hcl":        declared,
		"kmsplan.kmsvars.hcl": "n = \"hunter2\"\nlits = [\"hunter2\"]\nset = null\nblock {}\n",
		"a.auto.kmsvars.hcl":  "list = [var.n]\n",
	}
	_, diags := inModule(t, files, Inputs{
		Vars: []Assignment{{Name: "sett", Value: "hunter2"}, {Name: "checked", Value: "hun"}, {File: "nope.hcl"}, {Name: "list", Value: "[hunter2"}},
	})
	golden(t, "testdata/variable-values.golden", shown(diags))
	if strings.Contains(shown(diags), "hunter2") || strings.Contains(shown(diags), "hm: ") {
		t.Error("a value is shown")
	}
}

func TestMissingVariablesAreAnErrorOnlyWhereValuesAreNeeded(t *testing.T) {
	files := map[string]string{"main.kms.hcl": `
variable "pw" {
  sensitive = true
}
gateway "dev" {
  emulator {}
}
secret "s" {
  name  = "s"
  value = var.pw
}
`}
	_, diags := inModule(t, files, Inputs{})
	missing := false
	for _, d := range diags {
		if m, ok := d.Extra.(MissingVariable); ok && m.Name == "pw" && m.Sensitive {
			missing = true
		}
	}
	if !missing {
		t.Error("no diagnostic names the missing variable")
	}
	if _, diags := inModule(t, files, Inputs{AllowMissing: true}); diags.HasErrors() {
		t.Error(shown(diags))
	}
}

func TestVariableFilesAreNotAmongTheFilesForSnippets(t *testing.T) {
	c, _ := inModule(t, map[string]string{"main.kms.hcl": `variable "x" {}`, "kmsplan.kmsvars.hcl": `x = "hunter2"`}, Inputs{})
	if len(c.Files) != 1 || c.Files["main.kms.hcl"] == nil {
		t.Errorf("files: %v", c.Files)
	}
}

// What repeats over a missing variable is neither expanded nor reported a second time.
func TestRepetitionOverAMissingVariable(t *testing.T) {
	files := map[string]string{"main.kms.hcl": dev + `
variable "teams" { type = set(string) }
variable "n" {}
locals { teams = var.teams }
key "each" { for_each = local.teams }
key "count" { count = var.n }
alias "each" {
  for_each = key.each
  name     = "alias/${each.key}"
  key      = each.value.id
}
output "ids" { value = [for k in key.each : k.id] }
`}
	if _, diags := inModule(t, files, Inputs{AllowMissing: true}); len(diags) > 0 {
		t.Error(shown(diags))
	}
	if _, diags := inModule(t, files, Inputs{}); len(diags) != 2 {
		t.Error(shown(diags))
	}
}

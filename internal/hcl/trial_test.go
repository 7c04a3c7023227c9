package hcl

import (
	"strings"
	"testing"
)

// What a file of tests may say, and what is a mistake in it.
func TestParseTest(t *testing.T) {
	file, diags := ParseTest([]byte(`
variables { a = 1 }
run "one" {
  command         = plan
  advance         = "90d"
  expect_failures = [key.k, var.v, module.m.key.each["a"], key.c[0]]
  plan_options {
    target = [key.k]
    mode   = destroy
  }
  module { source = "setup" }
  variables { b = run.x.output.y }
  assert {
    condition     = true
    error_message = "no"
  }
}`), "x.kmstest.hcl")
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	r := file.Runs[0]
	got := strings.Join(r.ExpectFailures, " ")
	if !r.Plan || r.Advance != "90d" || got != `key.k var.v module.m.key.each["a"] key.c[0]` || !r.Destroy || r.Module != "setup" || len(r.Variables) != 1 || len(r.Asserts) != 1 || len(file.Variables) != 1 || r.Targets[0] != "key.k" {
		t.Errorf("%+v", r)
	}
	for _, wrong := range []string{
		`runs "x" {}`, `run "x" { command = destroy }`, `run "x" { advance = 1 }`, `run "x" { advance = null }`, `run "x" { expect_failures = key.k }`,
		`run "x" { expect_failures = ["a"] }`, `run "x" { assert {} }`, "run \"x\" {}\nrun \"x\" {}", `run "x" { module {} }`, `run "x" { plan_options { mode = refresh } }`, `run`, "\xff", `run "x" { command = "${1}" }`,
	} {
		if _, diags := ParseTest([]byte(wrong), "x.kmstest.hcl"); !diags.HasErrors() {
			t.Errorf("%s is taken", wrong)
		}
	}
}

// No text makes reading a file of tests panic.
func FuzzParseTest(f *testing.F) {
	f.Add([]byte(`run "x" { expect_failures = [key.k["a"], key.k[1.5], key.k[null]] }`))
	f.Add([]byte(`run "x" { module { source = unknown.x } }`))
	f.Fuzz(func(_ *testing.T, text []byte) { ParseTest(text, "x.kmstest.hcl") })
}

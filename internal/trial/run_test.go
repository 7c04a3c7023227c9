package trial_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/stack"
	"kmsplan.dev/kmsplan/internal/trial"
)

// The service that the module names is never called: its gateway is an emulator, and a guard that refuses can be expected.
func TestRunsAndWhatTheyExpect(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("main.kms.hcl", `
gateway "g" {
  region = "cn-hangzhou"
  public { endpoint = "https://127.0.0.1:1" }
}
variable "spec" { default = "Aliyun_AES_256" }
key "k" {
  instance = null
  origin   = "Aliyun_KMS"
  description = var.spec
  lifecycle {
    precondition {
      condition     = var.spec != "bad"
      error_message = "Bad."
    }
  }
}`)
	text := `
run "make" {}
run "refused" {
  command         = plan
  variables { spec = "bad" }
  expect_failures = [key.k]
}
run "refused_unexpectedly" {
  command = plan
  variables { spec = "bad" }
}
run "unmet" {
  command = plan
  expect_failures = [key.k]
}
run "unknown" {
  variables { nothing = true }
  assert {
    condition     = plan.nothing
    error_message = "no"
  }
}
run "after" {}
`
	tests, diags := hcl.ParseTest([]byte(text), "x.kmstest.hcl")
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	var got []string
	results := trial.File(t.Context(), tests, trial.Options{
		Module: stack.Module{Dir: dir}, Sandbox: t.TempDir(), Ended: func(r trial.Result) { got = append(got, r.Run+" "+string(r.Status)) },
	})
	want := "make pass, refused pass, refused_unexpectedly fail, unmet fail, unknown error, after skip"
	if all := strings.Join(got, ", "); all != want {
		for _, r := range results {
			t.Log(r.Run, r.Diags, r.Problems)
		}
		t.Errorf("%s\nwant %s", all, want)
	}
	if s := trial.Count(results).Sentence(); s != "Failure! 2 passed, 3 failed, 1 skipped." {
		t.Error(s)
	}
}

// The tests of the examples pass.
func TestTheExamplesTestsPass(t *testing.T) {
	names, err := filepath.Glob(filepath.Join("..", "..", "examples", "*", "*"+hcl.TestSuffix))
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		tests, diags := hcl.ParseTest(text, name)
		if diags.HasErrors() {
			t.Fatal(diags)
		}
		dir, err := filepath.Abs(filepath.Dir(name))
		if err != nil {
			t.Fatal(err)
		}
		trial.File(t.Context(), tests, trial.Options{Module: stack.Module{Dir: dir}, Sandbox: t.TempDir(), Ended: func(r trial.Result) {
			if r.Status != trial.Pass {
				t.Errorf("%s: run %q: %s: %v %v", name, r.Run, r.Status, r.Diags, r.Problems)
			}
		}})
	}
}

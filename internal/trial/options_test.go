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

// A run may leave the service unread, or only record what changed outside: then no object is touched.
func TestHowMuchOfTheServiceARunReads(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"main.kms.hcl": "gateway \"g\" {\n  emulator {}\n}\nkey \"k\" {\n  description = \"ours\"\n}\n",
		"more.txt":     "",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	tests, diags := hcl.ParseTest([]byte(`
run "only_looked" {
  plan_options { mode = refresh-only }
  assert {
    condition     = plan.empty && length(plan.drift) == 0 && length(plan.actions) == 0
    error_message = "Something is planned."
  }
}
run "made" {
  assert {
    condition     = plan.actions["key.k"] == "create"
    error_message = "It is there already: the run before made it."
  }
}
run "unread" {
  command = plan
  plan_options { refresh = false }
  assert {
    condition     = plan.empty && key.k.description == "ours"
    error_message = "The state is not believed."
  }
}
`), "t.kmstest.hcl")
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	for _, r := range trial.File(t.Context(), tests, trial.Options{Module: stack.Module{Dir: dir}, Sandbox: t.TempDir(), Ended: func(trial.Result) {}}) {
		if r.Status != trial.Pass {
			t.Errorf("%s: %s %q", r.Run, r.Status, r.Reasons())
		}
	}
}

func TestPlanOptionsThatAreNone(t *testing.T) {
	for text, want := range map[string]string{
		"mode = refresh":                           "mode = refresh-only",
		"refresh = \"no\"":                         "refresh = true",
		"replace = [key.k]":                        "never replaces",
		"refresh = false\n    mode = destroy":      "Remove one of the two",
		"refresh = false\n    mode = refresh-only": "Remove one of the two",
	} {
		_, diags := hcl.ParseTest([]byte("run \"r\" {\n  plan_options {\n    "+text+"\n  }\n}\n"), "t.kmstest.hcl")
		if !diags.HasErrors() || !strings.Contains(diags.Error()+diags[0].Detail, want) {
			t.Errorf("%s: %v", text, diags)
		}
	}
}

package stack_test

import (
	"slices"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/stack"
)

// TestTheFirstApplySeesToGitignore is case W14.
func TestTheFirstApplySeesToGitignore(t *testing.T) {
	r := newRig(t, "key \"k\" {}\n")
	r.write(".gitignore", "*.log\n# mine")
	r.apply()
	first := string(r.read(".gitignore"))
	if !strings.HasPrefix(first, "*.log\n# mine\n") {
		t.Errorf("what was there is changed:\n%s", first)
	}
	for _, want := range []string{"\n.kmsplan/\n", "\n/kmsplan.state.json*\n"} {
		if !strings.Contains(first, want) {
			t.Errorf("it has no line %q:\n%s", want, first)
		}
	}
	if !slices.ContainsFunc(r.notes, func(n string) bool { return strings.Contains(n, ".gitignore") }) {
		t.Errorf("nothing was said of it: %v", r.notes)
	}
	r.write("main.kms.hcl", gateway+"key \"k\" {}\nkey \"more\" {}\n")
	r.apply()
	r.holds(".gitignore", first)
}

// TestWhatGitIgnoresByItselfStands is case W14: decisions that a .gitignore has are left as they are.
func TestWhatGitIgnoresByItselfStands(t *testing.T) {
	for _, there := range []string{
		".kmsplan\nkmsplan.state.json*\n", "/.kmsplan/\n/kmsplan.state.json\n", "*\n", "!kmsplan.state.json*\n.kmsplan/\n", ".kmsplan/\n*.json*\n",
	} {
		r := newRig(t, "")
		r.write(".gitignore", there)
		cfg, _ := r.module().Load(true)
		if added, err := stack.Ignore(cfg); err != nil || len(added) > 0 {
			t.Errorf("%q got %q, %v", there, added, err)
		}
	}
}

// TestClientKeysAndOtherPathsAreIgnored is case W14.
func TestClientKeysAndOtherPathsAreIgnored(t *testing.T) {
	r := newRig(t, "")
	r.write("main.kms.hcl", `kmsplan {
  backend "local" { path = "state/x.json" }
}
gateway "dev" {
  emulator { path = "emu" }
}
gateway "real" {
  region = "cn-hangzhou"
  public {}
  instance {
    id = "kst-hzz65f176a0ogplgq1234"
    client_key {
      file     = "keys/clientKey.json"
      password = "made up"
    }
  }
}
`)
	cfg, diags := r.module().Load(true)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	added, err := stack.Ignore(cfg)
	want := []string{".kmsplan/", "/state/x.json*", "/emu/", "/keys/clientKey.json"}
	if err != nil || !slices.Equal(added, want) {
		t.Errorf("added %q, %v", added, err)
	}
}

//go:build !falsify

package safety_test

import (
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/safety"
)

// TestANormalBuildHasNoSwitch holds that nothing outside the code takes a safety out: the package does not reach the environment, a file or
// the command line.
func TestANormalBuildHasNoSwitch(t *testing.T) {
	for _, s := range safety.Table() {
		t.Setenv("KMSPLAN_FALSIFY", string(s.Switch))
		if safety.Off(s.Switch) {
			t.Errorf("%s is off", s.Switch)
		}
	}
	deps, err := exec.CommandContext(t.Context(), "go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	list := strings.Fields(string(deps))
	for _, outside := range []string{"os", "syscall", "flag", "io", "net"} {
		if slices.Contains(list, outside) {
			t.Errorf("it depends on %s", outside)
		}
	}
	if !slices.Contains(list, "slices") {
		t.Errorf("go list named %q", list)
	}
}

// guarded is a condition as the code has them.
//
//go:noinline
func guarded(broken bool) bool { return broken && !safety.Off(safety.RemoteFence) }

// TestTheCompilerRemovesTheSwitch holds that a condition calls nothing: this binary has one, and no Off.
func TestTheCompilerRemovesTheSwitch(t *testing.T) {
	if !guarded(true) || guarded(false) {
		t.Error("the condition is not what it says")
	}
	binary := filepath.Join(t.TempDir(), "safety.test") // the one that runs has no symbols
	if out, err := exec.CommandContext(t.Context(), "go", "test", "-c", "-vet=off", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	symbols, err := exec.CommandContext(t.Context(), "go", "tool", "nm", binary).Output()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(symbols), "safety_test.guarded") {
		t.Fatal("go tool nm does not name what is there")
	}
	if strings.Contains(string(symbols), "internal/safety.Off") {
		t.Error("the binary holds safety.Off")
	}
}

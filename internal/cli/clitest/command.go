package clitest

import (
	"os"
	"os/exec"
	"testing"
)

// Command is kmsplan, the real main, in a process of its own that works on the module in a directory; env is what its environment
// says besides, NAME=VALUE. The test binary is the program: see Main.
func Command(t *testing.T, dir string, env []string, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), self, append([]string{"-chdir=" + dir}, args...)...)
	c.Env = append(append(os.Environ(), ActAsMain+"=1", "NO_COLOR=1"), env...)
	return c
}

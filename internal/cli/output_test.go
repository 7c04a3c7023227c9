package cli

import (
	"os"
	"testing"
)

// TestFullDiskBehindStandardOutputIsAnError holds that an answer cut short by a full disk never looks like a
// whole one: not on standard output, not in the file of -json-into.
func TestFullDiskBehindStandardOutputIsAnError(t *testing.T) {
	const full = "/dev/full"
	device, err := os.OpenFile(full, os.O_WRONLY, 0)
	if err != nil {
		t.Skip("this system has no /dev/full")
	}
	defer device.Close()
	dir := moduleIn(t, fiftyKeys)
	for _, args := range [][]string{{"plan"}, {"plan", "-json"}, {"show", "-json"}, {"version"}, {"validate"}, {"state", "pull"}} {
		c := kmsplan(t, dir, args...)
		c.Stdout = device
		if err := c.Run(); c.ProcessState.ExitCode() != exitError {
			t.Errorf("kmsplan %v > %s: exit code %d, want 1: %v", args, full, c.ProcessState.ExitCode(), err)
		}
	}
	run(t, dir, exitError, "plan", "-json-into", full)
}

package child

import (
	"os"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

func TestWhatASignalEnded(t *testing.T) {
	p, err := Start(program(t, "kill"), syscall.SIGKILL)
	if err != nil {
		t.Fatal(err)
	}
	if got, ok := ExitCode(p.Wait()); got != 137 || !ok {
		t.Errorf("%d, %v", got, ok)
	}
}

// TestHarden: no other process of the user reads this one's memory, and no core dump is written.
func TestHarden(t *testing.T) {
	Harden()
	if dumpable, err := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0); err != nil || dumpable != 0 {
		t.Errorf("dumpable: %d, %v", dumpable, err)
	}
	limits, err := os.ReadFile("/proc/self/limits")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(limits)) {
		if strings.HasPrefix(line, "Max core file size") && strings.Fields(line)[4] != "0" {
			t.Error(line)
		}
	}
}

package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// kills is how many applies of 50 keys are killed, each at another moment.
const kills = 20

// TestKilledApplyLosesNoKey kills the real process with SIGKILL during an apply of 50 keys, at a
// random point of its journal. The next plan and apply end with exactly 50 keys, none twice, none unknown
// to state.
func TestKilledApplyLosesNoKey(t *testing.T) {
	if testing.Short() {
		t.Skip("kills processes for half a minute")
	}
	for i := range kills {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			killOnce(t, 1+rand.IntN(150))
		})
	}
}

// killOnce kills an apply once its journal has that many lines, then goes on.
func killOnce(t *testing.T, lines int) {
	dir := t.TempDir()
	module := `gateway "dev" {
  emulator {}
}
key "k" {
  for_each    = toset([for i in range(50) : "k${i}"])
  description = each.key
}
`
	if err := os.WriteFile(filepath.Join(dir, "main.kms.hcl"), []byte(module), 0o644); err != nil {
		t.Fatal(err)
	}
	apply := kmsplan(t, dir, "apply", "-auto-approve")
	if err := apply.Start(); err != nil {
		t.Fatal(err)
	}
	killed := killAt(t, apply, filepath.Join(dir, "kmsplan.state.json.journal"), lines)
	run(t, dir, 0, "plan")
	run(t, dir, 0, "apply", "-auto-approve")
	run(t, dir, 0, "plan", "-detailed-exitcode")

	var listed struct{ TotalCount int }
	if err := json.Unmarshal(run(t, dir, 0, "kms", "ListKeys", "-json"), &listed); err != nil {
		t.Fatal(err)
	}
	known := bytes.Count(run(t, dir, 0, "state", "list"), []byte("\n"))
	if listed.TotalCount != 50 || known != 50 {
		t.Fatalf("killed at line %d of the journal (%v): %d keys live and %d in state, want 50", lines, killed, listed.TotalCount, known)
	}
}

// killAt sends SIGKILL when the journal has the lines, and reports whether the process was still
// there to be killed.
func killAt(t *testing.T, c *exec.Cmd, journal string, lines int) bool {
	done := make(chan error, 1)
	go func() { done <- c.Wait() }()
	poll := time.NewTicker(200 * time.Microsecond)
	defer poll.Stop()
	for {
		select {
		case <-done:
			return false
		case <-poll.C:
			text, err := os.ReadFile(journal)
			if err != nil || bytes.Count(text, []byte("\n")) < lines {
				continue
			}
			if err := c.Process.Kill(); err != nil {
				t.Log("the apply ended before it could be killed")
			}
			<-done
			return true
		}
	}
}

// kmsplan makes a command that runs the real main in a process of its own.
func kmsplan(t *testing.T, dir string, args ...string) *exec.Cmd {
	t.Helper()
	return aMachine{dir: dir}.command(t, args...)
}

// run runs kmsplan to its end and demands the exit code.
func run(t *testing.T, dir string, code int, args ...string) []byte {
	t.Helper()
	return aMachine{dir: dir}.run(t, code, args...)
}

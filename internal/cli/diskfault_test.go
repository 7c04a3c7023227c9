//go:build failpoint

package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// With -tags failpoint every step that kmsplan takes on the disk for state and journal can be failed from outside
// (KMSPLAN_DISK_FAULT). TestEveryDiskStepFailsOnce runs the real process with each step of a command failing once,
// until it meets no failure any more, and lets the next runs, on a disk that is whole again, put everything in order.
//
//	go test -tags failpoint ./internal/cli -run TestEveryDiskStepFailsOnce -v -timeout 1h
func TestEveryDiskStepFailsOnce(t *testing.T) {
	faulted := 0
	for name, args := range map[string][]string{
		"first apply": {"apply", "-auto-approve"},
		"run":         {"run", "-force"},
		"state mv":    {"state", "mv", "key.b", "key.c"},
	} {
		for _, fault := range []string{"EIO", "ENOSPC", "EACCES"} {
			passed := 0
			for n := 1; passed < 2; n++ {
				faulted++
				if failOnce(t, fmt.Sprintf("%s:*:%d", fault, n), name != "first apply", args) {
					passed++
				} else {
					passed = 0
				}
			}
		}
	}
	t.Logf("%d injected errors", faulted)
}

const faultedModule = `gateway "dev" {
  emulator {}
}
key "a" {}
key "b" {}
data "encrypt" "e" {
  key    = key.a.id
  source = "plain"
  output = "plain.enc"
}
`

// failOnce reports whether the command met no fault it had to report. Afterwards no key is lost or doubled.
func failOnce(t *testing.T, fault string, applied bool, args []string) bool {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"main.kms.hcl": faultedModule, "plain": "text\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if applied {
		run(t, dir, 0, "apply", "-auto-approve")
	}
	c := kmsplan(t, dir, args...)
	c.Env = append(c.Env, "KMSPLAN_DISK_FAULT="+fault)
	out, err := c.CombinedOutput()
	if err != nil && c.ProcessState.ExitCode() != 1 && c.ProcessState.ExitCode() != 2 {
		t.Errorf("%s, %v: %v\n%s", fault, args, err, out)
	}
	if bytes.Contains(run(t, dir, 0, "state", "list"), []byte("key.c")) {
		run(t, dir, 0, "state", "mv", "key.c", "key.b")
	}
	run(t, dir, 0, "plan")
	run(t, dir, 0, "apply", "-auto-approve")
	run(t, dir, 0, "plan", "-detailed-exitcode")
	var listed struct{ TotalCount int }
	if err := json.Unmarshal(run(t, dir, 0, "kms", "ListKeys", "-json"), &listed); err != nil || listed.TotalCount != 2 {
		t.Errorf("%s, %v: %d keys, want 2: %v\n%s", fault, args, listed.TotalCount, err, out)
	}
	return err == nil
}

package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"kmsplan.dev/kmsplan/internal/cli/clitest"
	"kmsplan.dev/kmsplan/internal/emulator"
)

// aMachine is a disk with a module on it, and what the environment says there besides.
type aMachine struct {
	dir string
	env []string
}

// command is kmsplan, the real main, in a process of its own.
func (m aMachine) command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	return clitest.Command(t, m.dir, m.env, args...)
}

// run runs kmsplan to its end and demands the exit code.
func (m aMachine) run(t *testing.T, code int, args ...string) []byte {
	t.Helper()
	c := m.command(t, args...)
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	err := c.Run()
	if got := c.ProcessState.ExitCode(); got != code {
		t.Fatalf("kmsplan %v: exit code %d, want %d: %v\n%s%s", args, got, code, err, out.Bytes(), errs.Bytes())
	}
	return out.Bytes()
}

// machine is an empty disk with a module of so many keys on it, whose state lies in the store, sealed.
func machine(t *testing.T, s aStore, server *emulator.Server, keys int) aMachine {
	t.Helper()
	dir := t.TempDir()
	attach(t, dir, server)
	module := s.settings("alias/state") + theGateway + fmt.Sprintf(`
key "k" {
  for_each    = toset([for i in range(%d) : "k${i}"])
  description = each.key
}
`, keys)
	if err := os.WriteFile(filepath.Join(dir, "main.kms.hcl"), []byte(module), 0o600); err != nil {
		t.Fatal(err)
	}
	return aMachine{dir, s.env}
}

const theGateway = `gateway "dev" {
  emulator {
    ready_file = "ready.json"
  }
}
`

// attach lets a directory's gateway be the server, in which the key of states is.
func attach(t *testing.T, dir string, server *emulator.Server) {
	t.Helper()
	if err := server.WriteReadyFile(filepath.Join(dir, "ready.json")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "main.kms.hcl"), []byte(theGateway), 0o600); err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(run(t, dir, 0, "kms", "ListAliases", "-json"), []byte("alias/state")) {
		return
	}
	instance := regexp.MustCompile(`kst-[a-z0-9]+`).FindString(string(run(t, dir, 0, "kms", "ListKmsInstances", "-json")))
	var made struct {
		KeyMetadata struct{ KeyId string }
	}
	if err := json.Unmarshal(run(t, dir, 0, "kms", "CreateKey", "-dkms-instance-id", instance, "-json"), &made); err != nil {
		t.Fatal(err)
	}
	run(t, dir, 0, "kms", "CreateAlias", "-alias-name", "alias/state", "-key-id", made.KeyMetadata.KeyId)
}

// keysLive is how many keys there are, with the state's own.
func keysLive(t *testing.T, m aMachine) int {
	t.Helper()
	var listed struct{ TotalCount int }
	if err := json.Unmarshal(m.run(t, 0, "kms", "ListKeys", "-json"), &listed); err != nil {
		t.Fatal(err)
	}
	return listed.TotalCount
}

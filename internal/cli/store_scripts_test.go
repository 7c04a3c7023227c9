package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"kmsplan.dev/kmsplan/internal/cli/clitest"
	"kmsplan.dev/kmsplan/internal/emulator/emulatortest"
)

// TestStoreScripts runs testdata/stores over each remote store; without a server they skip and say which variable is
// missing.
func TestStoreScripts(t *testing.T) {
	if testing.Short() {
		t.Skip("dozens of processes a store")
	}
	for name, start := range remoteStores {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			scripts, err := filepath.Glob(filepath.Join("testdata", "stores", "*.txtar"))
			if err != nil || len(scripts) == 0 {
				t.Fatal("no scripts", err)
			}
			for _, script := range scripts {
				s := start(t)
				clitest.ScriptsWith(t, func(env *testscript.Env) error { return s.prepare(t, env) }, "", script)
			}
		})
	}
}

var backendBlock = regexp.MustCompile(`(?s)^backend "(\w+)" \{\n(.*)\}$`)

// prepare is a script's directory: a gateway in which the key of states is, and the backend's arguments in a file.
func (s aStore) prepare(t *testing.T, env *testscript.Env) error {
	server, ready := emulatortest.New(t), filepath.Join(env.WorkDir, "ready.json")
	attach(t, t.TempDir(), server)
	if err := server.WriteReadyFile(ready); err != nil {
		return err
	}
	env.Setenv("KMSPLAN_EMULATOR_READY", ready)
	parts := backendBlock.FindStringSubmatch(s.block)
	env.Setenv("KIND", parts[1])
	for _, pair := range s.env {
		name, value, _ := strings.Cut(pair, "=")
		env.Setenv(name, value)
	}
	return os.WriteFile(filepath.Join(env.WorkDir, "arguments"), bytes.TrimSpace([]byte(parts[2])), 0o600)
}

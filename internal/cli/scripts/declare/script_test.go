package declare

import (
	"testing"

	"kmsplan.dev/kmsplan/internal/cli"
	"kmsplan.dev/kmsplan/internal/cli/clitest"
)

func TestMain(m *testing.M) { clitest.Main(m, cli.AsProcess) }

// TestScripts runs testdata, one file per command and behaviour.
func TestScripts(t *testing.T) {
	clitest.ScriptsOrBusy(t, "testdata", "apply-lifecycle", "apply-lost-answer", "json-stream", "recover-strays", "run-without-secrets")
}

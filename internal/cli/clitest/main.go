package clitest

import (
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// ActAsMain is the variable that makes the test binary kmsplan, for tests that kill it.
const ActAsMain = "KMSPLAN_TEST_ACT_AS_MAIN"

// Main lets the test binary be kmsplan: scripts run the real main in processes of their own.
func Main(m *testing.M, kmsplan func() int) {
	if os.Getenv(ActAsMain) != "" {
		os.Exit(kmsplan())
	}
	testscript.Main(m, map[string]func(){"kmsplan": func() { os.Exit(kmsplan()) }})
}

package cli

import (
	"testing"

	"kmsplan.dev/kmsplan/internal/cli/clitest"
)

func TestMain(m *testing.M) { clitest.Main(m, AsProcess) }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

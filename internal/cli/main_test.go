package cli

import (
	"testing"

	"kmsplan.dev/kmsplan/internal/cli/clitest"
)

func TestMain(m *testing.M) { clitest.Main(m, AsProcess) }

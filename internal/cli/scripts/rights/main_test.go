package rights

import (
	"testing"

	"kmsplan.dev/kmsplan/internal/cli"
	"kmsplan.dev/kmsplan/internal/cli/clitest"
)

func TestMain(m *testing.M) { clitest.Main(m, cli.AsProcess) }

package remote_test

import (
	"testing"

	"kmsplan.dev/kmsplan/internal/state/remote"
	"kmsplan.dev/kmsplan/internal/state/remote/placetest"
)

func TestEveryCallMayFail(t *testing.T) {
	placetest.Crashes(t, func(*testing.T) func() remote.Place {
		m := placetest.NewMemory()
		return func() remote.Place { return m }
	})
}

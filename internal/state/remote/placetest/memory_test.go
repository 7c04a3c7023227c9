package placetest_test

import (
	"testing"

	"kmsplan.dev/kmsplan/internal/state/remote"
	"kmsplan.dev/kmsplan/internal/state/remote/placetest"
)

func TestAMemoryIsAPlace(t *testing.T) {
	placetest.Run(t, func(*testing.T) func() remote.Place {
		m := placetest.NewMemory()
		return func() remote.Place { return m }
	})
}

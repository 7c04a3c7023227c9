package local_test

import (
	"path/filepath"
	"testing"

	"kmsplan.dev/kmsplan/internal/state"
	"kmsplan.dev/kmsplan/internal/state/statetest"
)

func TestLocalKeepsTheStoreContract(t *testing.T) {
	statetest.Run(t, func(t *testing.T) statetest.Open {
		path := filepath.Join(t.TempDir(), "kmsplan.state.json")
		return func() state.Store { return openLocal(t, path) }
	})
}

package local_test

import (
	"context"
	"path/filepath"
	"testing"

	"kmsplan.dev/kmsplan/internal/state"
	"kmsplan.dev/kmsplan/internal/state/local"
	"kmsplan.dev/kmsplan/internal/state/statetest/crowd"
)

func openPlace(_ context.Context, place string) (state.Store, error) {
	return local.Open(place, local.Options{})
}

func TestManyProcesses(t *testing.T) {
	if crowd.Child(t, openPlace) {
		return
	}
	crowd.Run(t, openPlace, func(t *testing.T) string { return filepath.Join(t.TempDir(), "s.json") })
}

package http_test

import (
	"context"
	"encoding/json"
	"testing"

	"kmsplan.dev/kmsplan/internal/state"
	"kmsplan.dev/kmsplan/internal/state/http"
	"kmsplan.dev/kmsplan/internal/state/remote"
	"kmsplan.dev/kmsplan/internal/state/statetest/crowd"
)

func openPlace(_ context.Context, place string) (state.Store, error) {
	var o http.Options
	if err := json.Unmarshal([]byte(place), &o); err != nil {
		return nil, err
	}
	p, err := http.Open(o)
	return remote.New(remote.Retry(p, remote.Retrying{}), remote.Options{}), err
}

func TestManyProcesses(t *testing.T) {
	if crowd.Child(t, openPlace) {
		return
	}
	for name, set := range kinds {
		if name == "If-Match and locks" {
			continue // both of the others
		}
		t.Run(name, func(t *testing.T) {
			crowd.Run(t, openPlace, func(t *testing.T) string {
				_, o := start(t, set)
				return crowd.Place(t, o)
			})
		})
	}
}

package s3_test

import (
	"context"
	"encoding/json"
	"testing"

	"kmsplan.dev/kmsplan/internal/state"
	"kmsplan.dev/kmsplan/internal/state/remote"
	"kmsplan.dev/kmsplan/internal/state/remote/placetest"
	"kmsplan.dev/kmsplan/internal/state/s3"
	"kmsplan.dev/kmsplan/internal/state/statetest/crowd"
)

func openPlace(_ context.Context, place string) (state.Store, error) {
	var o s3.Options
	if err := json.Unmarshal([]byte(place), &o); err != nil {
		return nil, err
	}
	p, err := s3.Open(o)
	return remote.New(remote.Retry(p, remote.Retrying{}), remote.Options{}), err
}

func TestManyProcesses(t *testing.T) {
	if crowd.Child(t, openPlace) {
		return
	}
	crowd.Run(t, openPlace, func(t *testing.T) string {
		o, _ := bucket(t)
		return crowd.Place(t, o)
	})
}

func TestEveryCallMayFail(t *testing.T) {
	placetest.Crashes(t, func(t *testing.T) func() remote.Place {
		o, _ := bucket(t)
		return func() remote.Place { return open(t, o) }
	})
}

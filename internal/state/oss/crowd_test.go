package oss_test

import (
	"context"
	"encoding/json"
	"testing"

	"kmsplan.dev/kmsplan/internal/state"
	"kmsplan.dev/kmsplan/internal/state/oss"
	"kmsplan.dev/kmsplan/internal/state/remote"
	"kmsplan.dev/kmsplan/internal/state/remote/placetest"
	"kmsplan.dev/kmsplan/internal/state/statetest/crowd"
)

func openPlace(_ context.Context, place string) (state.Store, error) {
	var o oss.Options
	if err := json.Unmarshal([]byte(place), &o); err != nil {
		return nil, err
	}
	p, err := oss.Open(o)
	return remote.New(remote.Retry(p, remote.Retrying{}), remote.Options{}), err
}

func TestManyProcesses(t *testing.T) {
	if crowd.Child(t, openPlace) {
		return
	}
	s := serve(t)
	crowd.Run(t, openPlace, func(t *testing.T) string {
		o := s.bucket(t, "Enabled")
		return crowd.Place(t, o)
	})
}

func TestEveryCallMayFail(t *testing.T) {
	s := serve(t)
	placetest.Crashes(t, func(t *testing.T) func() remote.Place {
		o := s.bucket(t, "Enabled")
		return func() remote.Place { return open(t, o) }
	})
}

package oss_test

import (
	"context"
	"testing"

	"kmsplan.dev/kmsplan/internal/state/oss"
	"kmsplan.dev/kmsplan/internal/state/remote"
	"kmsplan.dev/kmsplan/internal/state/remote/placetest"
	"kmsplan.dev/kmsplan/internal/state/statetest/crowd"
)

var openPlace = placetest.Opener(func(_ context.Context, o oss.Options) (*oss.Place, error) { return oss.Open(o) })

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

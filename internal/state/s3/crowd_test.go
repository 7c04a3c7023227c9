package s3_test

import (
	"context"
	"testing"

	"kmsplan.dev/kmsplan/internal/state/remote"
	"kmsplan.dev/kmsplan/internal/state/remote/placetest"
	"kmsplan.dev/kmsplan/internal/state/s3"
	"kmsplan.dev/kmsplan/internal/state/s3/s3test"
	"kmsplan.dev/kmsplan/internal/state/statetest/crowd"
)

var openPlace = placetest.Opener(func(_ context.Context, o s3.Options) (*s3.Place, error) { return s3.Open(o) })

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
	realServer(t)
	placetest.Crashes(t, func(t *testing.T) func() remote.Place {
		o, _ := bucket(t)
		return func() remote.Place { return open(t, o) }
	})
}

// Sixteen processes write while the server dies again and again between a write and its answer.
func TestAServerThatDiesBetweenWriteAndAnswer(t *testing.T) {
	if crowd.Child(t, openPlace) {
		return
	}
	s := s3test.Start(t)
	crowd.Disturbed(t, openPlace, crowd.Place(t, s.Options("k")), func(acknowledged int) {
		if acknowledged%2 == 0 {
			s.DieAt(1 + acknowledged%5)
		}
	})
	t.Logf("%d writes, %d of them unanswered", s.Writes(), s.Deaths())
}

package http_test

import (
	"context"
	"os"
	"testing"

	"kmsplan.dev/kmsplan/internal/state/http"
	"kmsplan.dev/kmsplan/internal/state/remote"
	"kmsplan.dev/kmsplan/internal/state/remote/placetest"
	"kmsplan.dev/kmsplan/internal/state/statetest"
	"kmsplan.dev/kmsplan/internal/state/statetest/crowd"
)

var openPlace = placetest.Opener(func(_ context.Context, o http.Options) (*http.Place, error) { return http.Open(o) })

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

func TestEveryCallMayFail(t *testing.T) {
	for _, name := range []string{"GitLab", "If-Match"} {
		t.Run(name, func(t *testing.T) {
			if name != "GitLab" && os.Getenv(statetest.Long) == "" {
				t.Skip("not in a quick run: the same calls, answered alike")
			}
			placetest.Crashes(t, func(t *testing.T) func() remote.Place {
				_, o := start(t, kinds[name])
				return func() remote.Place { return open(t, o) }
			})
		})
	}
}

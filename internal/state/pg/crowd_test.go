package pg_test

import (
	"context"
	"encoding/json"
	"os"
	"testing"

	"github.com/google/uuid"

	"kmsplan.dev/kmsplan/internal/state"
	"kmsplan.dev/kmsplan/internal/state/pg"
	"kmsplan.dev/kmsplan/internal/state/remote"
	"kmsplan.dev/kmsplan/internal/state/remote/placetest"
	"kmsplan.dev/kmsplan/internal/state/statetest/crowd"
)

func openPlace(ctx context.Context, place string) (state.Store, error) {
	var o pg.Options
	if err := json.Unmarshal([]byte(place), &o); err != nil {
		return nil, err
	}
	p, err := pg.Open(ctx, o, os.Getenv)
	if err != nil {
		return nil, err
	}
	return remote.New(remote.Retry(p, remote.Retrying{}), remote.Options{}), nil
}

func TestManyProcesses(t *testing.T) {
	if crowd.Child(t, openPlace) {
		return
	}
	each(t, func(t *testing.T, conn string) {
		crowd.Run(t, openPlace, func(t *testing.T) string {
			return crowd.Place(t, pg.Options{ConnStr: conn, Schema: "kmsplan_test", Name: uuid.NewString()})
		})
	})
}

func TestEveryCallMayFail(t *testing.T) {
	each(t, func(t *testing.T, conn string) {
		if conn == os.Getenv(servers["PgBouncer"]) && os.Getenv(placetest.Long) == "" {
			t.Skip("not in a quick run: the server behind it is the same")
		}
		placetest.Crashes(t, func(t *testing.T) func() remote.Place {
			stack := uuid.NewString()
			return func() remote.Place { return open(t, conn, "kmsplan_test", stack) }
		})
	})
}

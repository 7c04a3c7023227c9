package pg_test

import (
	"context"
	"os"
	"testing"

	"github.com/google/uuid"

	"kmsplan.dev/kmsplan/internal/state/pg"
	"kmsplan.dev/kmsplan/internal/state/remote"
	"kmsplan.dev/kmsplan/internal/state/remote/placetest"
	"kmsplan.dev/kmsplan/internal/state/statetest"
	"kmsplan.dev/kmsplan/internal/state/statetest/crowd"
)

var openPlace = placetest.Opener(func(ctx context.Context, o pg.Options) (*pg.Place, error) { return pg.Open(ctx, o, os.Getenv) })

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
		if conn == os.Getenv(servers["PgBouncer"]) && os.Getenv(statetest.Long) == "" {
			t.Skip("not in a quick run: the server behind it is the same")
		}
		placetest.Crashes(t, func(t *testing.T) func() remote.Place {
			p := open(t, conn, "kmsplan_test", uuid.NewString()) // one for all, because the server takes no hundreds of sessions
			return func() remote.Place { return p }
		})
	})
}

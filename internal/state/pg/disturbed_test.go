package pg_test

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/google/uuid"

	"kmsplan.dev/kmsplan/internal/state"
	"kmsplan.dev/kmsplan/internal/state/pg"
	"kmsplan.dev/kmsplan/internal/state/pg/pgtest"
	"kmsplan.dev/kmsplan/internal/state/remote"
	"kmsplan.dev/kmsplan/internal/state/remote/placetest"
	"kmsplan.dev/kmsplan/internal/state/statetest"
	"kmsplan.dev/kmsplan/internal/state/statetest/crowd"
)

// persistent tries as long as a server that shares two cores with others takes to come back, about a minute.
var persistent = remote.Retrying{Attempts: 20, Pause: 100 * time.Millisecond}

// openPersistent opens the stores of writers whose server goes down under them.
var openPersistent = placetest.OpenerTrying(persistent, func(ctx context.Context, o pg.Options) (*pg.Place, error) { return pg.Open(ctx, o, os.Getenv) })

// server is a test's own, by the two ways in which clients reach it: straight, and through a pooler in transaction mode.
func server(t *testing.T) (s *pgtest.Server, ways map[string]string) {
	s = pgtest.Start(t)
	return s, map[string]string{"PostgreSQL": s.ConnStr(), "PgBouncer": s.Pooler("server_login_retry = 1")}
}

// restart ends the server in the middle of whatever it does, and lets it recover.
func restart(s *pgtest.Server) {
	s.Down()
	s.Up()
}

// Sixteen processes write while their sessions are cut again and again, and while the server crashes and recovers under
// them: in the middle of appends, of compare-and-swaps, of locks taken and given back. Nothing that was acknowledged is
// lost, nothing is there twice, no two hold the lock, and who writes over an old version is refused. Each append of a run
// alone finds its session cut, or the server gone and back, and none is lost.
func TestAServerThatIsCut(t *testing.T) {
	if crowd.Child(t, openPersistent) {
		return
	}
	s, ways := server(t)
	for way, conn := range ways {
		t.Run(way+"/sessions are terminated", func(t *testing.T) { crowdOver(t, conn, 3, func() { s.Terminate() }) })
		t.Run(way+"/the server crashes", func(t *testing.T) { crowdOver(t, conn, 14, func() { restart(s) }) })
		t.Run(way+"/a run alone", func(t *testing.T) { runOver(t, conn, s) })
	}
}

// crowdOver cuts after every so many acknowledged updates; in a long run after each.
func crowdOver(t *testing.T, conn string, every int, cut func()) {
	if os.Getenv(statetest.Long) != "" {
		every = 1
	}
	cuts := 0
	place := crowd.Place(t, pg.Options{ConnStr: conn, Schema: "kmsplan_test", Name: uuid.NewString()})
	crowd.Disturbed(t, openPersistent, place, func(acknowledged int) {
		if acknowledged%every == 0 {
			cut()
			cuts++
		}
	})
	t.Logf("cut %d times", cuts)
}

func runOver(t *testing.T, conn string, s *pgtest.Server) {
	store := remote.New(remote.Retry(open(t, conn, "kmsplan_test", uuid.NewString()), persistent), remote.Options{})
	j, _, err := state.Open(t.Context(), store, "test")
	if err != nil {
		t.Fatal(err)
	}
	const n = 12
	for i := range n {
		if i%6 == 5 {
			restart(s)
		} else {
			s.Terminate()
		}
		if err := j.Append(state.Record(state.Resource{Address: fmt.Sprint("key.k", i), Kind: "key", ID: "k"})); err != nil {
			t.Fatalf("append %d: %v", i, err)
		}
	}
	if _, err := j.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if st, _, err := store.Read(t.Context()); err != nil || len(st.Resources) != n {
		t.Errorf("%d objects are stored, %v", len(st.Resources), err)
	}
}

package pg_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"kmsplan.dev/kmsplan/internal/state"
	"kmsplan.dev/kmsplan/internal/state/pg"
	"kmsplan.dev/kmsplan/internal/state/remote"
	"kmsplan.dev/kmsplan/internal/state/remote/placetest"
	"kmsplan.dev/kmsplan/internal/state/statetest"
)

// servers are where the tests find PostgreSQL, and the same behind a pooler in transaction mode.
var servers = map[string]string{"PostgreSQL": "KMSPLAN_TEST_PG", "PgBouncer": "KMSPLAN_TEST_PGBOUNCER"}

func each(t *testing.T, test func(t *testing.T, conn string)) {
	for name, variable := range servers {
		t.Run(name, func(t *testing.T) {
			conn := os.Getenv(variable)
			if conn == "" {
				t.Skipf("no server: %s is not set; .ci/servers starts one", variable)
			}
			test(t, conn)
		})
	}
}

func open(t *testing.T, conn, schema, stack string) *pg.Place {
	t.Helper()
	p, err := pg.Open(t.Context(), pg.Options{ConnStr: conn, Schema: schema, Name: stack}, os.Getenv)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

func sql(t *testing.T, conn, statement string, args ...any) {
	t.Helper()
	c, err := pgx.Connect(t.Context(), conn)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(t.Context())
	if _, err := c.Exec(t.Context(), statement, append([]any{pgx.QueryExecModeExec}, args...)...); err != nil {
		t.Fatal(err)
	}
}

func TestPlace(t *testing.T) {
	each(t, func(t *testing.T, conn string) {
		placetest.Run(t, func(t *testing.T) func() remote.Place {
			stack := uuid.NewString()
			return func() remote.Place { return open(t, conn, "kmsplan_test", stack) }
		})
	})
}

func TestStoreContract(t *testing.T) {
	each(t, func(t *testing.T, conn string) {
		statetest.Run(t, func(t *testing.T) statetest.Subject {
			stack := uuid.NewString()
			fault := &placetest.Faulty{}
			// Handles share the connections of four processes: the server takes no hundreds.
			places := []*pg.Place{open(t, conn, "kmsplan_test", stack), open(t, conn, "kmsplan_test", stack), open(t, conn, "kmsplan_test", stack), open(t, conn, "kmsplan_test", stack)}
			var opened atomic.Int32
			return statetest.Subject{
				Open: func() state.Store {
					p := places[int(opened.Add(1))%len(places)]
					return remote.New(remote.Retry(fault.Over(p), placetest.Quick), remote.Options{})
				},
				Lose: func(bool) { fault.Lose(placetest.Quick.Attempts) },
				Damage: func(journal bool) {
					if journal {
						sql(t, conn, `UPDATE kmsplan_test.heads SET head = convert_to(regexp_replace(convert_from(head, 'UTF8'), '"journal":"[^"]*"', '"journal":"ZGFtYWdlZA=="'), 'UTF8'), revision = gen_random_uuid() WHERE stack = $1`, stack)
					} else {
						sql(t, conn, `UPDATE kmsplan_test.objects SET data = 'damaged' WHERE stack = $1`, stack)
					}
				},
			}
		})
	})
}

// The tables are made once, however many begin at the same time, and reading makes none.
func TestTheSchemaIsMadeByWhoeverWritesFirst(t *testing.T) {
	each(t, func(t *testing.T, conn string) {
		schema := "kmsplan_" + strings.ReplaceAll(uuid.NewString(), "-", "_")
		if _, rev, err := open(t, conn, schema, "a").Head(t.Context()); err != nil || rev != "" {
			t.Errorf("reading gave %q, %v", rev, err)
		}
		if _, err := open(t, conn, schema, "a").Get(t.Context(), "x"); !errors.Is(err, remote.ErrNoObject) {
			t.Errorf("reading an object gave %v", err)
		}
		var wg sync.WaitGroup
		for i := range 8 {
			p := open(t, conn, schema, fmt.Sprint("s", i))
			wg.Go(func() {
				if err := statetest.AddResource(t.Context(), remote.New(p, remote.Options{}), "k"); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		sql(t, conn, "DROP SCHEMA "+schema+" CASCADE")
	})
}

func TestAServerIsMeasured(t *testing.T) {
	each(t, func(t *testing.T, conn string) {
		p := open(t, conn, "kmsplan_test", uuid.NewString())
		if err := remote.Measure(t.Context(), p); err != nil {
			t.Error(err)
		}
		if _, rev, err := p.Head(t.Context()); err != nil || rev != "" {
			t.Errorf("measuring left %q, %v", rev, err)
		}
	})
}

// SQL reads which states there were, who held the stack and since when.
func TestTheHistoryIsThereInSQL(t *testing.T) {
	each(t, func(t *testing.T, conn string) {
		stack := uuid.NewString()
		s := remote.New(open(t, conn, "kmsplan_test", stack), remote.Options{})
		info := state.NewLockInfo("apply", time.Now())
		lock, err := s.Lock(t.Context(), info)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 3 {
			if err := statetest.AddResource(t.Context(), s, fmt.Sprint("k", i)); err != nil {
				t.Fatal(err)
			}
		}
		c, err := pgx.Connect(t.Context(), conn)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close(t.Context())
		var states int
		var holder string
		if err := c.QueryRow(t.Context(), "SELECT count(*), max(holder) FROM kmsplan_test.history WHERE stack = $1", pgx.QueryExecModeExec, stack).Scan(&states, &holder); err != nil || states != 3 || holder != info.User+"@"+info.Host+" for apply" {
			t.Errorf("the history has %d states by %q, %v", states, holder, err)
		}
		if err := lock.Unlock(); err != nil {
			t.Error(err)
		}
	})
}

func TestOptionsThatAreRefused(t *testing.T) {
	const secret = "canary-pg-password"
	for name, tt := range map[string]struct {
		o    pg.Options
		env  map[string]string
		want string
	}{
		"password in the URL":      {pg.Options{ConnStr: "postgres://u:" + secret + "@h/d"}, nil, "holds a password"},
		"password in the keywords": {pg.Options{ConnStr: "host=h password=" + secret}, nil, "holds a password"},
		"unreadable":               {pg.Options{}, map[string]string{pg.ConnVariable: "postgres://u:" + secret + "@h:port/d"}, "cannot be read"},
		"schema":                   {pg.Options{Schema: `a"; DROP TABLE x`}, nil, "no plain identifier"},
		"plaintext first":          {pg.Options{ConnStr: "postgres://u@db.example/d?sslmode=allow"}, nil, "without TLS"},
	} {
		_, err := pg.Open(t.Context(), tt.o, func(k string) string { return tt.env[k] })
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), secret) {
			t.Errorf("%s: %v", name, err)
		}
	}
	p, err := pg.Open(t.Context(), pg.Options{}, func(string) string { return "postgres://u:" + secret + "@127.0.0.1:1/d" })
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if _, _, err := p.Head(t.Context()); err == nil || strings.Contains(err.Error(), secret) {
		t.Errorf("a server that is away gave %v", err)
	}
	if strings.Contains(p.String(), secret) {
		t.Error(p.String())
	}
}

func TestWorkspaces(t *testing.T) {
	each(t, func(t *testing.T, conn string) {
		p := open(t, conn, "kmsplan_test", uuid.NewString())
		placetest.Houses(t, func() remote.House { return p })
	})
}

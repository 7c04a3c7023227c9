package river_test

import (
	"context"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"kmsplan.dev/kmsplan/internal/batch/queue"
	"kmsplan.dev/kmsplan/internal/batch/queue/queuetest"
	"kmsplan.dev/kmsplan/internal/batch/queue/river"
)

// servers are where the tests find PostgreSQL, and the same behind a pooler in transaction mode.
var servers = map[string]string{"PostgreSQL": "KMSPLAN_TEST_PG", "PgBouncer": "KMSPLAN_TEST_PGBOUNCER"}

func server(t *testing.T, variable string) string {
	t.Helper()
	conn := os.Getenv(variable)
	if conn == "" {
		t.Skipf("no server: %s is not set; .ci/servers starts one", variable)
	}
	return conn
}

// sql runs a statement.
func sql(t *testing.T, conn, statement string, args ...any) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Minute)
	defer cancel()
	c, err := pgx.Connect(ctx, conn)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(ctx)
	if _, err := c.Exec(ctx, statement, append([]any{pgx.QueryExecModeExec}, args...)...); err != nil {
		t.Fatal(err)
	}
}

// schema is a name of the test's own; what is made in it goes with the test.
func schema(t *testing.T, conn string) string {
	t.Helper()
	name := "q_" + strings.ReplaceAll(uuid.NewString(), "-", "")[:16]
	t.Cleanup(func() { sql(t, conn, "DROP SCHEMA IF EXISTS "+name+" CASCADE") })
	return name
}

func open(t *testing.T, conn, schema string) *river.Queue {
	t.Helper()
	q, err := river.Open(t.Context(), river.Options{ConnStr: conn, Schema: schema, Connections: 8}, os.Getenv)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = q.Close() })
	return q
}

// migrated is an empty queue.
func migrated(t *testing.T, conn string) (*river.Queue, string) {
	t.Helper()
	name := schema(t, conn)
	q := open(t, conn, name)
	if err := q.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return q, name
}

func TestTheQueueOverRiverIsOne(t *testing.T) {
	for name, variable := range servers {
		t.Run(name, func(t *testing.T) {
			conn := server(t, variable)
			queuetest.Suite(t, func(t *testing.T) queuetest.Rig {
				_, schema := migrated(t, conn)
				return queuetest.Rig{Open: func(t *testing.T) queue.Queue { return open(t, conn, schema) }}
			})
		})
	}
}

// lines are what River says.
type lines struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func openLogged(t *testing.T, conn, schema string, log *lines) *river.Queue {
	t.Helper()
	q, err := river.Open(t.Context(), river.Options{ConnStr: conn, Schema: schema, Connections: 8, Log: slog.New(slog.NewTextHandler(log, nil))}, os.Getenv)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = q.Close() })
	return q
}

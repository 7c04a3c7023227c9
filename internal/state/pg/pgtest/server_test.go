package pgtest_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"

	"kmsplan.dev/kmsplan/internal/state/pg/pgtest"
)

func ask(ctx context.Context, c *pgx.Conn) error {
	var one int
	return c.QueryRow(ctx, "SELECT 1", pgx.QueryExecModeExec).Scan(&one)
}

// Whoever is connected is cut off, and the server is there again, by itself and through a pooler.
func TestAServerIsItsTestsOwn(t *testing.T) {
	s := pgtest.Start(t)
	for name, conn := range map[string]string{"itself": s.ConnStr(), "pooler": s.Pooler("server_login_retry = 1")} {
		for what, disturb := range map[string]func(){"terminated": func() { s.Terminate() }, "restarted": func() { s.Down(); s.Up() }} {
			c, err := pgx.Connect(t.Context(), conn)
			if err != nil {
				t.Fatal(err)
			}
			if err := ask(t.Context(), c); err != nil {
				t.Fatal(err)
			}
			disturb()
			if err := ask(t.Context(), c); err == nil && name == "itself" {
				t.Errorf("%s, %s: the session lives", name, what)
			}
			_ = c.Close(t.Context()) // it may be cut
		}
	}
	s.Down()
	if c, err := pgx.Connect(t.Context(), s.ConnStr()); err == nil {
		t.Errorf("one that is down took a connection, which ends with %v", c.Close(t.Context()))
	}
}

//go:build linux

package batches

import (
	"context"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// sql does a statement on the queue's database.
func (r *rig) sql(do func(ctx context.Context, c *pgx.Conn) error) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), time.Minute)
	defer cancel()
	c, err := pgx.Connect(ctx, r.pg.ConnStr())
	r.must(err)
	defer c.Close(ctx)
	r.must(do(ctx, c))
}

func (r *rig) exec(statements ...string) {
	r.t.Helper()
	r.sql(func(ctx context.Context, c *pgx.Conn) error {
		_, err := c.Exec(ctx, strings.Join(statements, ";\n"))
		return err
	})
}

// takeAway has the queue say that nobody works on what is worked on: others are given those chunks beside their workers.
func (r *rig) takeAway() {
	r.t.Helper()
	r.exec("UPDATE kmsplan.chunks SET holder = NULL WHERE holder IS NOT NULL",
		"UPDATE kmsplan.river_job SET state = 'available', scheduled_at = now() WHERE state = 'running'")
}

// twice is how many chunks were delivered more than once.
func (r *rig) twice() (n int) {
	r.t.Helper()
	r.sql(func(ctx context.Context, c *pgx.Conn) error {
		return c.QueryRow(ctx, "SELECT count(*) FROM kmsplan.chunks WHERE attempt > 1").Scan(&n)
	})
	return n
}

// kept are the tables that say what is to do.
var kept = []string{"batches", "chunks", "failures", "river_job"}

// keepQueue makes a copy of the queue, and bringBack puts it in its place.
func (r *rig) keepQueue() {
	r.t.Helper()
	statements := []string{"CREATE SCHEMA kept"}
	for _, name := range kept {
		statements = append(statements, "CREATE TABLE kept."+name+" AS TABLE kmsplan."+name)
	}
	r.exec(statements...)
}

func (r *rig) bringBack() {
	r.t.Helper()
	statements := []string{"BEGIN", "SET LOCAL session_replication_role = replica", "TRUNCATE kmsplan." + strings.Join(kept, ", kmsplan.")}
	for _, name := range kept {
		statements = append(statements, "INSERT INTO kmsplan."+name+" OVERRIDING SYSTEM VALUE SELECT * FROM kept."+name)
	}
	r.exec(append(statements, "COMMIT")...)
}

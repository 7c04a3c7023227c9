package river_test

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"kmsplan.dev/kmsplan/internal/batch"
	"kmsplan.dev/kmsplan/internal/batch/queue"
	"kmsplan.dev/kmsplan/internal/state/pg/connect"
)

// The answer to a fetch was lost with the database, so that a job says it is this worker's, and the worker knows nothing
// of it; and another job is gone. Both chunks are delivered all the same.
func TestAJobThatRiverLostIsFoundAgain(t *testing.T) {
	if testing.Short() {
		t.Skip("it waits for the watch")
	}
	t.Parallel()
	conn := server(t, "KMSPLAN_TEST_PG")
	q, schema := migrated(t, conn)
	begun(t, q, 3)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	first := true
	err := q.Work(ctx, queue.Worker{Name: "w", Once: true, Do: func(ctx context.Context, d queue.Delivery) error {
		if first {
			first = false
			sql(t, conn, "UPDATE "+schema+".river_job SET state = 'running', attempted_at = now() - interval '1 minute', attempted_by = (SELECT array_agg(id::text) FROM "+
				schema+".workers) WHERE id = (SELECT min(id) FROM "+schema+".river_job WHERE state = 'available')")
			sql(t, conn, "DELETE FROM "+schema+".river_job WHERE state = 'available'")
		}
		_, err := d.Record(ctx, step(d, 3, "w"))
		return err
	}})
	if r := record(t, q); err != nil || r.Status != batch.Done || r.Tally.Written != 9 {
		t.Errorf("the record is %+v: %v", r, err)
	}
}

// What is written with the context of Together and the step are there together, or not at all, and River's job with them.
func TestRowsAndStepAreOneTransaction(t *testing.T) {
	for name, variable := range servers {
		t.Run(name, func(t *testing.T) {
			conn := server(t, variable)
			q, schema := migrated(t, conn)
			sql(t, conn, "CREATE TABLE "+schema+".objects (name text)")
			begun(t, q, 1)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			attempt := 0
			err := q.Work(ctx, queue.Worker{Name: "w", Once: true, Do: func(ctx context.Context, d queue.Delivery) error {
				attempt++
				return d.(queue.Together).Together(ctx, func(ctx context.Context) error {
					tx, of := connect.Tx(ctx)
					if tx == nil || of == "" {
						t.Fatal("the context carries no transaction")
					}
					if _, err := tx.Exec(ctx, "INSERT INTO "+schema+".objects VALUES ('x')"); err != nil {
						return err
					}
					if _, err := d.Record(ctx, step(d, 3, "w")); err != nil {
						return err
					}
					if r := record(t, q); r.Tally.Objects != 0 {
						t.Errorf("the step is seen before the commit: %+v", r)
					}
					if attempt == 1 {
						return context.DeadlineExceeded // rolled back, with the step
					}
					return nil
				})
			}})
			var n int
			c, errConnect := pgx.Connect(t.Context(), conn)
			if errConnect != nil {
				t.Fatal(errConnect)
			}
			defer c.Close(t.Context())
			if err := c.QueryRow(t.Context(), "SELECT count(*) FROM "+schema+".objects", pgx.QueryExecModeExec).Scan(&n); err != nil {
				t.Fatal(err)
			}
			if r := record(t, q); err != nil || r.Status != batch.Done || n != 1 || attempt != 2 {
				t.Errorf("after %d attempts there are %d rows and the record %+v: %v", attempt, n, r, err)
			}
		})
	}
}

// River's jobs of a batch that is over are gone.
func TestACancelledBatchLeavesNoJobs(t *testing.T) {
	conn := server(t, "KMSPLAN_TEST_PG")
	q, schema := migrated(t, conn)
	begun(t, q, 5)
	change(t, q, batch.Cancelled)
	c, err := pgx.Connect(t.Context(), conn)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(t.Context())
	var n int
	if err := c.QueryRow(t.Context(), "SELECT count(*) FROM "+schema+".river_job").Scan(&n); err != nil || n != 0 {
		t.Errorf("%d jobs are there: %v", n, err)
	}
}

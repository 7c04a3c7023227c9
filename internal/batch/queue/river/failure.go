package river

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"kmsplan.dev/kmsplan/internal/state/pg/connect"
)

// connection is a pool or a transaction.
type connection = connect.Querier

// callLimit bounds each short call.
const callLimit = 30 * time.Second

// bounded is a context for one short call, which a worker that drains may still make.
func bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, callLimit)
}

// failure says what was tried, where, and what to do about it.
func (q *Queue) failure(doing string, err error) error {
	var pe *pgconn.PgError
	if !errors.As(err, &pe) {
		return fmt.Errorf("%s: %s: %w", q.place, doing, err)
	}
	advice := map[string]string{
		"28P01": "the server does not take these credentials; set PGUSER and PGPASSWORD, or " + connect.Variable,
		"28000": "the server does not take these credentials; set PGUSER and PGPASSWORD, or " + connect.Variable,
		"42501": "the role may not; a worker's role needs what `kmsplan worker -grant ROLE` prints, a migrating one CREATE on the database",
		"42P01": "run `kmsplan worker -migrate` once, with a role that may make tables",
		"3D000": "there is no such database",
		"25006": "the server is a standby or read-only; connect to the primary",
	}[pe.Code]
	if advice != "" {
		return fmt.Errorf("%s: %s: %s: %w", q.place, doing, advice, err)
	}
	return fmt.Errorf("%s: %s: %w", q.place, doing, err)
}

// inTx runs do in a transaction.
func (q *Queue) inTx(ctx context.Context, doing string, do func(tx pgx.Tx) error) error {
	tx, err := q.pool.Begin(ctx)
	if err != nil {
		return q.failure(doing, err)
	}
	if err := do(tx); err != nil {
		_ = tx.Rollback(context.WithoutCancel(ctx)) // the session ends with it, at the latest
		return err
	}
	if err := tx.Commit(ctx); err != nil {
		return q.failure(doing, err)
	}
	return nil
}

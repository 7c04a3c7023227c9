package connect

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Database tells one database from every other, a copy of it on another server included: what two parties compare before
// one writes in the other's transaction.
type Database string

// Querier is a pool, a connection or a transaction.
type Querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
}

// DatabaseOf asks which database q is connected to. Every role may.
func DatabaseOf(ctx context.Context, q Querier) (d Database, err error) {
	err = q.QueryRow(ctx, `SELECT system_identifier::text || '/' || (SELECT oid FROM pg_database WHERE datname = current_database())::text
		FROM pg_control_system()`).Scan(&d)
	return d, err
}

type carried struct {
	tx pgx.Tx
	of Database
}

type txKey struct{}

// WithTx lets whoever is called with the context take part in tx, where it keeps its rows in the same database: what it
// writes is there when tx is committed, and only then. The queue that completes a chunk begins it, hands the context to what
// writes the chunk's rows, and commits. One goroutine at a time uses the context.
func WithTx(ctx context.Context, tx pgx.Tx, of Database) context.Context {
	return context.WithValue(ctx, txKey{}, carried{tx, of})
}

// Tx is the transaction that the context carries, and of which database it is; nil = none.
func Tx(ctx context.Context) (pgx.Tx, Database) {
	c, _ := ctx.Value(txKey{}).(carried)
	return c.tx, c.of
}

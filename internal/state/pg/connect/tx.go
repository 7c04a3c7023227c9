package connect

import (
	"context"
	"math/rand/v2"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"kmsplan.dev/kmsplan/internal/safety"
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
	tx   pgx.Tx
	of   Database
	same map[Querier]bool // who was found to be of the transaction's database, as its role
}

type txKey struct{}

// WithTx lets whoever is called with the context take part in tx, where it keeps its rows in the same database: what it
// writes is there when tx is committed, and only then. The queue that completes a chunk begins it, hands the context to what
// writes the chunk's rows, and commits. One goroutine at a time uses the context.
func WithTx(ctx context.Context, tx pgx.Tx, of Database) context.Context {
	return context.WithValue(ctx, txKey{}, carried{tx, of, map[Querier]bool{}})
}

// Tx is the transaction that the context carries, and of which database it is; nil = none.
func Tx(ctx context.Context) (pgx.Tx, Database) {
	c, _ := ctx.Value(txKey{}).(carried)
	return c.tx, c.of
}

// Same reports whether q reaches the very database of the transaction that the context carries, as the role that it is of. An
// identifier is not asked alone: a copy that was promoted has the original's. The transaction locks a number that nobody else
// knows, and whoever finds it locked is in the same database; that is asked once a transaction.
func Same(ctx context.Context, q Querier) (bool, error) {
	c, _ := ctx.Value(txKey{}).(carried)
	if c.tx == nil {
		return false, nil
	}
	if same, asked := c.same[q]; asked {
		return same, nil
	}
	var role, others string
	var free bool
	number := int64(rand.Uint64()) // any of them
	if err := c.tx.QueryRow(ctx, "SELECT current_user::text FROM pg_advisory_xact_lock($1::bigint)", number).Scan(&role); err != nil {
		return false, err
	}
	if err := q.QueryRow(ctx, "SELECT pg_try_advisory_xact_lock_shared($1::bigint), current_user::text", number).Scan(&free, &others); err != nil {
		return false, err
	}
	c.same[q] = (!free || safety.Off(safety.SameDatabase)) && role == others
	return c.same[q], nil
}

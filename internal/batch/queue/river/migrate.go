package river

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river/rivermigrate"
)

// Migrate makes the schema, River's tables and ours, or brings them up to this version. It is called by nobody but who asks
// for it, with the role that owns the tables; several at once wait for each other. It needs CREATE on the database, or a
// schema that is there and the role's.
func (q *Queue) Migrate(ctx context.Context) error {
	for {
		done, err := q.migrateAlone(ctx)
		if done || err != nil {
			return err
		}
		select { // without a connection, of which a pooler may have few
		case <-ctx.Done():
			return q.failure("wait for who migrates", ctx.Err())
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// migrateAlone is false where another migrates the schema.
func (q *Queue) migrateAlone(ctx context.Context) (done bool, err error) {
	err = q.inTx(ctx, "migrate", func(tx pgx.Tx) error {
		if err := tx.QueryRow(ctx, "SELECT pg_try_advisory_xact_lock(hashtextextended('kmsplan migrates ' || $1::text, 0))", q.schema).Scan(&done); err != nil {
			return q.failure("migrate", err)
		}
		if !done {
			return nil
		}
		if err := q.makeSchema(ctx); err != nil {
			return err
		}
		m, err := rivermigrate.New(q.driver, &rivermigrate.Config{Schema: q.schema, Logger: q.log})
		if err != nil {
			return q.failure("migrate River's tables", err)
		}
		// River's are transactions of their own: a value that one adds to a type is used by a later one.
		if _, err := m.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
			return q.failure("migrate River's tables", err)
		}
		return q.migrateOurs(ctx, tx)
	})
	return done, err
}

func (q *Queue) makeSchema(ctx context.Context) error {
	var there bool
	if err := q.pool.QueryRow(ctx, "SELECT to_regnamespace($1::text) IS NOT NULL", q.schema).Scan(&there); err != nil {
		return q.failure("look for the schema", err)
	}
	if there {
		return nil
	}
	if _, err := q.pool.Exec(ctx, q.sql("CREATE SCHEMA @")); err != nil {
		return q.failure("make the schema", err)
	}
	return nil
}

func (q *Queue) migrateOurs(ctx context.Context, tx pgx.Tx) error {
	has, err := q.hasVersion(ctx, tx)
	switch {
	case err != nil:
		return err
	case has > version:
		return q.newer(has)
	case has == version:
		return nil
	}
	text := tables
	if has > 0 {
		text = ""
		for v := has; v < version; v++ {
			text += upgrades[v] + fmt.Sprintf(";\nUPDATE @.queue_version SET version = %d", v+1)
		}
	}
	for _, statement := range strings.Split(text, ";\n") {
		if _, err := tx.Exec(ctx, q.sql(statement)); err != nil {
			return q.failure("make the queue's tables", err)
		}
	}
	return nil
}

package postgres

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// Probe implements source.Source: table, key and column are fit, and the server plans the very statement that writes, for
// which it checks the role's rights. Nothing is written, because a row of one's own would start the table's triggers.
func (s *Source) Probe(ctx context.Context) error {
	t, err := s.table(ctx)
	if err != nil {
		return err
	}
	var standby string
	where := make([]string, len(t.keys))
	for n, k := range t.keys {
		where[n] = k.sql + " = NULL"
	}
	err = s.retry.Do(ctx, final, func(ctx context.Context) error {
		if err := s.pool.QueryRow(ctx, "SELECT current_setting('transaction_read_only')").Scan(&standby); err != nil {
			return err
		}
		_, err := s.pool.Exec(ctx, fmt.Sprintf("EXPLAIN UPDATE %s SET %s = %[2]s WHERE %s RETURNING %s", t.from, t.col, strings.Join(where, " AND "), t.digest))
		return err
	})
	switch {
	case err != nil:
		return s.failure("", err)
	case standby == "on":
		return fmt.Errorf("%s: %s", s.place, words["25006"])
	}
	return nil
}

// peculiar finds what a batch's operator should know of a table.
const peculiar = `
SELECT 'the trigger ' || g.tgname || ' runs for each row that is written' FROM pg_trigger g
	WHERE g.tgrelid = $1::text::regclass AND NOT g.tgisinternal AND g.tgenabled <> 'D' AND g.tgtype & 16 <> 0
UNION ALL SELECT 'the rule ' || r.rulename || ' rewrites updates' FROM pg_rewrite r WHERE r.ev_class = $1::text::regclass AND r.ev_type = '2' AND r.ev_enabled <> 'D'
UNION ALL SELECT 'row security is on: rows that the role''s policies hide are not in the batch' FROM pg_class c
	WHERE c.oid = $1::text::regclass AND row_security_active(c.oid)
UNION ALL SELECT 'the table ' || i.inhrelid::regclass::text || ' inherits from it, and its rows are not in the batch' FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhparent
	WHERE i.inhparent = $1::text::regclass AND c.relkind = 'r'
UNION ALL SELECT 'the table is published to ' || p.pubname || ': each write is sent there too' FROM pg_publication_tables p
	WHERE p.schemaname = $2::text AND p.tablename = $3::text
ORDER BY 1`

// Advice implements source.Advised.
func (s *Source) Advice(ctx context.Context) (notes []string, err error) {
	if _, err := s.table(ctx); err != nil {
		return nil, err
	}
	err = s.retry.Do(ctx, final, func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
		defer cancel()
		rows, err := s.pool.Query(ctx, peculiar, quoted(s.schema)+"."+quoted(s.name), s.schema, s.name)
		if err != nil {
			return err
		}
		notes, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return err
	})
	if err != nil {
		return nil, s.failure("", err)
	}
	return notes, nil
}

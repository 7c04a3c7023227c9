package postgres

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"kmsplan.dev/kmsplan/internal/batch/source"
)

// page is how many rows a statement of a listing asks for.
const page = 1000

// List implements source.Source: in the order of the primary key, which is the server's. A row whose column is NULL is no
// object. The size is of what the object is, not of its base64.
func (s *Source) List(ctx context.Context, after string, each func(source.Object) error) error {
	t, err := s.table(ctx)
	if err != nil {
		return err
	}
	for {
		found, err := s.page(ctx, t, after)
		if err != nil {
			return s.failure("the rows after "+after, err)
		}
		for _, o := range found {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := each(o); err != nil {
				return err
			}
		}
		if len(found) < page {
			return nil
		}
		after = found[page-1].Name
	}
}

func (s *Source) page(ctx context.Context, t *table, after string) (found []source.Object, err error) {
	where, args := "", []any(nil)
	if after != "" {
		if args, err = t.keyOf(after); err != nil {
			return nil, err
		}
		where = " AND " + t.compare(">", 1)
	}
	// A bare name in ORDER BY would be the text that is selected under it.
	statement := fmt.Sprintf("SELECT %s, %s FROM %s AS o WHERE %s IS NOT NULL%s ORDER BY %s LIMIT %d",
		t.columns("", "::text"), t.size, t.from, t.col, where, t.columns("o.", ""), page)
	err = s.retry.Do(ctx, final, func(ctx context.Context) error {
		rows, err := s.pool.Query(ctx, statement, args...)
		if err != nil {
			return err
		}
		found, err = pgx.CollectRows(rows, t.object)
		return err
	})
	return found, err
}

func (t *table) object(row pgx.CollectableRow) (o source.Object, err error) {
	key := make([]string, len(t.keys))
	into := make([]any, 0, len(key)+1)
	for n := range key {
		into = append(into, &key[n])
	}
	if err := row.Scan(append(into, &o.Size)...); err != nil {
		return o, err
	}
	for n, k := range t.keys {
		if k.kind == "bpchar" {
			key[n] = strings.TrimRight(key[n], " ")
		}
	}
	o.Name, err = nameOf(key)
	return o, err
}

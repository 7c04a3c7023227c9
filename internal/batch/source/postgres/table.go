package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// table is what the catalog says of the table and its column.
type table struct {
	from   string // the table in FROM and UPDATE
	kind   string // pg_class.relkind: r an ordinary table, p a partitioned one
	col    string // quoted
	text   bool   // the column is text, otherwise bytea
	made   bool   // the column is generated
	keys   []keyColumn
	digest string // SHA-256 of the column, as SQL
	size   string // bytes of the object, as SQL
}

type keyColumn struct {
	name string
	sql  string // quoted
	kind string // its type, as pg_type names it
	cast string // its type, as SQL names it
}

// catalog finds the table. An ordinary table is taken without those that inherit from it, whose rows may have the same keys.
const catalog = `
SELECT c.relkind::text, a.attgenerated <> '', t.typname::text
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = $3 AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_type t ON t.oid = a.atttypid
WHERE n.nspname = $1 AND c.relname = $2`

// primary are the columns of the primary key, in its order. A domain counts as what it is over.
const primary = `
SELECT a.attname::text, t.typname::text, format_type(t.oid, -1)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary AND i.indisvalid
CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k(num, at)
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.num
JOIN pg_type d ON d.oid = a.atttypid JOIN pg_type t ON t.oid = CASE d.typtype WHEN 'd' THEN d.typbasetype ELSE d.oid END
WHERE n.nspname = $1 AND c.relname = $2 AND k.at <= i.indnkeyatts ORDER BY k.at`

// keyTypes are the types whose text is the same whatever the session, and sorts as the server says.
var keyTypes = []string{"int2", "int4", "int8", "numeric", "uuid", "text", "varchar", "bpchar", "date", "timestamp", "timestamptz"}

// table looks the table up, once.
func (s *Source) table(ctx context.Context) (*table, error) {
	s.mu.Lock()
	known := s.known
	s.mu.Unlock()
	if known != nil {
		return known, nil
	}
	var t *table
	err := s.retry.Do(ctx, final, func(ctx context.Context) (err error) { t, err = s.lookUp(ctx); return err })
	if err != nil {
		return nil, s.failure("", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.known = t
	return t, nil
}

// unfit is a table or column that no batch can work on; its text says what to do.
type unfit string

// Error implements error.
func (u unfit) Error() string { return string(u) }

func (s *Source) lookUp(ctx context.Context) (*table, error) {
	var t table
	var kind string
	err := s.pool.QueryRow(ctx, catalog, s.schema, s.name, s.column).Scan(&t.kind, &t.made, &kind)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, unfit("there is no such table with such a column, or the role may not see it; look with \\d in psql")
	}
	if err != nil {
		return nil, err
	}
	rows, err := s.pool.Query(ctx, primary, s.schema, s.name)
	if err != nil {
		return nil, err
	}
	t.keys, err = pgx.CollectRows(rows, func(r pgx.CollectableRow) (k keyColumn, err error) {
		err = r.Scan(&k.name, &k.kind, &k.cast)
		k.sql = quoted(k.name)
		return k, err
	})
	if err != nil {
		return nil, err
	}
	return &t, s.fits(&t, kind)
}

// fits refuses what a batch cannot work on, and completes the SQL.
func (s *Source) fits(t *table, kind string) error {
	isKey := func(k keyColumn) bool { return k.name == s.column }
	odd := slices.IndexFunc(t.keys, func(k keyColumn) bool { return !slices.Contains(keyTypes, k.kind) })
	switch {
	case t.kind != "r" && t.kind != "p":
		return unfit("it is no table (a view, or another server's); name the table itself")
	case kind != "bytea" && kind != "text" && kind != "varchar":
		return unfit("the column is of type " + kind + "; bytea and text can hold an envelope")
	case t.made:
		return unfit("the column is generated from others; name one that is written")
	case len(t.keys) == 0:
		return unfit("the table has no primary key, by which a row is found again; add one")
	case slices.ContainsFunc(t.keys, isKey):
		return unfit("the column is part of the primary key, which a batch does not change")
	case odd >= 0:
		return unfit(fmt.Sprintf("the primary key's column %s is of type %s; a batch knows %s", t.keys[odd].name, t.keys[odd].kind, strings.Join(keyTypes, ", ")))
	}
	t.from, t.col, t.text = quoted(s.schema)+"."+quoted(s.name), quoted(s.column), kind != "bytea"
	if t.kind == "r" {
		t.from = "ONLY " + t.from
	}
	t.digest, t.size = "sha256("+t.col+")", "octet_length("+t.col+")"
	if t.text {
		t.digest = "sha256(convert_to(" + t.col + ", 'UTF8'))"
		t.size = fmt.Sprintf("CASE WHEN left(%[1]s, %[2]d) = '%[3]s' THEN octet_length(translate(%[1]s, E'=\\n\\r', ''))::bigint * 3 / 4 ELSE octet_length(%[1]s) END",
			t.col, len(envelopeText), envelopeText)
	}
	return nil
}

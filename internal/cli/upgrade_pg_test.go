package cli

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
)

// tablesFile has the tables as the release made them: a later one may make them otherwise.
const tablesFile = "tables.sql"

const howTables = `
SELECT c.relname, format('CREATE TABLE %I.%I (%s%s)', n.nspname, c.relname,
	(SELECT string_agg(format('%I %s%s%s', a.attname, format_type(a.atttypid, a.atttypmod),
		CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END, ' DEFAULT ' || pg_get_expr(d.adbin, d.adrelid)), ', ' ORDER BY a.attnum)
		FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
		WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
	(SELECT string_agg(', ' || pg_get_constraintdef(k.oid), '') FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'p'))
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = $1 AND c.relkind = 'r' ORDER BY 1`

// dumpPG is the schema: how its tables are made, and their rows as JSON.
func dumpPG(ctx context.Context, c *pgx.Conn) (map[string][]byte, error) {
	rows, err := c.Query(ctx, howTables, keptSchema)
	if err != nil {
		return nil, err
	}
	type table struct{ name, made string }
	tables, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (t table, err error) { return t, r.Scan(&t.name, &t.made) })
	if err != nil {
		return nil, err
	}
	held := map[string][]byte{}
	for _, t := range tables {
		held[tablesFile] = fmt.Appendf(held[tablesFile], "%s;\n", t.made)
		rows, err := c.Query(ctx, "SELECT to_jsonb(r)::text FROM "+keptSchema+"."+t.name+" r ORDER BY 1")
		if err != nil {
			return nil, err
		}
		lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			return nil, err
		}
		held[t.name+".jsonl"] = []byte(strings.Join(lines, "\n"))
	}
	return held, nil
}

// restorePG is the inverse.
func restorePG(ctx context.Context, c *pgx.Conn, held map[string][]byte) error {
	for _, statement := range strings.Split("CREATE SCHEMA "+keptSchema+";\n"+string(held[tablesFile]), ";\n") {
		if _, err := c.Exec(ctx, statement); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	for name, rows := range held {
		table, ok := strings.CutSuffix(name, ".jsonl")
		if !ok {
			continue
		}
		table = keptSchema + "." + table
		for row := range bytes.Lines(rows) {
			if _, err := c.Exec(ctx, "INSERT INTO "+table+" SELECT * FROM jsonb_populate_record(NULL::"+table+", $1::jsonb)", string(bytes.TrimSpace(row))); err != nil {
				return fmt.Errorf("a row of %s: %w", table, err)
			}
		}
	}
	return nil
}

package pg

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// tables are made with the first write; @ stands for the schema's name. What a column says to people comes from
// the head and is not read back.
const tables = `
CREATE SCHEMA IF NOT EXISTS @;
CREATE TABLE IF NOT EXISTS @.heads (
	stack    text PRIMARY KEY,
	revision uuid NOT NULL,
	head     bytea NOT NULL,
	epoch    bigint NOT NULL, -- who began last may write the journal
	holder   text,            -- of the lease; NULL: nobody works
	written  timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE IF NOT EXISTS @.objects (
	stack    text NOT NULL,
	name     text NOT NULL,
	data     bytea NOT NULL,
	written  timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (stack, name)
);
CREATE TABLE IF NOT EXISTS @.history (
	stack    text NOT NULL,
	lineage  text NOT NULL,
	serial   bigint NOT NULL,
	epoch    bigint NOT NULL,
	holder   text,
	writer   text,
	digest   text NOT NULL,
	stored   timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (stack, lineage, serial)
);
`

// The states of PostgreSQL that a place meets: appendix A of its documentation.
const (
	undefinedTable  = "42P01"
	invalidSchema   = "3F000"
	invalidPassword = "28P01"
	invalidAuth     = "28000"
	noPrivilege     = "42501"
	noDatabase      = "3D000"
	readOnly        = "25006"
)

func stateOf(err error) string {
	var pe *pgconn.PgError
	if errors.As(err, &pe) {
		return pe.Code
	}
	return ""
}

func missing(err error) bool {
	code := stateOf(err)
	return code == undefinedTable || code == invalidSchema
}

// makeSchema makes the tables, whoever else does at the same time.
func (p *Place) makeSchema(ctx context.Context) error {
	for attempt := 1; ; attempt++ {
		_, err := p.pool.Exec(ctx, p.sql("SELECT 1 FROM @.heads, @.objects, @.history LIMIT 0"))
		if err == nil || !missing(err) {
			return err
		}
		for _, statement := range strings.Split(tables, ";\n") {
			if strings.TrimSpace(statement) == "" {
				continue
			}
			if _, err = p.pool.Exec(ctx, p.sql(statement)); err != nil {
				break
			}
		}
		switch code := stateOf(err); {
		case err == nil:
			return nil
		case code == noPrivilege:
			return fmt.Errorf("the role may not make the schema; let an owner run `kmsplan init` once, or grant CREATE on the database: %w", err)
		case code == "" || attempt == schemaAttempts:
			return err
		}
		// Another makes the same at the same time, which the server reports in half a dozen ways.
	}
}

// schemaAttempts is how often the tables are looked for and made: each time but the last, others were at it.
const schemaAttempts = 20

func (p *Place) sql(statement string) string {
	return strings.ReplaceAll(statement, "@", p.quoted)
}

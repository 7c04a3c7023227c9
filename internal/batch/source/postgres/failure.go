package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"kmsplan.dev/kmsplan/internal/batch/source"
	"kmsplan.dev/kmsplan/internal/state/pg/connect"
)

// do runs what only reads: in the caller's transaction where that is of the same database, else as often as it takes.
func (s *Source) do(ctx context.Context, call func(context.Context, connect.Querier) error) error {
	joins, err := s.Joins(ctx)
	if err != nil {
		return err
	}
	if joins {
		tx, _ := connect.Tx(ctx)
		return pgx.BeginFunc(ctx, tx, func(inner pgx.Tx) error { return call(ctx, inner) })
	}
	return s.retry.Do(ctx, final, func(ctx context.Context) error { return call(ctx, s.pool) })
}

// passing are the classes and states of PostgreSQL (appendix A of its documentation) after which another attempt may go
// well: the connection, resources, a server that stops or starts, a deadlock, a lock, a statement that was cancelled.
var passing = []string{"08", "53", "57", "40", "55P03", "58"}

// final reports what another attempt does not change.
func final(err error) bool {
	var pe *pgconn.PgError
	var u unfit
	switch {
	case errors.Is(err, source.ErrGone), errors.Is(err, source.ErrChanged), errors.Is(err, source.ErrRefused), errors.Is(err, pgx.ErrNoRows), errors.As(err, &u):
		return true
	case errors.As(err, &pe):
		return !slices.ContainsFunc(passing, func(p string) bool { return strings.HasPrefix(pe.Code, p) })
	}
	return false
}

// noKey says that a name cannot be a value of the key's type.
func noKey(err error) bool {
	return slices.Contains([]string{"22P02", "22007", "22008", "22003", "22021"}, stateOf(err))
}

func stateOf(err error) string {
	var pe *pgconn.PgError
	if errors.As(err, &pe) {
		return pe.Code
	}
	return ""
}

// words say what to do about a refusal of the server's.
var words = map[string]string{
	"28P01": "the server does not take these credentials; set PGUSER and PGPASSWORD, or " + connect.Variable,
	"28000": "the server does not take these credentials; set PGUSER and PGPASSWORD, or " + connect.Variable,
	"3D000": "there is no such database",
	"42501": "the role lacks a right; it needs what `kmsplan worker -grant ROLE` prints; look at the policies of the table, too",
	"42P01": "the table is there no more",
	"42703": "a column is there no more; look at what changed in the table, and plan anew",
	"25006": "the server is a standby or read-only; connect to the primary",
	"42883": "the server lacks sha256(), which PostgreSQL has from version 11 on",
	"22012": "a trigger or a rule changes what is written, so that it was undone",
}

// failure puts an error into words. What the server says of a row's content is not among them: it could quote it.
func (s *Source) failure(name string, err error) error {
	where := s.place
	if name != "" {
		where += ", row " + name
	}
	var pe *pgconn.PgError
	if !errors.As(err, &pe) {
		return fmt.Errorf("%s: %w", where, err)
	}
	text := words[pe.Code]
	class := pe.Code[:min(2, len(pe.Code))]
	switch {
	case text != "":
	case pe.ConstraintName != "":
		text = "the constraint " + pe.ConstraintName + " refuses it"
	case class == "22" || class == "23" || class == "P0" || class == "54":
		text = "the server refuses the value, by its type, a constraint or a trigger"
	default:
		text = "the server answered " + pe.Severity
	}
	if slices.Contains([]string{"22", "23", "P0", "54"}, class) || pe.Code == "42501" {
		return fmt.Errorf("%s: %w: %s (SQLSTATE %s)", where, source.ErrRefused, text, pe.Code)
	}
	return fmt.Errorf("%s: %s (SQLSTATE %s)", where, text, pe.Code)
}

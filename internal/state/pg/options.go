package pg

import (
	"cmp"
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"kmsplan.dev/kmsplan/internal/pattern"
	"kmsplan.dev/kmsplan/internal/state/pg/connect"
)

// Options say where the state lies.
type Options struct {
	ConnStr string // libpq's URL or keywords, without a password; "" = KMSPLAN_PG_CONN_STR, else the PG… variables
	Schema  string // "" = kmsplan
	Name    string // of the stack in its tables; "" = default
}

// ConnVariable holds a connection string, with a password or without.
const ConnVariable = connect.Variable

var identifier = pattern.New(`^[a-z_][a-z0-9_]{0,62}$`)

// Open returns the place of a stack. It calls nobody.
func Open(ctx context.Context, o Options, getenv func(string) string) (*Place, error) {
	o.Schema, o.Name = cmp.Or(o.Schema, "kmsplan"), cmp.Or(o.Name, "default")
	if !identifier.MatchString(o.Schema) {
		return nil, fmt.Errorf("the pg backend's schema_name %q is no plain identifier (a-z, 0-9, _)", o.Schema)
	}
	pool, err := connect.Options{For: "the pg backend", ConnStr: o.ConnStr}.Pool(ctx, getenv)
	if err != nil {
		return nil, err
	}
	c := pool.Config()
	where := fmt.Sprintf("pg %s, database %s, schema %s, stack %s", c.ConnConfig.Host, c.ConnConfig.Database, o.Schema, o.Name)
	return &Place{pool: pool, quoted: pgx.Identifier{o.Schema}.Sanitize(), base: o.Name, where: where, stack: o.Name, name: where}, nil
}

package pg

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"regexp"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Options say where the state lies.
type Options struct {
	ConnStr string // libpq's URL or keywords, without a password; "" = KMSPLAN_PG_CONN_STR, else the PG… variables
	Schema  string // "" = kmsplan
	Name    string // of the stack in its tables; "" = default
}

// ConnVariable holds a connection string, with a password or without.
const ConnVariable = "KMSPLAN_PG_CONN_STR"

var identifier = regexp.MustCompile(`^[a-z_][a-z0-9_]{0,62}$`)

// parse is the configuration of the connections. No error of it shows a password.
func (o Options) parse(getenv func(string) string) (*pgxpool.Config, error) {
	if !identifier.MatchString(o.Schema) {
		return nil, fmt.Errorf("the pg backend's schema_name %q is no plain identifier (a-z, 0-9, _)", o.Schema)
	}
	if hasPassword(o.ConnStr) {
		return nil, fmt.Errorf("the pg backend's conn_str holds a password, which then stands in files and logs; take it out and set PGPASSWORD, a passfile, or %s", ConnVariable)
	}
	c, err := pgxpool.ParseConfig(cmp.Or(o.ConnStr, getenv(ConnVariable)))
	if err != nil {
		return nil, errors.New("the pg backend's connection string cannot be read; write postgres://USER@HOST/DATABASE or host=… dbname=… user=…")
	}
	// Nothing of a session is relied on, so that a pooler may give each statement another one.
	c.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeExec
	c.ConnConfig.RuntimeParams["application_name"] = "kmsplan"
	c.MaxConns, c.MinConns, c.MaxConnIdleTime = 4, 0, 30*time.Second
	if c.ConnConfig.ConnectTimeout == 0 {
		c.ConnConfig.ConnectTimeout = 10 * time.Second
	}
	return c, noPlaintext(c)
}

// hasPassword recognises one in either form of a connection string.
func hasPassword(s string) bool {
	if c, err := pgxpool.ParseConfig(s); s == "" || err != nil {
		return false
	} else if c.ConnConfig.Password == "" {
		return false
	}
	// The password may be the environment's.
	user, _, isURL := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(s, "postgresql://"), "postgres://"), "@")
	return isURL && strings.Contains(user, ":") || strings.Contains(s, "password=") || strings.Contains(s, "password =")
}

// noPlaintext drops the fallback to an unencrypted connection where the server is not this machine: sslmode=disable
// says it in words.
func noPlaintext(c *pgxpool.Config) error {
	if c.ConnConfig.TLSConfig == nil && len(c.ConnConfig.Fallbacks) == 0 {
		return nil // sslmode=disable, or a socket
	}
	if here(c.ConnConfig.Host) {
		return nil
	}
	kept := c.ConnConfig.Fallbacks[:0]
	for _, f := range c.ConnConfig.Fallbacks {
		if f.TLSConfig != nil || here(f.Host) {
			kept = append(kept, f)
		}
	}
	c.ConnConfig.Fallbacks = kept
	if c.ConnConfig.TLSConfig == nil {
		return errors.New("the pg backend would connect without TLS first (sslmode=allow); use sslmode=require or verify-full")
	}
	return nil
}

func here(host string) bool {
	ip := net.ParseIP(host)
	return strings.HasPrefix(host, "/") || host == "localhost" || ip != nil && ip.IsLoopback()
}

// Open returns the place of a stack. It calls nobody.
func Open(ctx context.Context, o Options, getenv func(string) string) (*Place, error) {
	o.Schema, o.Name = cmp.Or(o.Schema, "kmsplan"), cmp.Or(o.Name, "default")
	c, err := o.parse(getenv)
	if err != nil {
		return nil, err
	}
	pool, err := pgxpool.NewWithConfig(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("the pg backend: %w", err)
	}
	where := fmt.Sprintf("pg %s, database %s, schema %s, stack %s", c.ConnConfig.Host, c.ConnConfig.Database, o.Schema, o.Name)
	return &Place{pool: pool, quoted: pgx.Identifier{o.Schema}.Sanitize(), base: o.Name, where: where, stack: o.Name, name: where}, nil
}

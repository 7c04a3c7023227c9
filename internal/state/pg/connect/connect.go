package connect

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Options say how to connect.
type Options struct {
	For     string // who connects, as messages name it: "the pg backend"
	ConnStr string // libpq's URL or keywords, without a password; "" = KMSPLAN_PG_CONN_STR, else the PG… variables
	// Most is how many connections there are at most; 0 = 4.
	Most int32
	// Settings are given with each connection, as a pooler carries them: DateStyle, TimeZone, client_encoding.
	Settings map[string]string
}

// Variable holds a connection string, with a password or without.
const Variable = "KMSPLAN_PG_CONN_STR"

// Pool makes connections as they are needed; it calls nobody. No error of it shows a password.
func (o Options) Pool(ctx context.Context, getenv func(string) string) (*pgxpool.Pool, error) {
	c, err := o.parse(getenv)
	if err != nil {
		return nil, err
	}
	pool, err := pgxpool.NewWithConfig(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", o.For, err)
	}
	return pool, nil
}

func (o Options) parse(getenv func(string) string) (*pgxpool.Config, error) {
	if hasPassword(o.ConnStr) {
		return nil, fmt.Errorf("%s's conn_str holds a password, which then stands in files and logs; take it out and set PGPASSWORD, a passfile, or %s", o.For, Variable)
	}
	c, err := pgxpool.ParseConfig(cmp.Or(o.ConnStr, getenv(Variable)))
	if err != nil {
		return nil, fmt.Errorf("%s's connection string cannot be read; write postgres://USER@HOST/DATABASE or host=… dbname=… user=…", o.For)
	}
	// Nothing of a session is relied on, so that a pooler may give each statement another one.
	c.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeExec
	c.ConnConfig.RuntimeParams["application_name"] = "kmsplan"
	for name, value := range o.Settings {
		c.ConnConfig.RuntimeParams[name] = value
	}
	c.MaxConns, c.MinConns, c.MaxConnIdleTime = cmp.Or(o.Most, 4), 0, 30*time.Second
	if c.ConnConfig.ConnectTimeout == 0 {
		c.ConnConfig.ConnectTimeout = 10 * time.Second
	}
	if err := noPlaintext(c); err != nil {
		return nil, fmt.Errorf("%s %w", o.For, err)
	}
	return c, nil
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
		return errors.New("would connect without TLS first (sslmode=allow); use sslmode=require or verify-full")
	}
	return nil
}

func here(host string) bool {
	ip := net.ParseIP(host)
	return strings.HasPrefix(host, "/") || host == "localhost" || ip != nil && ip.IsLoopback()
}

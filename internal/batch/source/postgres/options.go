package postgres

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"kmsplan.dev/kmsplan/internal/batch/source"
	"kmsplan.dev/kmsplan/internal/state/pg/connect"
	"kmsplan.dev/kmsplan/internal/state/remote"
)

// Options say which column of which table.
type Options struct {
	ConnStr string // libpq's URL or keywords, without a password; "" = KMSPLAN_PG_CONN_STR, else the PG… variables
	// Table is SCHEMA.TABLE as SQL writes it: what is not in double quotes is in lower case. Without a schema it is public's.
	Table  string
	Column string // as SQL writes it
	// Most is how many connections there are at most; 0 = 4.
	Most int32
	// Largest is the largest value that is read or written, bytes as the column holds them; 0 = 64 MiB, which is the most:
	// a value is in memory whole.
	Largest int64
	// Retrying is how long a statement is tried again while the server is away; zero = 8 attempts, of a minute at most each.
	Retrying remote.Retrying
	// Getenv looks variables up; nil = the process's.
	Getenv func(string) string `json:"-"`
}

const largestDefault = 64 << 20

// Source is a source.Source in PostgreSQL.
type Source struct {
	pool    *pgxpool.Pool
	place   string
	schema  string
	name    string // of the table
	column  string
	largest int64
	retry   remote.Retrying

	mu    sync.Mutex
	known *table           // once it was looked up
	of    connect.Database // once it was asked for
}

// settings make the text of a key the same on every connection.
var settings = map[string]string{"DateStyle": "ISO", "TimeZone": "UTC", "client_encoding": "UTF8"}

// Open returns the source. It calls nobody.
func Open(ctx context.Context, o Options) (*Source, error) {
	path, err := identifiers(o.Table)
	if err != nil || len(path) > 2 {
		return nil, fmt.Errorf("the postgres source's table %q is not SCHEMA.TABLE; write what has capitals, dots or blanks in double quotes", o.Table)
	}
	column, err := identifiers(o.Column)
	if err != nil || len(column) != 1 {
		return nil, fmt.Errorf("the postgres source's column %q is not the name of one; write what has capitals, dots or blanks in double quotes", o.Column)
	}
	if o.Largest < 0 || o.Largest > largestDefault {
		return nil, fmt.Errorf("the postgres source's largest value of %d bytes is not between 1 and %d", o.Largest, largestDefault)
	}
	if o.Getenv == nil {
		o.Getenv = os.Getenv
	}
	pool, err := connect.Options{For: "the postgres source", ConnStr: o.ConnStr, Most: o.Most, Settings: settings}.Pool(ctx, o.Getenv)
	if err != nil {
		return nil, err
	}
	s := &Source{pool: pool, schema: "public", name: path[len(path)-1], column: column[0], largest: cmp.Or(o.Largest, largestDefault), retry: o.Retrying}
	if len(path) == 2 {
		s.schema = path[0]
	}
	s.retry.Attempts, s.retry.Each = cmp.Or(s.retry.Attempts, 8), cmp.Or(s.retry.Each, time.Minute)
	c := pool.Config().ConnConfig
	s.place = fmt.Sprintf("postgres://%s:%d/%s/%s.%s/%s", c.Host, c.Port, c.Database, s.schema, s.name, s.column)
	return s, nil
}

// identifiers reads names as SQL writes them, with dots between them.
func identifiers(text string) ([]string, error) {
	var path []string
	for {
		name, rest, err := identifier(text)
		if err != nil {
			return nil, err
		}
		path = append(path, name)
		if rest == "" {
			return path, nil
		}
		text = rest[1:]
	}
}

var errIdentifier = errors.New("no identifier")

func identifier(text string) (name, rest string, err error) {
	if !strings.HasPrefix(text, `"`) {
		name, rest = text, ""
		if n := strings.IndexByte(text, '.'); n >= 0 {
			name, rest = text[:n], text[n:]
		}
		if name = strings.ToLower(name); name == "" || len(name) > 63 || strings.ContainsFunc(name, func(c rune) bool {
			return c != '_' && c != '$' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && c < 0x80
		}) || name[0] >= '0' && name[0] <= '9' {
			return "", "", errIdentifier
		}
		return name, rest, nil
	}
	for n := 1; n < len(text); n++ {
		switch {
		case text[n] != '"':
			name += text[n : n+1]
		case strings.HasPrefix(text[n:], `""`):
			name += `"`
			n++
		default:
			if rest = text[n+1:]; name == "" || len(name) > 63 || strings.ContainsRune(name, 0) || rest != "" && rest[0] != '.' {
				return "", "", errIdentifier
			}
			return name, rest, nil
		}
	}
	return "", "", errIdentifier
}

func quoted(name string) string { return pgx.Identifier{name}.Sanitize() }

// Place implements source.Source.
func (s *Source) Place() string { return s.place }

// Close implements source.Source.
func (s *Source) Close() error {
	s.pool.Close()
	return nil
}

// Joins implements source.Transactional.
func (s *Source) Joins(ctx context.Context) (bool, error) {
	tx, of := connect.Tx(ctx)
	if tx == nil {
		return false, nil
	}
	own, err := s.database(ctx)
	if err != nil || own != of {
		return false, err
	}
	same, err := connect.Same(ctx, s.pool)
	if err != nil {
		return false, s.failure("", err)
	}
	if same {
		return true, s.settle(ctx, tx)
	}
	return false, nil
}

// lockFor is how long a write in another's transaction waits for a row: it holds the rows that were written before it.
const lockFor = "5s"

// settle gives a transaction, for its time, what connections of this source have.
func (s *Source) settle(ctx context.Context, tx pgx.Tx) error {
	_, err := tx.Exec(ctx, "SELECT set_config('DateStyle', $1, true), set_config('TimeZone', $2, true), set_config('lock_timeout', $3, true)",
		settings["DateStyle"], settings["TimeZone"], lockFor)
	if err != nil {
		return s.failure("", err)
	}
	return nil
}

func (s *Source) database(ctx context.Context) (d connect.Database, err error) {
	s.mu.Lock()
	d = s.of
	s.mu.Unlock()
	if d != "" {
		return d, nil
	}
	err = s.retry.Do(ctx, final, func(ctx context.Context) error { d, err = connect.DatabaseOf(ctx, s.pool); return err })
	if err != nil {
		return "", s.failure("", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.of = d
	return d, nil
}

var (
	_ source.Source        = (*Source)(nil)
	_ source.Transactional = (*Source)(nil)
	_ source.Advised       = (*Source)(nil)
)

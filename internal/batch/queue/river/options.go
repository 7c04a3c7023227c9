package river

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"kmsplan.dev/kmsplan/internal/pattern"
	"kmsplan.dev/kmsplan/internal/state/pg/connect"
)

// Options say where the queue lies.
type Options struct {
	ConnStr string // as of the pg backend: without a password; "" = KMSPLAN_PG_CONN_STR, else the PG… variables
	Schema  string // of our tables and River's; "" = kmsplan
	// Connections are the most that this process opens; 0 = 16. A worker needs four, and one more for each chunk whose rows
	// are written in the queue's own database.
	Connections int32
	Log         *slog.Logger // what River says; nil = nothing
}

const (
	defaultSchema      = "kmsplan"
	defaultConnections = 16
)

// maxSchema is River's: it puts names behind the schema's.
const maxSchema = 46

var identifier = pattern.New(`^[a-z_][a-z0-9_]{0,45}$`)

// Queue is a queue.Queue in PostgreSQL.
type Queue struct {
	pool   *pgxpool.Pool
	driver *riverpgxv5.Driver
	schema string
	place  string
	log    *slog.Logger

	clock clock // of all buckets

	once sync.Mutex // of the checks below, each asked once
	fit  bool
	of   connect.Database
	put  *river.Client[pgx.Tx]
}

// Open returns the queue. It calls nobody; what is not there is said at first use.
func Open(ctx context.Context, o Options, getenv func(string) string) (*Queue, error) {
	o.Schema = cmp.Or(o.Schema, defaultSchema)
	if !identifier.MatchString(o.Schema) {
		return nil, fmt.Errorf("the queue's schema %q is no plain identifier (a-z, 0-9, _, at most %d characters)", o.Schema, maxSchema)
	}
	pool, err := connect.Options{For: "the batch queue", ConnStr: o.ConnStr, Most: cmp.Or(o.Connections, defaultConnections)}.Pool(ctx, getenv)
	if err != nil {
		return nil, err
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	c := pool.Config().ConnConfig
	q := &Queue{
		pool: pool, driver: riverpgxv5.New(pool), schema: o.Schema, log: o.Log,
		place: fmt.Sprintf("postgres://%s/%s, schema %s", c.Host, c.Database, o.Schema),
	}
	if q.put, err = river.NewClient(q.driver, &river.Config{Schema: o.Schema, Logger: o.Log, SkipUnknownJobCheck: true}); err != nil {
		pool.Close()
		return nil, fmt.Errorf("%s: %w", q.place, err)
	}
	return q, nil
}

// Place implements queue.Queue.
func (q *Queue) Place() string { return q.place }

// Close implements queue.Queue.
func (q *Queue) Close() error {
	q.pool.Close()
	return nil
}

// sql puts the schema where a statement has @.
func (q *Queue) sql(statement string) string {
	return strings.ReplaceAll(statement, "@", q.schema)
}

// database is asked once.
func (q *Queue) database(ctx context.Context) (connect.Database, error) {
	q.once.Lock()
	defer q.once.Unlock()
	if q.of == "" {
		of, err := connect.DatabaseOf(ctx, q.pool)
		if err != nil {
			return "", q.failure("ask which database it is", err)
		}
		q.of = of
	}
	return q.of, nil
}

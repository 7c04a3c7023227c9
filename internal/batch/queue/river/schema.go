package river

import (
	"context"
	"errors"
	"fmt"

	"github.com/riverqueue/river/rivermigrate"
)

// version is of the tables below. A change of them is a new version and a statement in upgrades.
const version = 2

// tables are ours; @ stands for the schema. What people ask with SQL has columns; the rest is JSON. Entries are gzipped
// lines of JSON, which PostgreSQL is told not to compress again.
const tables = `
CREATE TABLE @.batches (
	id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	address  text NOT NULL,
	last     boolean NOT NULL DEFAULT true, -- of its address
	spec     jsonb NOT NULL,
	status   text NOT NULL,
	reason   text NOT NULL DEFAULT '',
	rate     jsonb NOT NULL,
	created  timestamptz NOT NULL DEFAULT now(),
	started  timestamptz,
	ended    timestamptz,
	chunks   int NOT NULL DEFAULT 0,
	done     int NOT NULL DEFAULT 0,             -- chunks
	failed   bigint NOT NULL DEFAULT 0,          -- objects, of all chunks
	forgiven bigint NOT NULL DEFAULT 0,          -- of failed, when it was resumed last
	tally    jsonb NOT NULL DEFAULT '{}'         -- of the chunks that are done
) WITH (fillfactor = 50);
CREATE UNIQUE INDEX batches_last ON @.batches (address) WHERE last;
CREATE TABLE @.chunks (
	batch    bigint NOT NULL REFERENCES @.batches (id) ON DELETE CASCADE,
	chunk    int NOT NULL,
	about    jsonb NOT NULL,                     -- first, last, objects, bytes, digest
	entries  bytea NOT NULL,
	attempt  int NOT NULL DEFAULT 0,             -- who took it last may record steps
	holder   uuid,                               -- the worker that has it; NULL: nobody
	cursor   int NOT NULL DEFAULT 0,
	step     int NOT NULL DEFAULT 0,             -- the attempt of the last step; 0: none
	tally    jsonb NOT NULL DEFAULT '{}',
	failures int NOT NULL DEFAULT 0,             -- rows in failures
	done     boolean NOT NULL DEFAULT false,
	worker   text NOT NULL DEFAULT '',           -- of the last step
	seen     timestamptz,
	PRIMARY KEY (batch, chunk)
) WITH (fillfactor = 70);
ALTER TABLE @.chunks ALTER COLUMN entries SET STORAGE EXTERNAL;
CREATE INDEX chunks_begun ON @.chunks (batch) WHERE NOT done AND step > 0;
CREATE INDEX chunks_held ON @.chunks (holder) WHERE holder IS NOT NULL;
CREATE TABLE @.failures (
	batch     bigint NOT NULL REFERENCES @.batches (id) ON DELETE CASCADE,
	chunk     int NOT NULL,
	nr        int NOT NULL,
	object    text NOT NULL,
	class     text NOT NULL,
	failure   jsonb NOT NULL,                    -- code, status, request id, attempts, message, at
	PRIMARY KEY (batch, chunk, nr)
);
CREATE TABLE @.buckets (
	gateway text NOT NULL,
	grp     text NOT NULL,
	ceiling float8 NOT NULL,                     -- calls per second
	rate    float8 NOT NULL,
	at      timestamptz NOT NULL,
	due     timestamptz NOT NULL,
	epoch   bigint NOT NULL,
	halved  timestamptz NOT NULL DEFAULT '1970-01-01Z',
	known   float8 NOT NULL DEFAULT 0,           -- rate at which the service refused last; 0: none
	PRIMARY KEY (gateway, grp)
) WITH (fillfactor = 50);
CREATE TABLE @.workers (
	id      uuid PRIMARY KEY,
	name    text NOT NULL,
	began   timestamptz NOT NULL DEFAULT now(),
	seen    timestamptz NOT NULL DEFAULT now()   -- its heartbeat
) WITH (fillfactor = 50);
CREATE TABLE @.queue_version (version int NOT NULL);
INSERT INTO @.queue_version VALUES (2)
`

// upgrades are from each version to the next.
var upgrades = map[int]string{
	1: `ALTER TABLE @.batches ADD COLUMN forgiven bigint NOT NULL DEFAULT 0;
ALTER TABLE @.chunks DROP COLUMN tries;
ALTER TABLE @.buckets ADD COLUMN halved timestamptz NOT NULL DEFAULT '1970-01-01Z', ADD COLUMN known float8 NOT NULL DEFAULT 0`,
}

// hasVersion is of the tables that are there; 0 = none.
func (q *Queue) hasVersion(ctx context.Context, on connection) (has int, err error) {
	var there bool
	if err := on.QueryRow(ctx, "SELECT to_regclass($1::text) IS NOT NULL", q.schema+".queue_version").Scan(&there); err != nil {
		return 0, q.failure("look for the queue's tables", err)
	}
	if !there {
		return 0, nil
	}
	if err := on.QueryRow(ctx, q.sql("SELECT max(version) FROM @.queue_version")).Scan(&has); err != nil {
		return 0, q.failure("read the version of the queue's tables", err)
	}
	return has, nil
}

// What a caller decides on.
var (
	// ErrUnmigrated says that the tables are not there, or older than this version's.
	ErrUnmigrated = errors.New("the queue's tables are not those of this version")
	// ErrNewer says that a later version made the tables.
	ErrNewer = errors.New("the queue's tables are of a later version")
)

func (q *Queue) newer(has int) error {
	return fmt.Errorf("%s: %w: they have version %d, and this kmsplan knows %d; use the kmsplan that migrated them, or a later one, for every worker", q.place, ErrNewer, has, version)
}

// ready reports, once, whether the tables are there and of this version.
func (q *Queue) ready(ctx context.Context) error {
	q.once.Lock()
	defer q.once.Unlock()
	if q.fit {
		return nil
	}
	has, err := q.hasVersion(ctx, q.pool)
	switch {
	case err != nil:
		return err
	case has > version:
		return q.newer(has)
	case has == 0:
		return fmt.Errorf("%s: %w: there are none; run `kmsplan worker -migrate` once, with a role that may make them", q.place, ErrUnmigrated)
	}
	m, err := rivermigrate.New(q.driver, &rivermigrate.Config{Schema: q.schema, Logger: q.log})
	if err != nil {
		return q.failure("look at River's tables", err)
	}
	v, err := m.Validate(ctx, nil)
	if err != nil {
		return q.failure("look at River's tables", err)
	}
	if has < version || !v.OK {
		return fmt.Errorf("%s: %w: they are older; run `kmsplan worker -migrate` once, with the role that made them", q.place, ErrUnmigrated)
	}
	q.fit = true
	return nil
}

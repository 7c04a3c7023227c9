package river

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
)

// watch says that the worker lives, and takes their chunks from those who do not.
func (s *session) watch(ctx context.Context) error {
	if err := s.beat(ctx); err != nil {
		return err
	}
	return s.rescue(ctx)
}

// beat is the heartbeat; chunks that could not be given back go with it.
func (s *session) beat(ctx context.Context) error {
	ctx, cancel := bounded(ctx)
	defer cancel()
	q := s.q
	if _, err := q.pool.Exec(ctx, q.sql("INSERT INTO @.workers AS w (id, name) VALUES ($1::uuid, $2) ON CONFLICT (id) DO UPDATE SET seen = now()"), s.id, s.w.Name); err != nil {
		return q.failure("say that the worker lives", err)
	}
	return s.giveBackLost(ctx)
}

// giveBackLost lets go what the table says this session has and the session does not work on: what it could not give back
// when the database was away. The table is asked first, and a chunk that was taken again meanwhile has another attempt.
func (s *session) giveBackLost(ctx context.Context) error {
	q, doing := s.q, "give chunks back"
	rows, err := q.pool.Query(ctx, q.sql("SELECT batch, chunk, attempt FROM @.chunks WHERE holder = $1::uuid"), s.id)
	if err != nil {
		return q.failure(doing, err)
	}
	type taken struct {
		Batch          int64
		Chunk, Attempt int
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[taken])
	if err != nil {
		return q.failure(doing, err)
	}
	for _, t := range all {
		if s.held.has(place{t.Batch, t.Chunk}) {
			continue
		}
		if _, err := q.pool.Exec(ctx, q.sql("UPDATE @.chunks SET holder = NULL WHERE batch = $1 AND chunk = $2 AND attempt = $3 AND holder = $4::uuid"), t.Batch, t.Chunk, t.Attempt, s.id); err != nil {
			return q.failure(doing, err)
		}
	}
	return nil
}

// rescues makes the jobs of workers without a heartbeat available again: River itself would wait for rescueAfter. It is
// safe for a worker that lives after all: its chunk goes to another with a later attempt, and its steps are refused. Jobs
// of a chunk are marked by who attempted them last, which is the session that River's client is named after. A job of this
// very session that it does not work on is one whose fetch, or whose end, was lost when the database went away.
const rescues = `
UPDATE @.river_job j SET state = 'available', scheduled_at = now(),
	errors = array_append(errors, jsonb_build_object('at', now(), 'attempt', attempt, 'error', 'nobody works on it: its worker gives no sign of life, or lost it', 'trace', ''))
WHERE j.state = 'running' AND j.kind = $1 AND j.attempted_at < now() - interval '30 seconds'
	AND (NOT EXISTS (SELECT FROM @.workers w WHERE w.id::text = j.attempted_by[array_upper(j.attempted_by, 1)] AND ` + lives + `)
		OR j.attempted_by[array_upper(j.attempted_by, 1)] = $2::text AND j.args ->> 'chunk' <> ALL ($3::text[]))`

// rescue hands the chunks of the dead to others.
func (s *session) rescue(ctx context.Context) error {
	ctx, cancel := bounded(ctx)
	defer cancel()
	q := s.q
	busy := s.held.busy()
	return q.inTx(ctx, "rescue chunks", func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, q.sql("UPDATE @.chunks SET holder = NULL WHERE holder IS NOT NULL AND holder NOT IN (SELECT id FROM @.workers w WHERE "+lives+")")); err != nil {
			return q.failure("rescue chunks", err)
		}
		if _, err := tx.Exec(ctx, q.sql(rescues), args{}.Kind(), s.id, busy); err != nil {
			return q.failure("rescue chunks", err)
		}
		if _, err := tx.Exec(ctx, q.sql("DELETE FROM @.workers WHERE "+forgotten)); err != nil {
			return q.failure("rescue chunks", err)
		}
		return nil
	})
}

// orphans are chunks that are not done and that no job stands for: River cancelled, discarded or deleted it, or a person did.
const orphans = `
SELECT c.batch, c.chunk, b.address FROM @.chunks c JOIN @.batches b ON b.id = c.batch
WHERE b.last AND b.status = 'running' AND NOT c.done AND c.holder IS NULL AND ($1 = '' OR b.address = $1) AND NOT EXISTS (
	SELECT FROM @.river_job j WHERE j.queue = 'batch_' || c.batch AND j.kind = $2 AND j.args ->> 'chunk' = c.batch || '/' || c.chunk
		AND j.state IN ('available', 'pending', 'retryable', 'running', 'scheduled'))
LIMIT 1000`

// mend gives them another. Two workers that do it at once make one job: it is unique.
func (s *session) mend(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	rows, err := s.q.pool.Query(ctx, s.q.sql(orphans), s.w.Address, args{}.Kind())
	if err != nil {
		return s.q.failure("look for chunks without a job", err)
	}
	jobs, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (river.InsertManyParams, error) {
		var id int64
		var chunk int
		var address string
		err := r.Scan(&id, &chunk, &address)
		return job(id, chunk, address), err
	})
	if err != nil || len(jobs) == 0 {
		return err
	}
	s.q.log.Warn("chunks without a job get one", "chunks", len(jobs))
	if _, err := s.q.put.InsertMany(ctx, jobs); err != nil {
		return s.q.failure("give chunks a job", err)
	}
	return nil
}

// leave takes the worker's row away: it gave its chunks back.
func (s *session) leave(ctx context.Context) {
	ctx, cancel := bounded(ctx)
	defer cancel()
	// Where it cannot be said, the heartbeat ends by itself.
	_, _ = s.q.pool.Exec(ctx, s.q.sql("DELETE FROM @.workers WHERE id = $1::uuid"), s.id)
}

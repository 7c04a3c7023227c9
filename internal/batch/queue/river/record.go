package river

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"kmsplan.dev/kmsplan/internal/batch"
	"kmsplan.dev/kmsplan/internal/batch/queue"
)

// columns are what row scans.
const columns = "id, spec::text, status, reason, rate::text, created, started, ended, chunks, done, tally::text"

// row is a batch as its table has it.
type row struct {
	id     int64
	record batch.Record // its counts of chunks and its workers apart
	chunks int
	done   int
}

func scan(from pgx.Row) (r row, err error) {
	var spec, rate, tally, status string
	var started, ended *time.Time
	b := &r.record
	if err := from.Scan(&r.id, &spec, &status, &b.Reason, &rate, &b.Created, &started, &ended, &r.chunks, &r.done, &tally); err != nil {
		return row{}, err
	}
	b.Status = batch.Status(status)
	if started != nil {
		b.Started = *started
	}
	if ended != nil {
		b.Ended = *ended
	}
	return r, errors.Join(json.Unmarshal([]byte(spec), &b.Spec), json.Unmarshal([]byte(rate), &b.Rate), json.Unmarshal([]byte(tally), &b.Tally))
}

// Record implements queue.Queue.
func (q *Queue) Record(ctx context.Context, address string) (batch.Record, error) {
	if err := q.ready(ctx); err != nil {
		return batch.Record{}, err
	}
	ctx, cancel := bounded(ctx)
	defer cancel()
	r, err := scan(q.pool.QueryRow(ctx, q.sql("SELECT "+columns+" FROM @.batches WHERE address = $1 AND last"), address))
	if errors.Is(err, pgx.ErrNoRows) {
		return batch.Record{}, q.none(address)
	}
	if err != nil {
		return batch.Record{}, q.failure("read "+address, err)
	}
	return q.whole(ctx, r)
}

func (q *Queue) none(address string) error {
	return fmt.Errorf("%s: %s: %w", q.place, address, queue.ErrNone)
}

// Records implements queue.Queue.
func (q *Queue) Records(ctx context.Context) ([]batch.Record, error) {
	if err := q.ready(ctx); err != nil {
		return nil, err
	}
	ctx, cancel := bounded(ctx)
	defer cancel()
	rows, err := q.pool.Query(ctx, q.sql("SELECT "+columns+` FROM @.batches WHERE last ORDER BY address COLLATE "C"`))
	if err != nil {
		return nil, q.failure("read the batches", err)
	}
	all, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (row, error) { return scan(r) })
	if err != nil {
		return nil, q.failure("read the batches", err)
	}
	var out []batch.Record
	for _, r := range all {
		b, err := q.whole(ctx, r)
		if err != nil {
			return nil, err
		}
		out = append(out, b)
	}
	return out, nil
}

// whole adds what the chunks that are not done tell.
func (q *Queue) whole(ctx context.Context, r row) (batch.Record, error) {
	b, doing := r.record, "read the chunks of "+r.record.Spec.Address
	rows, err := q.pool.Query(ctx, q.sql("SELECT tally::text FROM @.chunks WHERE batch = $1 AND NOT done AND step > 0"), r.id)
	if err != nil {
		return b, q.failure(doing, err)
	}
	var text string
	if _, err = pgx.ForEachRow(rows, []any{&text}, func() error {
		var t batch.Tally
		err := json.Unmarshal([]byte(text), &t)
		b.Tally.Add(t)
		return err
	}); err != nil {
		return b, q.failure(doing, err)
	}
	if err := q.pool.QueryRow(ctx, q.sql("SELECT count(c.chunk), count(DISTINCT w.id) FROM @.workers w LEFT JOIN @.chunks c ON c.holder = w.id AND c.batch = $1 WHERE "+lives), r.id).Scan(&b.Chunks.Running, &b.Present); err != nil {
		return b, q.failure(doing, err)
	}
	b.Chunks.Done, b.Chunks.Waiting = r.done, max(r.chunks-r.done-b.Chunks.Running, 0)
	b.Workers, err = q.workers(ctx, r.id)
	return b, err
}

// workers are those that recorded a step, by name, with their last.
func (q *Queue) workers(ctx context.Context, id int64) ([]batch.WorkerSeen, error) {
	rows, err := q.pool.Query(ctx, q.sql("SELECT DISTINCT ON (worker) worker, chunk, seen FROM @.chunks WHERE batch = $1 AND worker <> '' ORDER BY worker, seen DESC"), id)
	if err != nil {
		return nil, q.failure("read who works", err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowToStructByPos[batch.WorkerSeen])
	if err != nil {
		return nil, q.failure("read who works", err)
	}
	return out, nil
}

// Failures implements queue.Queue.
func (q *Queue) Failures(ctx context.Context, address string, each func(batch.Failure) error) error {
	var text string
	return q.every(ctx, address, "SELECT failure::text FROM @.failures WHERE batch = $1 ORDER BY chunk, nr", []any{&text}, func() error {
		var f batch.Failure
		if err := json.Unmarshal([]byte(text), &f); err != nil {
			return err
		}
		return each(f)
	})
}

// Steps implements queue.Queue.
func (q *Queue) Steps(ctx context.Context, address string, each func(batch.Step) error) error {
	var s batch.Step
	var text string
	return q.every(ctx, address, "SELECT chunk, step, cursor, tally::text, done, worker FROM @.chunks WHERE batch = $1 AND step > 0 ORDER BY chunk",
		[]any{&s.Chunk, &s.Attempt, &s.Cursor, &text, &s.Done, &s.Worker}, func() error {
			s.Tally = batch.Tally{}
			if err := json.Unmarshal([]byte(text), &s.Tally); err != nil {
				return err
			}
			return each(s)
		})
}

// every goes through rows of the last batch of an address as they come.
func (q *Queue) every(ctx context.Context, address, statement string, into []any, each func() error) error {
	if err := q.ready(ctx); err != nil {
		return err
	}
	var id int64
	err := q.pool.QueryRow(ctx, q.sql("SELECT id FROM @.batches WHERE address = $1 AND last"), address).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		return q.none(address)
	}
	if err != nil {
		return q.failure("read "+address, err)
	}
	rows, err := q.pool.Query(ctx, q.sql(statement), id)
	if err != nil {
		return q.failure("read the chunks of "+address, err)
	}
	var told error
	if _, err := pgx.ForEachRow(rows, into, func() error { told = each(); return told }); err != nil && told == nil {
		return q.failure("read the chunks of "+address, err)
	}
	return told
}

package river

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivertype"

	"kmsplan.dev/kmsplan/internal/batch"
	"kmsplan.dev/kmsplan/internal/batch/queue"
	"kmsplan.dev/kmsplan/internal/safety"
	"kmsplan.dev/kmsplan/internal/state/pg/connect"
)

// delivery is a queue.Delivery.
type delivery struct {
	q     *Queue
	ctx   context.Context // River's, of the job: what completes it asks for it
	job   *river.Job[args]
	id    int64
	spec  batch.Spec
	chunk batch.Chunk
	last  batch.Step
}

// Spec implements queue.Delivery.
func (d *delivery) Spec() batch.Spec { return d.spec }

// Chunk implements queue.Delivery.
func (d *delivery) Chunk() batch.Chunk { return d.chunk }

// Last implements queue.Delivery.
func (d *delivery) Last() batch.Step { return d.last }

// Entries implements queue.Delivery.
func (d *delivery) Entries(ctx context.Context) ([]batch.Entry, error) {
	return d.q.entries(ctx, fmt.Sprintf("read chunk %d of %s", d.chunk.Index, d.spec.Address), "SELECT entries FROM @.chunks WHERE batch = $1 AND chunk = $2", d.id, d.chunk.Index)
}

// Together implements queue.Together.
func (d *delivery) Together(ctx context.Context, do func(ctx context.Context) error) error {
	of, err := d.q.database(ctx)
	if err != nil {
		return err
	}
	return d.q.inTx(ctx, "work in one transaction", func(tx pgx.Tx) error {
		return do(connect.WithTx(ctx, tx, of))
	})
}

// Record implements queue.Delivery. A worker that drains still records.
func (d *delivery) Record(ctx context.Context, s batch.Step) (now batch.Status, err error) {
	s.Chunk = d.chunk.Index
	if tx, of := connect.Tx(ctx); tx != nil && of == d.q.of {
		return d.record(ctx, tx, s)
	}
	ctx, cancel := bounded(context.WithoutCancel(ctx))
	defer cancel()
	err = d.q.inTx(ctx, d.doing(s), func(tx pgx.Tx) error {
		now, err = d.record(ctx, tx, s)
		return err
	})
	return now, err
}

func (d *delivery) doing(s batch.Step) string {
	return fmt.Sprintf("record a step of chunk %d of %s", s.Chunk, d.spec.Address)
}

// before is what a chunk's row says before a step.
type before struct {
	attempt  int
	done     bool
	failures int
	tally    batch.Tally
}

// record holds the chunk's row, and the batch's where its counts change.
func (d *delivery) record(ctx context.Context, tx pgx.Tx, s batch.Step) (now batch.Status, err error) {
	was, now, err := d.before(ctx, tx, s)
	if err != nil {
		return now, err
	}
	if s.Attempt < was.attempt && !safety.Off(safety.StaleStep) {
		return now, fmt.Errorf("%s: attempt %d, and attempt %d has begun: %w", d.doing(s), s.Attempt, was.attempt, queue.ErrStale)
	}
	tally, err := json.Marshal(s.Tally)
	if err != nil {
		return now, err
	}
	if _, err := tx.Exec(ctx, d.q.sql(`UPDATE @.chunks SET cursor = $3, step = $4, tally = $5::text::jsonb, failures = $6, done = $7, worker = $8, seen = now()
		WHERE batch = $1 AND chunk = $2`), d.id, s.Chunk, s.Cursor, s.Attempt, string(tally), len(s.Failures), s.Done, s.Worker); err != nil {
		return now, d.q.failure(d.doing(s), err)
	}
	if err := d.failures(ctx, tx, was, s); err != nil {
		return now, d.q.failure(d.doing(s), err)
	}
	if was.done || s.Done || was.tally.Failed != s.Tally.Failed {
		if now, err = d.count(ctx, tx, was, s); err != nil {
			return now, d.q.failure(d.doing(s), err)
		}
	}
	if s.Done {
		return now, d.complete(ctx, tx)
	}
	return now, nil
}

func (d *delivery) before(ctx context.Context, tx pgx.Tx, s batch.Step) (was before, now batch.Status, err error) {
	var tally, status string
	err = tx.QueryRow(ctx, d.q.sql(`SELECT c.attempt, c.done, c.failures, c.tally::text, b.status FROM @.chunks c JOIN @.batches b ON b.id = c.batch
		WHERE c.batch = $1 AND c.chunk = $2 FOR UPDATE OF c`), d.id, s.Chunk).Scan(&was.attempt, &was.done, &was.failures, &tally, &status)
	if errors.Is(err, pgx.ErrNoRows) {
		return was, batch.Cancelled, fmt.Errorf("%s: %w: its batch made room for another", d.doing(s), queue.ErrStale)
	}
	if err != nil {
		return was, "", d.q.failure(d.doing(s), err)
	}
	return was, batch.Status(status), json.Unmarshal([]byte(tally), &was.tally)
}

// failures replaces those of the chunk.
func (d *delivery) failures(ctx context.Context, tx pgx.Tx, was before, s batch.Step) error {
	if was.failures > 0 {
		if _, err := tx.Exec(ctx, d.q.sql("DELETE FROM @.failures WHERE batch = $1 AND chunk = $2"), d.id, s.Chunk); err != nil {
			return err
		}
	}
	if len(s.Failures) == 0 {
		return nil
	}
	rows := make([][]any, len(s.Failures))
	for i, f := range s.Failures {
		f.Chunk = s.Chunk
		text, err := json.Marshal(f)
		if err != nil {
			return err
		}
		rows[i] = []any{d.id, s.Chunk, i, f.Object, string(f.Class), string(text)}
	}
	_, err := tx.CopyFrom(ctx, pgx.Identifier{d.q.schema, "failures"}, []string{"batch", "chunk", "nr", "object", "class", "failure"}, pgx.CopyFromRows(rows))
	return err
}

// complete ends River's job in the transaction of the step. Where River has given the job to another meanwhile, or taken it
// away, that one finds the chunk done.
func (d *delivery) complete(ctx context.Context, tx pgx.Tx) error {
	inJob, cancel := bounded(context.WithoutCancel(d.ctx))
	defer cancel()
	_, err := river.JobCompleteTx[*riverpgxv5.Driver](inJob, tx, d.job)
	if err != nil && !errors.Is(err, rivertype.ErrNotFound) {
		return d.q.failure("complete the job of "+d.job.Args.Chunk, err)
	}
	return ctx.Err()
}

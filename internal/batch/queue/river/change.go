package river

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"kmsplan.dev/kmsplan/internal/batch"
	"kmsplan.dev/kmsplan/internal/batch/queue"
)

// Change implements queue.Queue. The row is what counts: a worker looks at it before each chunk and with each step. River's
// queue of the batch is paused with it, so that nobody fetches in vain.
func (q *Queue) Change(ctx context.Context, address string, c queue.Change) (batch.Record, error) {
	if err := q.ready(ctx); err != nil {
		return batch.Record{}, err
	}
	bound, cancel := bounded(ctx)
	defer cancel()
	doing := "change " + address
	err := q.inTx(bound, doing, func(tx pgx.Tx) error {
		r, err := scan(tx.QueryRow(bound, q.sql("SELECT "+columns+" FROM @.batches WHERE address = $1 AND last FOR NO KEY UPDATE"), address))
		switch {
		case errors.Is(err, pgx.ErrNoRows):
			return q.none(address)
		case err != nil:
			return q.failure(doing, err)
		case r.record.Status.Over():
			return fmt.Errorf("%s: %s: %w: it is %s", q.place, doing, queue.ErrOver, r.record.Status)
		}
		if err := q.setRate(bound, tx, r.id, c.Rate); err != nil {
			return q.failure(doing, err)
		}
		if err := q.setStatus(bound, tx, r, c); err != nil {
			return q.failure(doing, err)
		}
		return nil
	})
	if err != nil && !errors.Is(err, queue.ErrOver) {
		return batch.Record{}, err
	}
	r, errRecord := q.Record(ctx, address)
	return r, errors.Join(err, errRecord)
}

func (q *Queue) setRate(ctx context.Context, tx pgx.Tx, id int64, rate *batch.Rate) error {
	if rate == nil {
		return nil
	}
	text, err := json.Marshal(rate)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, q.sql("UPDATE @.batches SET rate = $2::text::jsonb WHERE id = $1"), id, string(text))
	return err
}

func (q *Queue) setStatus(ctx context.Context, tx pgx.Tx, r row, c queue.Change) error {
	if c.Status == "" {
		return nil
	}
	if c.Status == batch.Running && r.done == r.chunks {
		c.Status = batch.Done
	}
	_, err := tx.Exec(ctx, q.sql(`UPDATE @.batches SET status = $2::text, reason = $3, forgiven = CASE WHEN status = 'paused' AND $2::text = 'running' THEN failed ELSE forgiven END, started = CASE WHEN $2::text = 'running' THEN coalesce(started, now()) ELSE started END,
		ended = CASE WHEN $2::text IN ('cancelled', 'done') THEN now() END WHERE id = $1`), r.id, string(c.Status), c.Reason)
	if err != nil {
		return err
	}
	switch {
	case c.Status == batch.Running:
		err = q.put.QueueResumeTx(ctx, tx, queueOf(r.id), nil)
	case c.Status == batch.Paused:
		err = q.put.QueuePauseTx(ctx, tx, queueOf(r.id), nil)
	default:
		err = q.dropJobs(ctx, tx, r.id)
	}
	if errors.Is(err, rivertype.ErrNotFound) { // no worker has met the queue yet
		err = nil
	}
	return err
}

// dropJobs takes away the jobs of a batch that is over; those that are being worked end by themselves.
func (q *Queue) dropJobs(ctx context.Context, tx pgx.Tx, id int64) error {
	const most = 10_000 // River's limit
	params := river.NewJobDeleteManyParams().Queues(queueOf(id)).First(most)
	for {
		r, err := q.put.JobDeleteManyTx(ctx, tx, params)
		if err != nil || len(r.Jobs) < most {
			return err
		}
	}
}

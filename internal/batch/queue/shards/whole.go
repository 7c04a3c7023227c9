package shards

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"

	"kmsplan.dev/kmsplan/internal/batch"
)

// mostAtOnce is how many objects are read or stored at once.
const mostAtOnce = 16

// ledgers reads those of all shards of a batch.
func (q *Queue) ledgers(ctx context.Context, e entry) ([]ledger, error) {
	all := make([]ledger, e.Shards)
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(mostAtOnce)
	for i := range all {
		g.Go(func() (err error) {
			all[i], _, err = readLedger(ctx, q.room(room(e.Run, Shard{i, e.Shards})))
			return err
		})
	}
	return all, g.Wait()
}

// heed pauses a batch of which too many objects failed, in all shards together.
func (q *Queue) heed(ctx context.Context, e entry) error {
	if e.Spec.MaxFailures < 0 {
		return nil
	}
	e, err := q.entry(ctx, e.Spec.Address) // with the number of shards
	if err != nil {
		return err
	}
	all, err := q.ledgers(ctx, e)
	if err != nil {
		return err
	}
	failed := int64(0)
	for _, l := range all {
		failed += l.total().Failed
	}
	if e.Status != batch.Running || e.Spec.TooMany(failed, e.Forgiven) == "" {
		return nil
	}
	return q.edit(ctx, e.Spec.Address, func(now entry, _ bool) (entry, error) {
		if reason := now.Spec.TooMany(failed, now.Forgiven); now.Run == e.Run && now.Status == batch.Running && reason != "" {
			now.Status, now.Reason = batch.Paused, reason
		}
		return now, nil
	})
}

// finish notes that a batch is done, when all its shards are.
func (q *Queue) finish(ctx context.Context, e entry) error {
	e, err := q.entry(ctx, e.Spec.Address)
	if err != nil {
		return err
	}
	all, err := q.ledgers(ctx, e)
	if err != nil || !finished(e, all) {
		return err
	}
	return q.edit(ctx, e.Spec.Address, func(now entry, _ bool) (entry, error) {
		if now.Run == e.Run && !now.Status.Over() {
			now.Status, now.Reason, now.Ended = batch.Done, "", time.Now().UTC()
		}
		return now, nil
	})
}

// finished reports whether every chunk of a batch is done.
func finished(e entry, all []ledger) bool {
	done := 0
	for _, l := range all {
		done += l.done()
	}
	return done == e.Spec.Chunks && !e.Started.IsZero()
}

// record is the batch as its ledgers tell.
func (e entry) record(all []ledger) batch.Record {
	r := batch.Record{Spec: e.Spec, Status: e.Status, Reason: e.Reason, Rate: e.Rate, Created: e.Created, Started: e.Started, Ended: e.Ended}
	begun, present := 0, 0
	for _, l := range all {
		r.Tally.Add(l.total())
		r.Chunks.Done += l.done()
		for _, s := range l.Steps {
			if !s.Done {
				begun++
			}
		}
		if l.Holder != "" {
			present++
		}
		if l.Worker != "" {
			r.Workers = append(r.Workers, batch.WorkerSeen{Name: l.Worker, Chunk: l.Last, Seen: l.Seen})
		}
	}
	if finished(e, all) && !e.Status.Over() { // its last worker died between its last step and saying so
		r.Status, r.Reason = batch.Done, ""
	}
	if r.Status == batch.Running {
		r.Chunks.Running = begun
	}
	r.Present = &present
	r.Chunks.Waiting = e.Spec.Chunks - r.Chunks.Done - r.Chunks.Running
	return r
}

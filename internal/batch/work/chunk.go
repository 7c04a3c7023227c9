package work

import (
	"cmp"
	"context"
	"fmt"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"kmsplan.dev/kmsplan/internal/batch"
	"kmsplan.dev/kmsplan/internal/batch/queue"
	"kmsplan.dev/kmsplan/internal/ops/keys"
)

// A step is recorded after so many entries, or bytes of them: what a worker that dies does again at most.
const (
	stepEntries = 100
	stepBytes   = 64 << 20
)

// Chunk works on one delivery from where the last attempt left it, and records steps. It ends early where the batch runs no more and
// where ctx ends: the objects that are being worked on are finished and recorded, and no other is begun.
func (w *Worker) Chunk(ctx context.Context, d queue.Delivery) error {
	entries, err := d.Entries(ctx)
	if err != nil {
		return fmt.Errorf("read the entries of chunk %d: %w", d.Chunk().Index, err)
	}
	s := d.Last().Clone()
	s.Chunk, s.Worker, s.Done = d.Chunk().Index, w.Name, false
	if s.Cursor < 0 || s.Cursor > len(entries) {
		return fmt.Errorf("chunk %d has %d entries, and its last step is at %d; cancel the batch and plan it again", s.Chunk, len(entries), s.Cursor)
	}
	one := w.apart(d, ctx.Done())
	if t := w.together(ctx, d); t != nil && s.Cursor < len(entries) {
		one = w.inOne(t, d, ctx.Done())
	}
	for s.Cursor < len(entries) {
		if ctx.Err() != nil {
			return nil // drained: the chunk comes again where it is
		}
		status, err := one(context.WithoutCancel(ctx), &s, entries[s.Cursor:])
		if err != nil || status != batch.Running {
			return err
		}
	}
	if s.Done {
		return nil
	}
	s.Done = true // an attempt before this one died between its last entry and this
	_, err = d.Record(context.WithoutCancel(ctx), s)
	return err
}

// step works on the next entries of a chunk and records how far it is. Once its worker drains it begins no more of them, and where it
// has begun none there is nothing to record.
type step func(ctx context.Context, s *batch.Step, entries []batch.Entry) (batch.Status, error)

// apart is a step whose objects are written one by one, and which is recorded after them.
func (w *Worker) apart(d queue.Delivery, drains <-chan struct{}) step {
	return func(ctx context.Context, s *batch.Step, entries []batch.Entry) (batch.Status, error) {
		n := stepOf(entries, stepBytes)
		results, calls, err := w.objects(ctx, drains, s.Chunk, entries[:n])
		if err != nil {
			return "", err
		}
		if len(results) == 0 {
			return batch.Running, nil
		}
		w.count(s, results, calls)
		s.Done = len(results) == len(entries)
		return d.Record(ctx, s.Clone())
	}
}

// stepOf is how many entries the next step has.
func stepOf(entries []batch.Entry, most int64) (n int) {
	for bytes := int64(0); n < len(entries) && n < stepEntries && bytes < most; n++ {
		bytes += max(entries[n].Size, 0)
	}
	return n
}

// objects works on entries, several at once, all of them or none: what is begun ends. Once the worker drains it begins no more, and
// gives the results of the first ones, which were; nil = it does not. It counts the calls. Each goroutine takes one after the other:
// its stack has grown by the second.
func (w *Worker) objects(ctx context.Context, drains <-chan struct{}, chunk int, entries []batch.Entry) ([]batch.Result, int64, error) {
	results := make([]batch.Result, len(entries))
	var calls, next atomic.Int64
	g, ctx := errgroup.WithContext(keys.Counting(ctx, &calls))
	for range min(cmp.Or(w.Parallel, defaultParallel), len(entries)) {
		g.Go(func() (err error) {
			for {
				select {
				case <-drains:
					return nil
				case <-ctx.Done():
					return ctx.Err()
				default:
				}
				i := int(next.Add(1)) - 1
				if i >= len(entries) {
					return nil
				}
				if results[i], err = w.roomed(ctx, chunk, entries[i]); err != nil {
					return fmt.Errorf("%s: %w", entries[i].Name, err)
				}
			}
		})
	}
	err := g.Wait()
	return results[:min(int(next.Load()), len(results))], calls.Load(), err
}

// count brings results into a step.
func (w *Worker) count(s *batch.Step, results []batch.Result, calls int64) {
	for _, r := range results {
		s.Tally.Count(r)
		if r.Failure != nil {
			s.Failures = append(s.Failures, *r.Failure)
		}
		if w.Told != nil {
			w.Told(r)
		}
	}
	s.Tally.Outcomes = s.Tally.Outcomes.With(results)
	s.Tally.Calls += calls
	s.Cursor += len(results)
}

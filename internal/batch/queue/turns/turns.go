package turns

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"

	"kmsplan.dev/kmsplan/internal/batch/queue"
)

// Held is a chunk that a worker has taken.
type Held interface {
	queue.Delivery
	// End gives it up; ctx may have ended.
	End(ctx context.Context) error
}

// Next takes a chunk. Nil, when there is none: busy says that there may be one later.
type Next func(ctx context.Context) (d Held, busy bool, err error)

// How long a worker waits after a chunk that ended in an error: doubled with each such chunk in a row.
const (
	pauseFirst = 50 * time.Millisecond
	pauseMost  = 10 * time.Second
)

// Work works until ctx ends, or, once, until there is nothing to take. It looks for chunks every so often when there are none.
func Work(ctx context.Context, w queue.Worker, every time.Duration, next Next) error {
	g, ctx := errgroup.WithContext(ctx)
	for range max(w.Parallel, 1) {
		g.Go(func() error { return loop(ctx, w, every, next) })
	}
	return g.Wait()
}

func loop(ctx context.Context, w queue.Worker, every time.Duration, next Next) error {
	pause := pauseFirst
	for ctx.Err() == nil {
		d, busy, err := next(ctx)
		if err != nil {
			return err
		}
		if d == nil && w.Once && !busy {
			return nil
		}
		wait := every
		if d != nil {
			wait = 0
			if err := w.Do(ctx, d); err != nil { // it comes again
				wait, pause = pause, min(2*pause, pauseMost)
			} else {
				pause = pauseFirst
			}
			if err := d.End(ctx); err != nil {
				return err
			}
		}
		if err := sleep(ctx, wait); err != nil {
			return err
		}
	}
	return ctx.Err()
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

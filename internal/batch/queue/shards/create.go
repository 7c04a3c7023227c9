package shards

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"kmsplan.dev/kmsplan/internal/batch"
	"kmsplan.dev/kmsplan/internal/batch/queue"
	"kmsplan.dev/kmsplan/internal/batch/queue/parts"
)

func chunkName(run string, chunk int) string { return fmt.Sprintf("%s-chunk-%08d", run, chunk) }

// Create implements queue.Queue. Its chunks are stored first; the batch is there once the batches name it. What a creation that
// broke off has stored stays, and nothing reads it.
func (q *Queue) Create(ctx context.Context, spec batch.Spec, chunks iter.Seq2[queue.Part, error]) error {
	if err := q.free(ctx, spec.Address); err != nil {
		return err
	}
	e := entry{
		Run: spec.ID() + "-" + uuid.NewString()[:8], Spec: spec, Status: batch.Paused, Rate: spec.Rate,
	}
	if err := q.storeChunks(ctx, e, chunks); err != nil {
		return fmt.Errorf("storing the manifest of %s in %s: %w", spec.Address, q.name, err)
	}
	e.Created = time.Now().UTC()
	run := ""
	return q.edit(ctx, spec.Address, func(now entry, there bool) (entry, error) {
		if there && now.Run == e.Run || !there || now.Status.Over() {
			return e, nil
		}
		if run != now.Run { // its last worker may not have said that it is done
			run = now.Run
			if err := q.free(ctx, spec.Address); err != nil {
				return now, err
			}
		}
		return e, nil
	})
}

// free reports a batch of the address that is not over.
func (q *Queue) free(ctx context.Context, address string) error {
	r, err := q.Record(ctx, address)
	switch {
	case errors.Is(err, queue.ErrNone):
		return nil
	case err != nil:
		return err
	case !r.Status.Over():
		return fmt.Errorf("%s in %s is %s: %w", address, q.name, r.Status, queue.ErrUnfinished)
	}
	return nil
}

func (q *Queue) storeChunks(ctx context.Context, e entry, chunks iter.Seq2[queue.Part, error]) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(mostAtOnce)
	n := 0
	var bad error
	for p, err := range chunks {
		if bad = err; bad == nil && p.Index != n {
			bad = fmt.Errorf("chunk %d comes where chunk %d should", p.Index, n)
		}
		if bad != nil || ctx.Err() != nil {
			break
		}
		n++
		g.Go(func() error {
			data, err := parts.Append(nil, p)
			if err != nil {
				return err
			}
			return q.room("").Put(ctx, chunkName(e.Run, p.Index), data)
		})
	}
	if err := errors.Join(g.Wait(), bad); err != nil {
		return err
	}
	if n != e.Spec.Chunks {
		return fmt.Errorf("it has %d chunks, and its plan says %d", n, e.Spec.Chunks)
	}
	return nil
}

package cli

import (
	"context"
	"errors"
	"fmt"

	"kmsplan.dev/kmsplan/internal/batch"
	"kmsplan.dev/kmsplan/internal/batch/queue"
	"kmsplan.dev/kmsplan/internal/batch/queue/shards"
	"kmsplan.dev/kmsplan/internal/stack"
)

// withQueue opens the queue of a batch; KMS is not asked.
func (a *app) withQueue(ctx context.Context, f *batchFlags, address string, work func(*stack.Stack, *stack.Batch, queue.Queue) error) error {
	at, err := batchAddress(address)
	if err != nil {
		return err
	}
	return a.withBatches(f, func(s *stack.Stack) error {
		b, err := s.BatchPlaces(ctx, at)
		if err != nil {
			return err
		}
		q, err := b.OpenQueue(ctx, shards.Shard{})
		if err != nil {
			return fmt.Errorf("%s: open the queue: %w", at, err)
		}
		defer a.closing(q.Close)
		return work(s, b, q)
	})
}

// records are the last batches of the module's addresses, or of one.
func (a *app) records(ctx context.Context, f *batchFlags, args []string, each func(batch.Record, queue.Queue)) error {
	return a.withBatches(f, func(s *stack.Stack) error {
		wanted := s.Batches()
		if len(args) > 0 {
			at, err := batchAddress(args[0])
			if err != nil {
				return err
			}
			wanted = wanted[:0:0]
			wanted = append(wanted, at)
		}
		for _, at := range wanted {
			b, err := s.BatchPlaces(ctx, at)
			if err != nil {
				return err
			}
			q, err := b.OpenQueue(ctx, shards.Shard{})
			if err != nil {
				return fmt.Errorf("%s: open the queue: %w", at, err)
			}
			r, err := q.Record(ctx, b.Spec.Address)
			if err == nil {
				each(r, q)
			}
			if errors.Is(err, queue.ErrNone) && len(args) == 0 {
				err = nil
			}
			if err := errors.Join(asNone(err, b.Spec.Address), q.Close()); err != nil {
				return err
			}
		}
		return nil
	})
}

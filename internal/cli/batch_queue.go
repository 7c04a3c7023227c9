package cli

import (
	"context"
	"errors"
	"fmt"

	"kmsplan.dev/kmsplan/internal/batch"
	"kmsplan.dev/kmsplan/internal/batch/queue"
	"kmsplan.dev/kmsplan/internal/batch/queue/shards"
	"kmsplan.dev/kmsplan/internal/kind"
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
func (a *app) records(ctx context.Context, f *batchFlags, args []string, each func(*stack.Batch, batch.Record, queue.Queue)) error {
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
				each(b, r, q)
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

// unattended says that nobody works on a batch that runs, and what would; "" = somebody does, or its queue does not know.
func unattended(b *stack.Batch, r batch.Record) string {
	at := typed(r.Spec.Address)
	switch {
	case r.Status != batch.Running || r.Present == nil || *r.Present > 0:
		return ""
	case b.Queue != kind.QueueShards:
		return "no worker works on its queue now; start one with kmsplan worker " + at
	case b.Shards > 0:
		return fmt.Sprintf("no worker has taken a shard of it yet; start them with kmsplan worker -shard 0/%d %s and so on, to %d/%d", b.Shards, at, b.Shards-1, b.Shards)
	}
	return "no worker has taken a shard of it yet; start them with kmsplan worker -shard INDEX/SHARDS " + at + ", the index from 0"
}

package shards

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"kmsplan.dev/kmsplan/internal/batch"
	"kmsplan.dev/kmsplan/internal/batch/queue"
)

// Record implements queue.Queue.
func (q *Queue) Record(ctx context.Context, address string) (batch.Record, error) {
	e, err := q.entry(ctx, address)
	if err != nil {
		return batch.Record{}, err
	}
	all, err := q.ledgers(ctx, e)
	if err != nil {
		return batch.Record{}, err
	}
	return e.record(all), nil
}

// Records implements queue.Queue.
func (q *Queue) Records(ctx context.Context) (out []batch.Record, err error) {
	c, _, err := q.look(ctx)
	if err != nil {
		return nil, err
	}
	for _, address := range slices.Sorted(maps.Keys(c.Batches)) {
		all, err := q.ledgers(ctx, c.Batches[address])
		if err != nil {
			return nil, err
		}
		out = append(out, c.Batches[address].record(all))
	}
	return out, nil
}

// Entries implements queue.Queue.
func (q *Queue) Entries(ctx context.Context, address string, chunk int) ([]batch.Entry, error) {
	e, err := q.entry(ctx, address)
	if err != nil {
		return nil, err
	}
	if chunk < 0 || chunk >= e.Spec.Chunks {
		return nil, fmt.Errorf("chunk %d of %s: %w", chunk, address, queue.ErrNone)
	}
	p, err := q.part(ctx, e, chunk)
	return p.Entries, err
}

// Failures implements queue.Queue.
func (q *Queue) Failures(ctx context.Context, address string, each func(batch.Failure) error) error {
	return q.every(ctx, address, func(s batch.Step) error {
		for _, f := range s.Failures {
			if err := each(f); err != nil {
				return err
			}
		}
		return nil
	})
}

// Steps implements queue.Queue.
func (q *Queue) Steps(ctx context.Context, address string, each func(batch.Step) error) error {
	return q.every(ctx, address, func(s batch.Step) error {
		s.Failures = nil
		return each(s)
	})
}

// where a step stands: in a shard's ledger (""), or in one of its objects.
type where struct {
	shard int
	part  string
}

// every reads the last step of each chunk, by chunk. It keeps where they stand, and of each shard the object it read last:
// chunks are done in their order, nearly.
func (q *Queue) every(ctx context.Context, address string, each func(batch.Step) error) error {
	e, err := q.entry(ctx, address)
	if err != nil {
		return err
	}
	all, err := q.ledgers(ctx, e)
	if err != nil {
		return err
	}
	at := map[int]where{}
	for i, l := range all {
		for _, name := range l.Parts {
			steps, err := readPart(ctx, q.room(room(e.Run, Shard{i, e.Shards})), name)
			if err != nil {
				return err
			}
			for _, s := range steps {
				at[s.Chunk] = where{i, name}
			}
		}
		for chunk := range l.Steps {
			at[chunk] = where{shard: i}
		}
	}
	read := make([]struct {
		part  string
		steps map[int]batch.Step
	}, len(all))
	for _, chunk := range slices.Sorted(maps.Keys(at)) {
		w := at[chunk]
		last := &read[w.shard]
		if w.part != "" && last.part != w.part {
			steps, err := readPart(ctx, q.room(room(e.Run, Shard{w.shard, e.Shards})), w.part)
			if err != nil {
				return err
			}
			last.part, last.steps = w.part, map[int]batch.Step{}
			for _, s := range steps {
				last.steps[s.Chunk] = s
			}
		}
		s := all[w.shard].Steps[chunk]
		if w.part != "" {
			s = last.steps[chunk]
		}
		if err := each(s); err != nil {
			return err
		}
	}
	return nil
}

package local

import (
	"context"
	"fmt"
	"time"

	"kmsplan.dev/kmsplan/internal/batch"
	"kmsplan.dev/kmsplan/internal/batch/queue"
	"kmsplan.dev/kmsplan/internal/safety"
)

// delivery is a queue.Delivery.
type delivery struct {
	q       *Queue
	k       *kept
	spec    batch.Spec
	chunk   int
	attempt int
	part    queue.Part
	last    batch.Step
}

// load reads what the chunk is and how far it is.
func (d *delivery) load() (err error) {
	if d.part, err = d.k.part(d.chunk); err != nil {
		return err
	}
	return d.k.view(func(f *fold) error {
		d.last = batch.Step{Chunk: d.chunk}
		if at := f.chunks[d.chunk].at; at > 0 {
			s, err := d.k.stepAt(at)
			if err != nil {
				return err
			}
			d.last = *s
		}
		d.last.Attempt = d.attempt
		return nil
	})
}

// Spec implements queue.Delivery.
func (d *delivery) Spec() batch.Spec { return d.spec }

// Chunk implements queue.Delivery.
func (d *delivery) Chunk() batch.Chunk { return d.part.Chunk }

// Entries implements queue.Delivery.
func (d *delivery) Entries(ctx context.Context) ([]batch.Entry, error) {
	return d.part.Entries, ctx.Err()
}

// Last implements queue.Delivery.
func (d *delivery) Last() batch.Step { return d.last }

// Record implements queue.Delivery. The end of ctx does not keep it from recording what was done.
func (d *delivery) Record(ctx context.Context, s batch.Step) (now batch.Status, err error) {
	s = s.Clone() // it is kept, and its worker goes on
	s.Chunk = d.chunk
	err = d.k.update(ctx, func(f *fold) (*line, error) {
		now = f.Status
		if int32(s.Attempt) < f.chunks[d.chunk].attempt && !safety.Off(safety.LedgerAttempt) {
			return nil, fmt.Errorf("chunk %d of %s: %w", d.chunk, d.spec.Address, queue.ErrStale)
		}
		return &line{At: time.Now().UTC(), Step: &s}, nil
	})
	if err != nil {
		return now, err
	}
	err = d.k.view(func(f *fold) error { now = f.Status; return nil })
	return now, err
}

// End implements turns.Held: it gives the chunk up, where it is not done and still this worker's.
func (d *delivery) End(ctx context.Context) error {
	return d.k.update(ctx, func(f *fold) (*line, error) {
		if c := f.chunks[d.chunk]; c.done || c.attempt != int32(d.attempt) {
			return nil, nil
		}
		return &line{At: time.Now().UTC(), Let: &let{d.chunk, d.attempt}}, nil
	})
}

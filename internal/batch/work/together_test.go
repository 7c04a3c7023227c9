package work

import (
	"context"
	"errors"
	"sync"
	"testing"

	"kmsplan.dev/kmsplan/internal/batch"
	"kmsplan.dev/kmsplan/internal/batch/queue"
	"kmsplan.dev/kmsplan/internal/batch/source"
	"kmsplan.dev/kmsplan/internal/batch/source/sourcetest"
)

// joined is a source whose writes are there when the transaction ends well. It tells of those outside of one.
type joined struct {
	*sourcetest.Memory
	refuse func(name string) error

	mu      sync.Mutex
	open    bool // a transaction
	pending []func() error
	outside int
}

func (j *joined) Joins(context.Context) (bool, error) { return true, nil }

func (j *joined) Open(ctx context.Context, name string) (source.Handle, error) {
	h, err := j.Memory.Open(ctx, name)
	return &joinedHandle{h, j}, err
}

type joinedHandle struct {
	source.Handle
	of *joined
}

func (h *joinedHandle) Replace(ctx context.Context, c source.Content) (source.Written, error) {
	h.of.mu.Lock()
	defer h.of.mu.Unlock()
	if !h.of.open {
		h.of.outside++
	}
	if err := h.of.refuse(h.Object().Name); err != nil {
		return source.Written{}, err
	}
	h.of.pending = append(h.of.pending, func() error { _, err := h.Handle.Replace(ctx, c); return err })
	return source.Written{Sent: c.Size}, nil
}

// joinedDelivery is of a queue that keeps its batches where the objects are.
type joinedDelivery struct {
	queue.Delivery
	of *joined
}

func (d *joinedDelivery) Together(ctx context.Context, do func(context.Context) error) error {
	d.of.mu.Lock()
	d.of.open, d.of.pending = true, nil
	d.of.mu.Unlock()
	err := do(ctx)
	d.of.mu.Lock()
	defer d.of.mu.Unlock()
	d.of.open = false
	for _, one := range d.of.pending {
		if err == nil {
			err = one()
		}
	}
	return err
}

func (d *joinedDelivery) Record(ctx context.Context, s batch.Step) (batch.Status, error) {
	d.of.mu.Lock()
	open := d.of.open
	d.of.mu.Unlock()
	if !open {
		d.of.outside++
	}
	return d.Delivery.Record(ctx, s)
}

// TestAStepAndItsRowsAreOneTransaction: no row is written, and no step is recorded, outside of one. KMS is asked before it. A row
// that another writes meanwhile is prepared anew, and one that is refused is a failure that takes no other along.
func TestAStepAndItsRowsAreOneTransaction(t *testing.T) {
	r := newRig(t)
	w := r.worker(batch.Rewrap)
	q := started(r, w, 170)
	src := &joined{Memory: r.source}
	waited := false
	src.refuse = func(name string) error {
		switch {
		case name == "object-0007" && !waited:
			waited = true
			return errors.New("a lock was waited for in vain")
		case name == "object-0011":
			return source.ErrRefused
		}
		return nil
	}
	w.Source = src
	err := q.Work(t.Context(), queue.Worker{Name: w.Name, Parallel: 1, Once: true, Do: func(ctx context.Context, d queue.Delivery) error {
		return w.Chunk(ctx, &joinedDelivery{Delivery: d, of: src})
	}})
	r.must(err)
	got, err := q.Record(t.Context(), w.Spec.Address)
	r.must(err)
	if src.outside != 0 || got.Status != batch.Done || got.Tally.Objects != 170 || got.Tally.Written != 169 || got.Tally.Failed != 1 || !waited {
		t.Errorf("%d outside of a transaction; the record is %+v", src.outside, got)
	}
	if o := outcomesOf(r, q, w.Spec.Address); o["object-0007"] != batch.Written || o["object-0011"] != batch.Failed || len(o) != 170 {
		t.Errorf("the steps tell of %d objects: %v", len(o), o)
	}
	for _, name := range []string{"object-0000", "object-0007", "object-0169"} {
		if n := r.source.Writes(name) - 1; n != 1 { // it was sealed before
			t.Errorf("%s is written %d times", name, n)
		}
		r.opens(name, []byte(name))
	}
}

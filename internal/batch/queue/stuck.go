package queue

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"kmsplan.dev/kmsplan/internal/batch"
)

// mostStuck is how many chunks in a row may end in an error, with nothing having come of the batch in between, before a worker pauses it.
const mostStuck = 6

// PauseStuck has a worker pause batches that fail everywhere: KMS does not answer, the key is disabled, the credentials may not. Every
// queue's Work begins with it. A chunk that fails while others, of whatever worker, go well pauses nothing as long as they do.
func PauseStuck(q Queue, w Worker) Worker {
	s, do := stuck{queue: q, told: w.Paused, rows: map[string]row{}}, w.Do
	w.Do = func(ctx context.Context, d Delivery) error {
		err := do(ctx, d)
		s.ended(ctx, d, err)
		return err
	}
	return w
}

// stuck counts, by batch.
type stuck struct {
	queue Queue
	told  func(address string, err error)

	mu   sync.Mutex
	rows map[string]row
}

// row are chunks that ended in an error, one after the other.
type row struct {
	times   int
	objects int64 // that the batch had dealt with when it began
}

// ended notes how a delivery ended.
func (s *stuck) ended(ctx context.Context, d Delivery, err error) {
	address := d.Spec().Address
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil {
		delete(s.rows, address)
		return
	}
	if errors.Is(err, ErrStale) || errors.Is(ctx.Err(), context.Canceled) {
		return // for no fault of the batch's
	}
	now := s.rows[address]
	if now.times++; now.times == 1 || now.times >= mostStuck {
		var over bool
		if now, over = s.look(context.WithoutCancel(ctx), d, now, err); over {
			delete(s.rows, address)
			return
		}
	}
	s.rows[address] = now
}

// look holds a row against what became of the batch meanwhile, and pauses it where nothing did. It reports whether the row is over.
func (s *stuck) look(ctx context.Context, d Delivery, now row, err error) (row, bool) {
	address := d.Spec().Address
	r, failed := s.queue.Record(ctx, address)
	if failed != nil || r.Status != batch.Running || r.Spec.ID() != d.Spec().ID() {
		return row{}, true
	}
	if now.times == 1 || r.Tally.Objects > now.objects {
		return row{times: 1, objects: r.Tally.Objects}, false
	}
	err = fmt.Errorf("%d times in a row a chunk ended in an error, at last chunk %d: %w", now.times, d.Chunk().Index, err)
	if _, failed := s.queue.Change(ctx, address, Change{Status: batch.Paused, Reason: err.Error()}); failed != nil {
		return now, false // with the next one
	}
	if s.told != nil {
		s.told(address, err)
	}
	return row{}, true
}

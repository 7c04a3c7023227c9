package local

import (
	"context"
	"maps"
	"slices"
	"time"

	"kmsplan.dev/kmsplan/internal/batch"
	"kmsplan.dev/kmsplan/internal/batch/queue"
	"kmsplan.dev/kmsplan/internal/batch/queue/turns"
	"kmsplan.dev/kmsplan/internal/safety"
)

// lookEvery is how often a worker looks for chunks when there are none.
const lookEvery = 200 * time.Millisecond

// Work implements queue.Queue. Once, it waits for the chunks that other workers have, too: one of them may die.
func (q *Queue) Work(ctx context.Context, w queue.Worker) error {
	q.bury()
	lock, held, err := q.enlist()
	if err != nil {
		return err
	}
	defer func() {
		_ = q.dir.Remove(lock)
		_ = held.Close()
	}()
	return turns.Work(ctx, queue.PauseStuck(q, w), lookEvery, func(ctx context.Context) (turns.Held, bool, error) {
		d, busy, err := q.next(ctx, w, lock)
		if d == nil {
			return nil, busy, err // a nil of the interface
		}
		return d, busy, err
	})
}

// next claims a chunk of the worker's batches, the oldest batch first. It reports whether others are at work on one.
func (q *Queue) next(ctx context.Context, w queue.Worker, lock string) (d *delivery, busy bool, err error) {
	all, err := q.last()
	if err != nil {
		return nil, false, err
	}
	oldest := slices.SortedFunc(maps.Values(all), func(a, b *kept) int { return number(a.name) - number(b.name) })
	for _, k := range oldest {
		if w.Address != "" && all[w.Address] != k {
			continue
		}
		d, others, err := q.claim(ctx, k, w.Name, lock)
		if d != nil || err != nil {
			return d, busy, err
		}
		busy = busy || others
	}
	return nil, busy, nil
}

// claim gives a chunk of a batch to a worker.
func (q *Queue) claim(ctx context.Context, k *kept, worker, lock string) (d *delivery, busy bool, err error) {
	found := false
	if err := k.view(func(f *fold) error { _, found, busy = f.free(q.alive); return nil }); err != nil || !found {
		return nil, busy, err
	}
	err = k.update(ctx, func(f *fold) (*line, error) {
		i, found, others := f.free(q.alive)
		busy = others
		if !found {
			return nil, nil
		}
		c := claimed{Chunk: i, Attempt: int(f.chunks[i].attempt) + 1, Lock: lock, Worker: worker}
		d = &delivery{q: q, k: k, spec: f.spec, chunk: i, attempt: c.Attempt}
		return &line{At: time.Now().UTC(), Claimed: &c}, nil
	})
	if err != nil || d == nil {
		return nil, busy, err
	}
	return d, busy, d.load()
}

// free is a chunk that may be given to somebody: of a worker that died, else one that nobody had yet, else the one that was
// given up the fewest times.
func (f *fold) free(alive func(string) bool) (chunk int, found, busy bool) {
	if f.Status != batch.Running {
		return 0, false, false
	}
	living := map[string]bool{}
	for i, c := range f.claims {
		if _, asked := living[c.lock]; !asked {
			living[c.lock] = alive(c.lock)
		}
		if !living[c.lock] || safety.Off(safety.LedgerClaim) {
			return i, true, busy
		}
		busy = true
	}
	if f.fresh < len(f.chunks) {
		return f.fresh, true, busy
	}
	best := -1
	for i := range f.left {
		if best < 0 || f.chunks[i].attempt < f.chunks[best].attempt {
			best = i
		}
	}
	return best, best >= 0, busy
}

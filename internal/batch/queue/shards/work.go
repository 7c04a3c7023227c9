package shards

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"kmsplan.dev/kmsplan/internal/batch"
	"kmsplan.dev/kmsplan/internal/batch/queue"
	"kmsplan.dev/kmsplan/internal/batch/queue/parts"
	"kmsplan.dev/kmsplan/internal/batch/queue/turns"
)

// Work implements queue.Queue. It ends with queue.ErrStale when another worker has taken the shard.
func (q *Queue) Work(ctx context.Context, w queue.Worker) error {
	if q.shard == (Shard{}) {
		return errNoShard
	}
	held := &holds{q: q, worker: w.Name, sessions: map[string]*session{}}
	return turns.Work(ctx, queue.PauseStuck(q, w), q.o.Look, func(ctx context.Context) (turns.Held, bool, error) {
		d, err := held.next(ctx, w.Address)
		if d == nil {
			return nil, false, err // a nil of the interface
		}
		return d, false, err
	})
}

// holds are a worker's sessions, by run.
type holds struct {
	q      *Queue
	worker string

	mu       sync.Mutex
	sessions map[string]*session
}

// next takes a chunk of the shard, of the batch that was created first.
func (h *holds) next(ctx context.Context, address string) (*delivery, error) {
	c, err := h.q.recent(ctx)
	if err != nil {
		return nil, err
	}
	oldest := slices.SortedFunc(maps.Values(c.Batches), func(a, b entry) int { return a.Created.Compare(b.Created) })
	for _, e := range oldest {
		if e.Status != batch.Running || address != "" && e.Spec.Address != address {
			continue
		}
		s, err := h.session(ctx, e)
		if err != nil {
			return nil, err
		}
		if chunk, attempt, ok := s.next(); ok {
			d := &delivery{q: h.q, s: s, e: e, chunk: chunk, attempt: attempt}
			if err := d.load(ctx); err != nil {
				return nil, errors.Join(err, d.End(ctx))
			}
			return d, nil
		}
	}
	return nil, nil
}

// session is the hold of a run's shard, which is taken when it is needed first.
func (h *holds) session(ctx context.Context, e entry) (*session, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if s := h.sessions[e.Run]; s != nil {
		return s, nil
	}
	if err := h.q.agree(ctx, e); err != nil {
		return nil, err
	}
	s, err := h.q.take(ctx, e, h.worker)
	if err != nil {
		return nil, err
	}
	h.sessions[e.Run] = s
	if s.at.done() == s.shard.chunks(s.total) { // the worker before died between its last step and saying so
		err = h.q.finish(ctx, e)
	}
	return s, err
}

// agree makes the number of shards the batch's, or holds it against that of who began first.
func (q *Queue) agree(ctx context.Context, e entry) error {
	if e.Shards == 0 {
		if err := q.edit(ctx, e.Spec.Address, func(now entry, _ bool) (entry, error) {
			if now.Run == e.Run && now.Shards == 0 {
				now.Shards = q.shard.Of
			}
			e = now
			return now, nil
		}); err != nil {
			return err
		}
	}
	if e.Shards != q.shard.Of {
		return fmt.Errorf("%s is worked on in %d shards, and this worker is shard %s: give every worker -shard INDEX/%d, or cancel the batch and start it anew",
			e.Spec.Address, e.Shards, q.shard, e.Shards)
	}
	return nil
}

// delivery is a queue.Delivery.
type delivery struct {
	q       *Queue
	s       *session
	e       entry
	chunk   int
	attempt int
	part    queue.Part
	last    batch.Step
}

func (d *delivery) load(ctx context.Context) (err error) {
	if d.part, err = d.q.part(ctx, d.e, d.chunk); err != nil {
		return err
	}
	d.s.mu.Lock()
	defer d.s.mu.Unlock()
	d.last = d.s.at.Steps[d.chunk].Clone()
	d.last.Chunk, d.last.Attempt = d.chunk, d.attempt
	return nil
}

// part reads one chunk with its entries.
func (q *Queue) part(ctx context.Context, e entry, chunk int) (queue.Part, error) {
	data, err := q.room("").Get(ctx, chunkName(e.Run, chunk))
	var p queue.Part
	if err == nil {
		p, err = parts.Decode(data)
	}
	if err == nil && p.Index != chunk {
		err = fmt.Errorf("it is chunk %d", p.Index)
	}
	if err != nil {
		return queue.Part{}, fmt.Errorf("reading chunk %d of %s from %s: %w", chunk, e.Spec.Address, q.name, err)
	}
	return p, nil
}

// Spec implements queue.Delivery.
func (d *delivery) Spec() batch.Spec { return d.e.Spec }

// Chunk implements queue.Delivery.
func (d *delivery) Chunk() batch.Chunk { return d.part.Chunk }

// Entries implements queue.Delivery.
func (d *delivery) Entries(ctx context.Context) ([]batch.Entry, error) {
	return d.part.Entries, ctx.Err()
}

// Last implements queue.Delivery.
func (d *delivery) Last() batch.Step { return d.last }

// End implements turns.Held.
func (d *delivery) End(context.Context) error {
	d.s.end(d.chunk)
	d.s.mu.Lock()
	defer d.s.mu.Unlock()
	if d.s.lost {
		return d.s.stale(d.chunk)
	}
	return nil
}

// recordWait is the longest that recording a step takes, with all that is tried again.
const recordWait = 2 * time.Minute

// Record implements queue.Delivery. The end of ctx does not keep it from recording what was done.
func (d *delivery) Record(ctx context.Context, s batch.Step) (batch.Status, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordWait)
	defer cancel()
	s = s.Clone() // it is kept, and its worker goes on
	s.Chunk = d.chunk
	failed, done, err := d.s.step(ctx, s)
	if err == nil && failed > 0 {
		err = d.q.heed(ctx, d.e)
	}
	if err == nil && done {
		err = d.q.finish(ctx, d.e)
	}
	if err != nil {
		return "", err
	}
	c, err := d.q.recent(ctx)
	if err != nil {
		return "", err
	}
	now, err := c.of(d.q.name, d.e.Spec.Address)
	if err == nil && now.Run != d.e.Run {
		return batch.Cancelled, nil // another was created since: this one is over
	}
	return now.Status, err
}

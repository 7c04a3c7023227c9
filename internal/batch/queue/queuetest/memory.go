package queuetest

import (
	"context"
	"iter"
	"maps"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"kmsplan.dev/kmsplan/internal/batch"
	"kmsplan.dev/kmsplan/internal/batch/queue"
	"kmsplan.dev/kmsplan/internal/batch/quota"
)

// Memory is a queue in memory, for tests of what works on one.
type Memory struct {
	mu      sync.Mutex
	batches map[string]*kept
	buckets map[string]quota.Bucket
}

type kept struct {
	record batch.Record
	parts  []queue.Part
	steps  []batch.Step
	left   []int // chunks that wait, by index
	at     int   // of these are at work

	forgiven int64
}

// NewMemory makes an empty one.
func NewMemory() *Memory {
	return &Memory{batches: map[string]*kept{}, buckets: map[string]quota.Bucket{}}
}

// Place implements queue.Queue.
func (m *Memory) Place() string { return "memory" }

// Close implements queue.Queue.
func (m *Memory) Close() error { return nil }

// Create implements queue.Queue.
func (m *Memory) Create(_ context.Context, spec batch.Spec, chunks iter.Seq2[queue.Part, error]) error {
	k := &kept{record: batch.Record{Spec: spec, Status: batch.Paused, Rate: spec.Rate, Created: time.Now()}}
	for p, err := range chunks {
		if err != nil {
			return err
		}
		k.parts = append(k.parts, p)
	}
	k.steps, k.left = make([]batch.Step, len(k.parts)), make([]int, len(k.parts))
	for i := range k.left {
		k.left[i] = i
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if old := m.batches[spec.Address]; old != nil && !old.record.Status.Over() {
		return queue.ErrUnfinished
	}
	m.batches[spec.Address] = k
	return nil
}

// Record implements queue.Queue.
func (m *Memory) Record(_ context.Context, address string) (batch.Record, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	k := m.batches[address]
	if k == nil {
		return batch.Record{}, queue.ErrNone
	}
	return k.now(), nil
}

// now is the record with where the chunks are.
func (k *kept) now() batch.Record {
	r := k.record
	r.Tally.Under = slices.Clone(r.Tally.Under)
	r.Chunks.Waiting, r.Chunks.Running = len(k.left), k.at
	return r
}

// Records implements queue.Queue.
func (m *Memory) Records(ctx context.Context) (out []batch.Record, err error) {
	for _, address := range slices.Sorted(maps.Keys(m.batches)) {
		r, err := m.Record(ctx, address)
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

// Change implements queue.Queue.
func (m *Memory) Change(ctx context.Context, address string, c queue.Change) (batch.Record, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	k := m.batches[address]
	if k == nil {
		return batch.Record{}, queue.ErrNone
	}
	if k.record.Status.Over() {
		return k.now(), queue.ErrOver
	}
	if c.Rate != nil {
		k.record.Rate = *c.Rate
	}
	if c.Status == batch.Running && k.record.Status == batch.Paused {
		k.forgiven = k.record.Tally.Failed
	}
	if c.Status != "" {
		k.record.Status, k.record.Reason = c.Status, c.Reason
	}
	return k.now(), ctx.Err()
}

// Failures implements queue.Queue.
func (m *Memory) Failures(ctx context.Context, address string, each func(batch.Failure) error) error {
	return m.every(ctx, address, func(s batch.Step) error {
		for _, f := range s.Failures {
			if err := each(f); err != nil {
				return err
			}
		}
		return nil
	})
}

// Steps implements queue.Queue.
func (m *Memory) Steps(ctx context.Context, address string, each func(batch.Step) error) error {
	return m.every(ctx, address, func(s batch.Step) error {
		s.Failures = nil
		return each(s)
	})
}

func (m *Memory) every(_ context.Context, address string, each func(batch.Step) error) error {
	m.mu.Lock()
	k := m.batches[address]
	if k == nil {
		m.mu.Unlock()
		return queue.ErrNone
	}
	steps := slices.Clone(k.steps)
	m.mu.Unlock()
	for _, s := range steps {
		if s.Attempt == 0 {
			continue
		}
		if err := each(s); err != nil {
			return err
		}
	}
	return nil
}

// Entries implements queue.Queue.
func (m *Memory) Entries(_ context.Context, address string, chunk int) ([]batch.Entry, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	k := m.batches[address]
	if k == nil || chunk < 0 || chunk >= len(k.parts) {
		return nil, queue.ErrNone
	}
	return slices.Clone(k.parts[chunk].Entries), nil
}

// Bucket implements queue.Queue.
func (m *Memory) Bucket(gateway, group string) quota.Bucket {
	m.mu.Lock()
	defer m.mu.Unlock()
	name := gateway + "/" + group
	if m.buckets[name] == nil {
		m.buckets[name] = quota.NewMemory(1000, nil)
	}
	return m.buckets[name]
}

// Work implements queue.Queue; it always ends when nothing is left.
func (m *Memory) Work(ctx context.Context, w queue.Worker) error {
	w = queue.PauseStuck(m, w)
	var g errgroup.Group
	for range max(w.Parallel, 1) {
		g.Go(func() error {
			for ctx.Err() == nil {
				d := m.take(w.Address)
				if d == nil {
					break
				}
				_ = w.Do(ctx, d) // it comes again
				d.let()
			}
			return ctx.Err()
		})
	}
	return g.Wait()
}

func (m *Memory) take(address string) *delivery {
	m.mu.Lock()
	defer m.mu.Unlock()
	for a, k := range m.batches {
		if address != "" && a != address || k.record.Status != batch.Running {
			continue
		}
		if len(k.left) == 0 {
			continue
		}
		i := k.left[0]
		k.left = k.left[1:]
		k.at++
		k.steps[i].Attempt++
		return &delivery{m: m, k: k, part: k.parts[i], last: k.steps[i].Clone()}
	}
	return nil
}

type delivery struct {
	m    *Memory
	k    *kept
	part queue.Part
	last batch.Step
}

func (d *delivery) Spec() batch.Spec                               { return d.k.record.Spec }
func (d *delivery) Chunk() batch.Chunk                             { return d.part.Chunk }
func (d *delivery) Entries(context.Context) ([]batch.Entry, error) { return d.part.Entries, nil }
func (d *delivery) Last() batch.Step                               { return d.last }

func (d *delivery) let() {
	d.m.mu.Lock()
	defer d.m.mu.Unlock()
	d.k.at--
	if i := d.part.Index; !d.k.steps[i].Done {
		d.k.left = append(d.k.left, i)
	}
}

func (d *delivery) Record(ctx context.Context, s batch.Step) (batch.Status, error) {
	d.m.mu.Lock()
	defer d.m.mu.Unlock()
	if s.Attempt < d.k.steps[d.part.Index].Attempt {
		return d.k.record.Status, queue.ErrStale
	}
	s.Chunk = d.part.Index
	now := &d.k.record
	now.Tally.Less(d.k.steps[s.Chunk].Tally)
	now.Tally.Add(s.Tally)
	if s.Done && !d.k.steps[s.Chunk].Done {
		now.Chunks.Done++
	}
	d.k.steps[s.Chunk] = s.Clone()
	reason := now.Spec.TooMany(now.Tally.Failed, d.k.forgiven)
	switch {
	case now.Status != batch.Running:
	case now.Chunks.Done == len(d.k.parts):
		d.k.record.Status, d.k.record.Ended = batch.Done, time.Now()
	case reason != "":
		now.Status, now.Reason = batch.Paused, reason
	}
	return d.k.record.Status, ctx.Err()
}

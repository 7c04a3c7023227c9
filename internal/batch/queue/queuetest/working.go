package queuetest

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/batch"
	"kmsplan.dev/kmsplan/internal/batch/queue"
)

func delivered(t *testing.T, rig Rig) {
	const chunks = 7
	q := begun(t, rig, Spec(address, chunks))
	var mu sync.Mutex
	got := map[int][]batch.Entry{}
	work(t, q, "w", func(ctx context.Context, d queue.Delivery) error {
		entries, err := d.Entries(ctx)
		if err != nil {
			return err
		}
		if d.Spec().Target.Version != "v2" || d.Last().Attempt != 1 || d.Last().Cursor != 0 {
			t.Errorf("chunk %d was delivered with %+v and %+v", d.Chunk().Index, d.Spec(), d.Last())
		}
		mu.Lock()
		got[d.Chunk().Index] = entries
		mu.Unlock()
		return finish(ctx, d, "w")
	})
	for p, _ := range Parts(chunks) {
		if !slices.Equal(got[p.Index], p.Entries) {
			t.Errorf("chunk %d had the entries %+v", p.Index, got[p.Index])
		}
	}
	r := record(t, q)
	if r.Status != batch.Done || r.Tally.Written != 3*chunks || len(r.Tally.Under) != 1 || r.Tally.Under[0].Proved != 3*chunks {
		t.Errorf("the record is %+v", r)
	}
}

func countsOnce(t *testing.T, rig Rig) {
	q := begun(t, rig, Spec(address, 2))
	work(t, q, "w", func(ctx context.Context, d queue.Delivery) error {
		if err := finish(ctx, d, "w"); err != nil {
			return err
		}
		return finish(ctx, d, "w")
	})
	if r := record(t, q); r.Tally.Objects != 6 || r.Tally.Calls != 12 || r.Tally.Under[0].Objects != 6 {
		t.Errorf("what was recorded twice counts %+v", r.Tally)
	}
}

func comesAgain(t *testing.T, rig Rig) {
	q := begun(t, rig, Spec(address, 1))
	attempts := 0
	work(t, q, "w", func(ctx context.Context, d queue.Delivery) error {
		if attempts++; attempts == 1 {
			_, err := d.Record(ctx, batch.Step{Attempt: d.Last().Attempt, Cursor: 2, Worker: "w", Tally: batch.Tally{Objects: 2, Written: 2}})
			if err != nil {
				return err
			}
			return errors.New("the store went away")
		}
		if last := d.Last(); last.Attempt < 2 || last.Cursor != 2 || last.Tally.Written != 2 {
			t.Errorf("the chunk came again with %+v", last)
		}
		return finish(ctx, d, "w")
	})
	if r := record(t, q); attempts != 2 || r.Status != batch.Done || r.Tally.Written != 3 {
		t.Errorf("after %d attempts: %+v", attempts, r)
	}
}

func overtaken(t *testing.T, rig Rig) {
	q := begun(t, rig, Spec(address, 1))
	var first queue.Delivery
	work(t, q, "w", func(ctx context.Context, d queue.Delivery) error {
		if first == nil {
			first = d
			return errors.New("it stands still")
		}
		if _, err := d.Record(ctx, batch.Step{Attempt: d.Last().Attempt, Cursor: 1, Worker: "second", Tally: batch.Tally{Objects: 1}}); err != nil {
			return err
		}
		if _, err := first.Record(ctx, batch.Step{Attempt: first.Last().Attempt, Cursor: 3, Done: true, Worker: "first", Tally: batch.Tally{Objects: 3}}); !errors.Is(err, queue.ErrStale) {
			t.Errorf("who was overtaken records: %v", err)
		}
		return finish(ctx, d, "second")
	})
	if r := record(t, q); r.Tally.Objects != 3 || r.Status != batch.Done {
		t.Errorf("the record is %+v", r)
	}
}

func pauseReaches(t *testing.T, rig Rig) {
	q := begun(t, rig, Spec(address, 4))
	done := 0
	var mu sync.Mutex
	work(t, q, "w", func(ctx context.Context, d queue.Delivery) error {
		mu.Lock()
		defer mu.Unlock()
		if done++; done == 1 {
			if _, err := q.Change(ctx, address, queue.Change{Status: batch.Paused, Reason: "somebody"}); err != nil {
				return err
			}
		}
		now, err := d.Record(ctx, batch.Step{Chunk: d.Chunk().Index, Attempt: d.Last().Attempt, Cursor: 1, Worker: "w", Tally: batch.Tally{Objects: 1}})
		if err != nil || now != batch.Paused {
			t.Errorf("after the pause a step is answered %s: %v", now, err)
		}
		return nil // drained: the chunk is not done
	})
	if r := record(t, q); r.Status != batch.Paused || r.Reason != "somebody" || done > 2 {
		t.Errorf("%d deliveries, and %+v", done, r)
	}
	change(t, q, queue.Change{Status: batch.Running})
	work(t, q, "w", func(ctx context.Context, d queue.Delivery) error { return finish(ctx, d, "w") })
	if r := record(t, q); r.Status != batch.Done || r.Tally.Objects != 12 {
		t.Errorf("after the resume: %+v", r)
	}
}

func failed(d queue.Delivery, n int) (out []batch.Failure) {
	for i := range n {
		out = append(out, batch.Failure{
			Chunk: d.Chunk().Index, Object: Names(d.Chunk().Index)[i], Class: batch.ClassDamaged, Attempts: 1, Message: "it does not open", RequestID: "r-1",
			At: time.Unix(1_700_000_000, 0).UTC(),
		})
	}
	return out
}

// Names are the names of a chunk's entries.
func Names(chunk int) (out []string) {
	for p := range Parts(chunk + 1) {
		out = nil
		for _, e := range p.Entries {
			out = append(out, e.Name)
		}
	}
	return out
}

func failing(ctx context.Context, d queue.Delivery, n int) (batch.Status, error) {
	s := doneStep(d, "w")
	s.Failures, s.Tally.Failed, s.Tally.Written = failed(d, n), int64(n), s.Tally.Objects-int64(n)
	return d.Record(ctx, s)
}

// Bug: who went on with a chunk forgot which of its objects had failed before, and with its next step they were in no report.
func failuresCarried(t *testing.T, rig Rig) {
	q := begun(t, rig, Spec(address, 1))
	deliveries := 0
	work(t, q, "w", func(ctx context.Context, d queue.Delivery) error {
		last := d.Last()
		s := doneStep(d, "w")
		s.Tally.Failed = 1
		if deliveries++; deliveries == 1 {
			s.Cursor, s.Done, s.Failures = 1, false, failed(d, 1)
			s.Tally.Objects, s.Tally.Written, s.Tally.Under = 1, 0, nil
			if _, err := d.Record(ctx, s); err != nil {
				return err
			}
			return errors.New("the worker gave up")
		}
		if len(last.Failures) != 1 || last.Failures[0].Object != Names(0)[0] || last.Cursor != 1 {
			t.Errorf("the chunk comes again with %+v", last)
		}
		s.Failures, s.Tally.Written = last.Failures, 2
		_, err := d.Record(ctx, s)
		return err
	})
	var got []string
	err := q.Failures(bounded(t), address, func(f batch.Failure) error { got = append(got, f.Object); return nil })
	if want := Names(0)[:1]; err != nil || !slices.Equal(got, want) || deliveries != 2 {
		t.Errorf("after %d deliveries the failures are of %q, want %q: %v", deliveries, got, want, err)
	}
}

func failuresKept(t *testing.T, rig Rig) {
	q := begun(t, rig, Spec(address, 3))
	work(t, q, "w", func(ctx context.Context, d queue.Delivery) error {
		if d.Chunk().Index == 1 {
			return finish(ctx, d, "w")
		}
		if _, err := failing(ctx, d, 2); err != nil { // what a step said is replaced by the next
			return err
		}
		_, err := failing(ctx, d, 1)
		return err
	})
	var got []string
	err := q.Failures(bounded(t), address, func(f batch.Failure) error {
		if f.Class != batch.ClassDamaged || f.RequestID != "r-1" || f.Message == "" || f.At.IsZero() {
			t.Errorf("a failure is %+v", f)
		}
		got = append(got, f.Object)
		return nil
	})
	if want := []string{Names(0)[0], Names(2)[0]}; err != nil || !slices.Equal(got, want) {
		t.Errorf("the failures are of %q, want %q: %v", got, want, err)
	}
	var steps []int
	err = q.Steps(bounded(t), address, func(s batch.Step) error {
		if !s.Done || len(s.Failures) > 0 || s.Tally.Objects != 3 {
			t.Errorf("a step is %+v", s)
		}
		steps = append(steps, s.Chunk)
		return nil
	})
	if err != nil || !slices.Equal(steps, []int{0, 1, 2}) {
		t.Errorf("the steps are of the chunks %v: %v", steps, err)
	}
}

// Bug: two workers whose chunks failed at the same moment waited for each other in the database, and the step of one was lost.
func failuresAtOnce(t *testing.T, rig Rig) {
	const chunks, steps = 4, 40
	q := begun(t, rig, Spec(address, chunks))
	do := func(ctx context.Context, d queue.Delivery) error {
		for i := range steps {
			s := doneStep(d, "w")
			n := 1 + i%2
			s.Failures, s.Tally.Failed, s.Tally.Written, s.Done = failed(d, n), int64(n), s.Tally.Objects-int64(n), i == steps-1
			if _, err := d.Record(ctx, s); err != nil {
				t.Errorf("step %d of chunk %d: %v", i, d.Chunk().Index, err)
				return err
			}
		}
		return nil
	}
	if err := q.Work(bounded(t), queue.Worker{Name: "w", Parallel: chunks, Address: address, Once: true, Do: do}); err != nil {
		t.Error(err)
	}
	if r := record(t, q); r.Status != batch.Done || r.Tally.Failed != 2*chunks || r.Tally.Objects != 3*chunks {
		t.Errorf("the record is %+v", r)
	}
}

func cancelledIsOver(t *testing.T, rig Rig) {
	q := begun(t, rig, Spec(address, 2))
	change(t, q, queue.Change{Status: batch.Cancelled, Reason: "somebody"})
	work(t, q, "w", func(context.Context, queue.Delivery) error {
		t.Error("a chunk of a cancelled batch was delivered")
		return nil
	})
	if _, err := q.Change(bounded(t), address, queue.Change{Status: batch.Running}); !errors.Is(err, queue.ErrOver) {
		t.Errorf("what is cancelled was resumed: %v", err)
	}
	if err := q.Create(bounded(t), Spec(address, 1), Parts(1)); err != nil {
		t.Errorf("after the cancellation: %v", err)
	}
}

func shared(t *testing.T, rig Rig) {
	if rig.Alone {
		t.Skip("one process at a time")
	}
	const chunks = 20
	begun(t, rig, Spec(address, chunks))
	var mu sync.Mutex
	seen := map[int]int{}
	var wg sync.WaitGroup
	for _, name := range []string{"first", "second"} {
		q := rig.Open(t)
		wg.Go(func() {
			work(t, q, name, func(ctx context.Context, d queue.Delivery) error {
				mu.Lock()
				seen[d.Chunk().Index]++
				mu.Unlock()
				return finish(ctx, d, name)
			})
		})
	}
	wg.Wait()
	if len(seen) != chunks {
		t.Errorf("%d of %d chunks were delivered", len(seen), chunks)
	}
	for chunk, n := range seen {
		if n != 1 {
			t.Errorf("chunk %d was delivered %d times, although nobody died", chunk, n)
		}
	}
	if r := record(t, rig.Open(t)); r.Status != batch.Done || r.Tally.Objects != 3*chunks {
		t.Errorf("the record is %+v", r)
	}
}

func rate(t *testing.T, rig Rig) {
	q := begun(t, rig, Spec(address, 1))
	if r := change(t, q, queue.Change{Rate: &batch.Rate{CallsPerSecond: 7}}); r.Rate.CallsPerSecond != 7 || r.Status != batch.Running || r.Spec.Rate.CallsPerSecond != 100 {
		t.Errorf("after the change the rate is %+v", r.Rate)
	}
	b := q.Bucket("here", "symmetric")
	// Slow, so that the first slot is not over when the second is asked for, however busy the machine is.
	if err := b.Set(bounded(t), 0.25); err != nil {
		t.Fatal(err)
	}
	other := b
	if !rig.Alone {
		other = rig.Open(t).Bucket("here", "symmetric")
	}
	s, err := other.Lease(bounded(t), 5)
	if err != nil || s.N != 1 || s.Every != 4*time.Second {
		t.Errorf("another worker's slot is %+v: %v", s, err)
	}
	second, err := b.Lease(bounded(t), 5)
	if err != nil || second.N != 0 || second.In <= 0 {
		t.Errorf("a second slot at once is %+v: %v", second, err)
	}
	if err := b.Throttled(bounded(t), second.Epoch); err != nil {
		t.Fatal(err)
	}
	if now, ceiling, err := other.Rate(bounded(t)); err != nil || ceiling != 0.25 || now > 0.2 {
		t.Errorf("after a refusal the rate is %v of %v: %v", now, ceiling, err)
	}
}

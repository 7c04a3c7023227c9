package work

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"kmsplan.dev/kmsplan/internal/batch"
	"kmsplan.dev/kmsplan/internal/batch/queue"
	"kmsplan.dev/kmsplan/internal/batch/queue/queuetest"
)

// started is a queue with a batch of so many small objects under an old version, in chunks of 150.
func started(r *rig, w *Worker, n int) *queuetest.Memory {
	r.t.Helper()
	var all []batch.Entry
	for i := range n {
		name := fmt.Sprintf("object-%04d", i)
		r.put(name, []byte(name))
		all = append(all, r.entry(name))
	}
	w.Spec.Target.Version = r.rotate()
	q := queuetest.NewMemory()
	w.Spec.Chunks = (n + 149) / 150
	r.must(q.Create(r.t.Context(), w.Spec, parts(all)))
	_, err := q.Change(r.t.Context(), w.Spec.Address, queue.Change{Status: batch.Running})
	r.must(err)
	return q
}

func parts(all []batch.Entry) iter.Seq2[queue.Part, error] {
	return func(yield func(queue.Part, error) bool) {
		for i := 0; len(all) > 0; i++ {
			n := min(150, len(all))
			if !yield(queue.Part{Chunk: batch.Chunk{Index: i, Objects: n}, Entries: all[:n]}, nil) {
				return
			}
			all = all[n:]
		}
	}
}

func (r *rig) work(q queue.Queue, w *Worker) batch.Record {
	r.t.Helper()
	r.must(q.Work(r.t.Context(), queue.Worker{Name: w.Name, Parallel: 2, Once: true, Do: w.Chunk}))
	got, err := q.Record(r.t.Context(), w.Spec.Address)
	r.must(err)
	return got
}

func TestAChunkGoesOnWhereItWas(t *testing.T) {
	r := newRig(t)
	w := r.worker(batch.Rewrap)
	q := started(r, w, 400)
	var seen atomic.Int64
	r.source.Before = func(what, _ string) error {
		if what == "replace" && seen.Add(1) == 250 {
			return context.DeadlineExceeded // as from a store that hangs; it is tried again
		}
		return nil
	}
	got := r.work(q, w)
	if got.Status != batch.Done || got.Tally.Written != 400 || got.Tally.Failed != 0 {
		t.Errorf("%+v", got.Tally)
	}
	if u := got.Tally.Under; len(u) != 1 || u[0].KeyVersion != w.Spec.Target.Version || u[0].Proved != 400 {
		t.Errorf("under %+v", u)
	}
	if got.Tally.Calls != 3*400 {
		t.Errorf("%d calls, want an opening, a wrap and its proof for each of 400 data keys", got.Tally.Calls)
	}
}

func TestAWorkerThatIsStoppedRecordsWhatItDid(t *testing.T) {
	r := newRig(t)
	w := r.worker(batch.Rewrap)
	q := started(r, w, 300)
	ctx, stop := context.WithCancel(t.Context())
	var seen atomic.Int64
	w.Told = func(batch.Result) {
		if seen.Add(1) == 50 {
			stop()
		}
	}
	_ = q.Work(ctx, queue.Worker{Name: "w", Parallel: 1, Once: true, Do: w.Chunk})
	mid, err := q.Record(t.Context(), w.Spec.Address)
	r.must(err)
	if mid.Status != batch.Running || mid.Tally.Written == 0 || mid.Tally.Written >= 300 || mid.Tally.Written != seen.Load() {
		t.Errorf("stopped after %d objects: %+v", seen.Load(), mid.Tally)
	}
	w.Told = nil
	if got := r.work(q, w); got.Status != batch.Done || got.Tally.Written != 300 {
		t.Errorf("gone on: %+v", got.Tally)
	}
	for i := range 300 {
		if n := r.source.Writes(fmt.Sprintf("object-%04d", i)); n != 2 { // one sealed it
			t.Errorf("object %d was written %d times", i, n)
		}
	}
}

// A worker that is told to end finishes the objects that it has begun and begins no other, in whatever way its steps are written: at a
// slow rate, the rest of a step would take minutes.
func TestAWorkerThatIsToldToEndBeginsNoOtherObject(t *testing.T) {
	for _, tt := range []struct {
		parallel int
		inOne    bool // transaction with the step
	}{{1, false}, {4, false}, {1, true}} {
		r := newRig(t)
		w := r.worker(batch.Rewrap)
		w.Parallel = tt.parallel
		q := started(r, w, 60)
		do := w.Chunk
		if tt.inOne {
			src := &joined{Memory: r.source, refuse: func(string) error { return nil }}
			w.Source = src
			do = func(ctx context.Context, d queue.Delivery) error {
				return w.Chunk(ctx, &joinedDelivery{Delivery: d, of: src})
			}
		}
		ctx, stop := context.WithCancel(t.Context())
		var begun, after atomic.Int64
		var names sync.Map
		r.source.Before = func(_, name string) error {
			if _, known := names.LoadOrStore(name, true); known {
				return nil
			}
			if ctx.Err() != nil {
				after.Add(1)
			}
			if begun.Add(1) == 20 {
				stop()
			}
			return nil
		}
		_ = q.Work(ctx, queue.Worker{Name: "w", Parallel: 1, Once: true, Do: do})
		r.source.Before = nil
		mid, err := q.Record(t.Context(), w.Spec.Address)
		r.must(err)
		if after.Load() > int64(tt.parallel) || mid.Tally.Written != begun.Load() || mid.Status != batch.Running {
			t.Errorf("%+v: %d began after it was told, %d of %d are recorded", tt, after.Load(), mid.Tally.Written, begun.Load())
		}
		w.Source = r.source
		if got := r.work(q, w); got.Status != batch.Done || got.Tally.Written != 60 || got.Tally.Already != 0 {
			t.Errorf("%+v: gone on: %+v", tt, got.Tally)
		}
	}
}

func TestFailuresAreOfObjectsAndStopNothing(t *testing.T) {
	r := newRig(t)
	w := r.worker(batch.Rewrap)
	q := started(r, w, 200)
	for i := range 7 {
		r.source.Put(fmt.Sprintf("object-%04d", i*20), []byte("no envelope any more"))
	}
	r.source.Delete("object-0199")
	got := r.work(q, w)
	if got.Status != batch.Done || got.Tally.Failed != 7 || got.Tally.Gone != 1 || got.Tally.Written != 192 {
		t.Errorf("%+v", got.Tally)
	}
	n := 0
	r.must(q.Failures(t.Context(), w.Spec.Address, func(f batch.Failure) error {
		if n++; f.Class != batch.ClassNoObject || f.Attempts != 1 {
			t.Errorf("%+v", f)
		}
		return nil
	}))
	if n != 7 {
		t.Errorf("%d failures are kept", n)
	}
	outcomes := outcomesOf(r, q, w.Spec.Address)
	if outcomes["object-0020"] != batch.Failed || outcomes["object-0021"] != batch.Written || outcomes["object-0199"] != batch.Gone || len(outcomes) != 200 {
		t.Errorf("the steps tell of %d objects: %v", len(outcomes), outcomes)
	}
}

// outcomesOf are what the steps of a batch say of each object.
func outcomesOf(r *rig, q queue.Queue, address string) map[string]batch.Outcome {
	r.t.Helper()
	out := map[string]batch.Outcome{}
	r.must(q.Steps(r.t.Context(), address, func(s batch.Step) error {
		entries, err := q.Entries(r.t.Context(), address, s.Chunk)
		if err != nil {
			return err
		}
		n := 0
		for o := range s.Tally.Outcomes.All() {
			out[entries[n].Name] = o
			n++
		}
		return nil
	}))
	return out
}

func TestEveryChunkTwiceWritesNothingMore(t *testing.T) {
	r := newRig(t)
	w := r.worker(batch.Rewrap)
	q := started(r, w, 300)
	entries, err := q.Entries(t.Context(), w.Spec.Address, 0)
	r.must(err)
	if got := r.work(q, w); got.Tally.Written != 300 {
		t.Fatalf("%+v", got.Tally)
	}
	again := r.worker(batch.Rewrap)
	second := queuetest.NewMemory()
	again.Spec.Chunks = 1
	r.must(second.Create(t.Context(), again.Spec, parts(entries)))
	_, err = second.Change(t.Context(), again.Spec.Address, queue.Change{Status: batch.Running})
	r.must(err)
	if got := r.work(second, again); got.Tally.Already != int64(len(entries)) || got.Tally.Written != 0 || got.Tally.Calls != 0 {
		t.Errorf("%+v", got.Tally)
	}
}

func TestWithoutKMSAChunkComesAgainAndNoObjectFails(t *testing.T) {
	r := newRig(t)
	w := r.worker(batch.Rewrap)
	q := started(r, w, 20)
	d := &onceDelivery{spec: w.Spec, entries: must(q.Entries(t.Context(), w.Spec.Address, 0))}
	r.must(r.server.Close())
	if err := w.Chunk(t.Context(), d); err == nil || d.recorded != 0 {
		t.Errorf("without KMS: %v, %d steps", err, d.recorded)
	}
}

// A ledger is a file, or a row, that others can write too.
func TestAStepThatIsNoneOfTheChunksIsRefused(t *testing.T) {
	r := newRig(t)
	r.put("a", []byte("x"))
	w := r.worker(batch.Rewrap)
	for _, cursor := range []int{-1, 2} {
		d := &onceDelivery{spec: w.Spec, entries: []batch.Entry{r.entry("a")}, last: batch.Step{Cursor: cursor}}
		if err := w.Chunk(t.Context(), d); err == nil || !strings.Contains(err.Error(), "cancel the batch") || d.recorded != 0 {
			t.Errorf("a step at %d: %v, %d steps", cursor, err, d.recorded)
		}
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

type onceDelivery struct {
	spec     batch.Spec
	entries  []batch.Entry
	last     batch.Step
	recorded int
}

func (d *onceDelivery) Spec() batch.Spec                               { return d.spec }
func (d *onceDelivery) Chunk() batch.Chunk                             { return batch.Chunk{Objects: len(d.entries)} }
func (d *onceDelivery) Entries(context.Context) ([]batch.Entry, error) { return d.entries, nil }
func (d *onceDelivery) Last() batch.Step                               { return d.last }

func (d *onceDelivery) Record(context.Context, batch.Step) (batch.Status, error) {
	d.recorded++
	return batch.Running, errors.New("nothing is recorded here")
}

package queuetest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/batch"
	"kmsplan.dev/kmsplan/internal/batch/queue"
)

// Rig is an empty queue. Open opens it once more, as another process would; what it opens is closed with the test.
type Rig struct {
	Open func(t *testing.T) queue.Queue
	// Alone is of a queue that one process works on at a time.
	Alone bool
}

// Suite holds a queue to its promises; fresh makes an empty one.
func Suite(t *testing.T, fresh func(t *testing.T) Rig) {
	for name, test := range map[string]func(*testing.T, Rig){
		"a batch is created paused, and whole":         created,
		"one that breaks off is not there":             brokenOff,
		"one of an address at a time":                  oneAtATime,
		"nothing of a paused batch is delivered":       pausedWaits,
		"every chunk is delivered with its entries":    delivered,
		"a step that is recorded twice counts once":    countsOnce,
		"a chunk that failed comes again where it was": comesAgain,
		"a worker that was overtaken records nothing":  overtaken,
		"a pause reaches who works":                    pauseReaches,
		"too many failures pause":                      tooMany,
		"what fails everywhere pauses":                 failsEverywhere,
		"a chunk that fails alone pauses nothing":      failsAlone,
		"failures are kept by chunk":                   failuresKept,
		"failures of many chunks at once":              failuresAtOnce,
		"failures go on with their chunk":              failuresCarried,
		"what is cancelled is over":                    cancelledIsOver,
		"two workers share the chunks":                 shared,
		"the rate is everybody's":                      rate,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, fresh(t))
		})
	}
}

const deadline = time.Minute

func bounded(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	t.Cleanup(cancel)
	return ctx
}

// Spec is one of so many chunks of three entries.
func Spec(address string, chunks int) batch.Spec {
	return batch.Spec{
		Address: address, Action: batch.Rewrap, Source: "memory://", MaxFailures: -1, Objects: int64(3 * chunks), Chunks: chunks,
		Target: batch.Target{Gateway: "here", KeyID: "key-1", Version: "v2"}, Manifest: fmt.Sprintf("%064x", chunks), Operator: "a test",
		Planned: time.Unix(1_700_000_000, 0).UTC(), Rate: batch.Rate{CallsPerSecond: 100},
	}
}

// Parts are the chunks of Spec.
func Parts(chunks int) iter.Seq2[queue.Part, error] {
	return func(yield func(queue.Part, error) bool) {
		for i := range chunks {
			p := queue.Part{Chunk: batch.Chunk{Index: i, Objects: 3, Bytes: 30, Digest: fmt.Sprint("digest ", i)}}
			for n := range 3 {
				p.Entries = append(p.Entries, batch.Entry{Name: fmt.Sprintf("object-%03d-%d", i, n), Size: 10, Revision: "r"})
			}
			p.First, p.Last = p.Entries[0].Name, p.Entries[2].Name
			if !yield(p, nil) {
				return
			}
		}
	}
}

const address = "batch.archive"

// begun is a queue with a batch that runs.
func begun(t *testing.T, rig Rig, spec batch.Spec) queue.Queue {
	t.Helper()
	q := rig.Open(t)
	if err := q.Create(bounded(t), spec, Parts(spec.Chunks)); err != nil {
		t.Fatal(err)
	}
	change(t, q, queue.Change{Status: batch.Running, Reason: "a test"})
	return q
}

func change(t *testing.T, q queue.Queue, c queue.Change) batch.Record {
	t.Helper()
	r, err := q.Change(bounded(t), address, c)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func record(t *testing.T, q queue.Queue) batch.Record {
	t.Helper()
	r, err := q.Record(bounded(t), address)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// work works once.
func work(t *testing.T, q queue.Queue, name string, do func(ctx context.Context, d queue.Delivery) error) {
	t.Helper()
	if err := q.Work(bounded(t), queue.Worker{Name: name, Parallel: 2, Address: address, Once: true, Do: do}); err != nil {
		t.Error(err)
	}
}

// finish records that a chunk is done.
func finish(ctx context.Context, d queue.Delivery, worker string) error {
	_, err := d.Record(ctx, doneStep(d, worker))
	return err
}

func doneStep(d queue.Delivery, worker string) batch.Step {
	n := int64(d.Chunk().Objects)
	return batch.Step{
		Chunk: d.Chunk().Index, Attempt: d.Last().Attempt, Cursor: int(n), Done: true, Worker: worker,
		Tally: batch.Tally{Objects: n, Written: n, Calls: 2 * n, Under: []batch.Under{{KeyID: "key-1", KeyVersion: "v2", Objects: n, Proved: n}}},
	}
}

func created(t *testing.T, rig Rig) {
	q, spec := rig.Open(t), Spec(address, 3)
	if _, err := q.Record(bounded(t), address); !errors.Is(err, queue.ErrNone) {
		t.Errorf("the record of what is not there: %v", err)
	}
	if err := q.Create(bounded(t), spec, Parts(3)); err != nil {
		t.Fatal(err)
	}
	r := record(t, q)
	if r.Status != batch.Paused || r.Spec.Manifest != spec.Manifest || r.Spec.Target != spec.Target || r.Chunks.Waiting != 3 || !r.Spec.Planned.Equal(spec.Planned) {
		t.Errorf("the record is %+v", r)
	}
	entries, err := q.Entries(bounded(t), address, 2)
	if err != nil || len(entries) != 3 || entries[1].Name != Names(2)[1] || entries[1].Revision != "r" {
		t.Errorf("the entries of the last chunk are %+v: %v", entries, err)
	}
	if _, err := q.Entries(bounded(t), address, 3); !errors.Is(err, queue.ErrNone) {
		t.Errorf("the entries of no chunk: %v", err)
	}
	all, err := q.Records(bounded(t))
	if err != nil || len(all) != 1 || all[0].Spec.Address != address {
		t.Errorf("the records are %+v: %v", all, err)
	}
}

func brokenOff(t *testing.T, rig Rig) {
	q, broken := rig.Open(t), errors.New("broken off")
	err := q.Create(bounded(t), Spec(address, 3), func(yield func(queue.Part, error) bool) {
		for p, err := range Parts(2) {
			if !yield(p, err) {
				return
			}
		}
		yield(queue.Part{}, broken)
	})
	if !errors.Is(err, broken) {
		t.Errorf("a manifest that broke off: %v", err)
	}
	if _, err := q.Record(bounded(t), address); !errors.Is(err, queue.ErrNone) {
		t.Errorf("what was created by halves is there: %v", err)
	}
	if err := q.Create(bounded(t), Spec(address, 3), Parts(3)); err != nil {
		t.Errorf("created again: %v", err)
	}
}

func oneAtATime(t *testing.T, rig Rig) {
	q := begun(t, rig, Spec(address, 2))
	if err := q.Create(bounded(t), Spec(address, 4), Parts(4)); !errors.Is(err, queue.ErrUnfinished) {
		t.Errorf("a second batch beside the first: %v", err)
	}
	work(t, q, "w", func(ctx context.Context, d queue.Delivery) error { return finish(ctx, d, "w") })
	if err := q.Create(bounded(t), Spec(address, 4), Parts(4)); err != nil {
		t.Errorf("a second batch after the first: %v", err)
	}
	if r := record(t, q); r.Spec.Chunks != 4 || r.Chunks.Waiting != 4 || r.Tally.Objects != 0 {
		t.Errorf("the record of the second is %+v", r)
	}
}

func pausedWaits(t *testing.T, rig Rig) {
	q := rig.Open(t)
	if err := q.Create(bounded(t), Spec(address, 2), Parts(2)); err != nil {
		t.Fatal(err)
	}
	work(t, q, "w", func(context.Context, queue.Delivery) error {
		t.Error("a chunk of a paused batch was delivered")
		return nil
	})
	change(t, q, queue.Change{Status: batch.Running})
	work(t, q, "w", func(ctx context.Context, d queue.Delivery) error { return finish(ctx, d, "w") })
	if r := record(t, q); r.Status != batch.Done || r.Chunks.Done != 2 || r.Ended.IsZero() {
		t.Errorf("after the resume: %+v", r)
	}
}

package river_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/batch"
	"kmsplan.dev/kmsplan/internal/batch/queue"
	"kmsplan.dev/kmsplan/internal/batch/queue/queuetest"
)

const address = "batch.archive"

// begun is a batch that runs.
func begun(t *testing.T, q queue.Queue, chunks int) {
	t.Helper()
	if err := q.Create(t.Context(), queuetest.Spec(address, chunks), queuetest.Parts(chunks)); err != nil {
		t.Fatal(err)
	}
	change(t, q, batch.Running)
}

func change(t *testing.T, q queue.Queue, to batch.Status) {
	t.Helper()
	if _, err := q.Change(t.Context(), address, queue.Change{Status: to}); err != nil {
		t.Fatal(err)
	}
}

func record(t *testing.T, q queue.Queue) batch.Record {
	t.Helper()
	r, err := q.Record(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// step is of the first so many of a chunk's three entries.
func step(d queue.Delivery, cursor int, worker string) batch.Step {
	n := int64(cursor)
	return batch.Step{
		Chunk: d.Chunk().Index, Attempt: d.Last().Attempt, Cursor: cursor, Done: cursor == d.Chunk().Objects, Worker: worker,
		Tally: batch.Tally{Objects: n, Written: n, Under: []batch.Under{{KeyID: "key-1", KeyVersion: "v2", Objects: n}}},
	}
}

// takeAway makes River and our rows say that nobody works: what a rescue does, whether the worker is dead or not.
func takeAway(t *testing.T, conn, schema string) {
	t.Helper()
	sql(t, conn, "UPDATE "+schema+".chunks SET holder = NULL")
	sql(t, conn, "UPDATE "+schema+".river_job SET state = 'available', scheduled_at = now() WHERE state = 'running'")
}

// A worker that was thought dead goes on while another has its chunk: its steps are refused, also that which would be the
// last, and what the other recorded stays.
func TestAStepOfAnEarlierAttemptIsRefused(t *testing.T) {
	conn := server(t, "KMSPLAN_TEST_PG")
	q, schema := migrated(t, conn)
	begun(t, q, 1)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	began, begunAgain, told := make(chan struct{}), make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		err := q.Work(ctx, queue.Worker{Name: "slow", Once: true, Do: func(ctx context.Context, d queue.Delivery) error {
			close(began)
			<-begunAgain
			defer close(told)
			_, err := d.Record(ctx, step(d, 3, "slow"))
			if !errors.Is(err, queue.ErrStale) {
				t.Errorf("the step of who was overtaken: %v", err)
			}
			return err
		}})
		if err != nil {
			t.Error(err)
		}
	})
	<-began
	takeAway(t, conn, schema)
	second := 0
	err := open(t, conn, schema).Work(ctx, queue.Worker{Name: "quick", Once: true, Do: func(ctx context.Context, d queue.Delivery) error {
		if second++; d.Last().Attempt != 2 {
			t.Errorf("the second delivery is attempt %d", d.Last().Attempt)
		}
		close(begunAgain)
		<-told
		if r := record(t, q); r.Tally.Objects != 0 || r.Status != batch.Running {
			t.Errorf("who was overtaken changed the record: %+v", r)
		}
		_, err := d.Record(ctx, step(d, 3, "quick"))
		return err
	}})
	wg.Wait()
	if r := record(t, q); err != nil || second != 1 || r.Status != batch.Done || r.Tally.Written != 3 || r.Workers[0].Name != "quick" {
		t.Errorf("after %d deliveries to the second worker the record is %+v: %v", second, r, err)
	}
}

// Every chunk is taken away from its first worker in the middle and delivered to a second while the first goes on: it
// counts once.
func TestEveryChunkDeliveredTwiceCountsOnce(t *testing.T) {
	const chunks = 9
	conn := server(t, "KMSPLAN_TEST_PG")
	q, schema := migrated(t, conn)
	begun(t, q, chunks)
	var mu sync.Mutex
	again := map[int]chan struct{}{} // closed by the second delivery; who is not in it had no first
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	stale := 0
	first := func(ctx context.Context, d queue.Delivery) error {
		begun := make(chan struct{})
		mu.Lock()
		again[d.Chunk().Index] = begun
		mu.Unlock()
		if _, err := d.Record(ctx, step(d, 1, "first")); err != nil {
			return err
		}
		sql(t, conn, "UPDATE "+schema+".chunks SET holder = NULL WHERE chunk = $1", d.Chunk().Index)
		sql(t, conn, "UPDATE "+schema+".river_job SET state = 'available', scheduled_at = now() WHERE args->>'chunk' LIKE '%/' || $1::int AND state = 'running'", d.Chunk().Index)
		<-begun
		_, err := d.Record(ctx, step(d, 3, "first"))
		if errors.Is(err, queue.ErrStale) {
			mu.Lock()
			stale++
			mu.Unlock()
		}
		return err
	}
	second := func(ctx context.Context, d queue.Delivery) error {
		mu.Lock()
		begun := again[d.Chunk().Index]
		mu.Unlock()
		if begun == nil {
			return nil // it has to be the other's first
		}
		if d.Last().Cursor != 1 {
			t.Errorf("chunk %d comes again at %d", d.Chunk().Index, d.Last().Cursor)
		}
		close(begun)
		_, err := d.Record(ctx, step(d, 3, "second"))
		return err
	}
	var wg sync.WaitGroup
	for _, w := range []queue.Worker{{Name: "first", Parallel: chunks, Do: first}, {Name: "second", Parallel: 3, Do: second}} {
		worker := open(t, conn, schema)
		w.Once = true
		wg.Go(func() {
			if err := worker.Work(ctx, w); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	r := record(t, q)
	if r.Status != batch.Done || r.Tally.Written != 3*chunks || r.Chunks.Done != chunks || r.Tally.Under[0].Objects != 3*chunks {
		t.Errorf("the record is %+v", r)
	}
	if stale != chunks {
		t.Errorf("of %d chunks that were delivered twice, the steps of %d first workers were refused", chunks, stale)
	}
}

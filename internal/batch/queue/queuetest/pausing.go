package queuetest

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"kmsplan.dev/kmsplan/internal/batch"
	"kmsplan.dev/kmsplan/internal/batch/queue"
)

func tooMany(t *testing.T, rig Rig) {
	spec := Spec(address, 12)
	spec.MaxFailures = 3
	q := begun(t, rig, spec)
	var mu sync.Mutex
	do := func(ctx context.Context, d queue.Delivery) error {
		mu.Lock()
		defer mu.Unlock()
		_, err := failing(ctx, d, 2)
		return err
	}
	work(t, q, "w", do)
	first := record(t, q)
	if first.Status != batch.Paused || first.Tally.Failed < 4 || first.Tally.Failed > 6 || !strings.Contains(first.Reason, "3") {
		t.Errorf("with at most 3 failures the batch is %+v", first)
	}
	change(t, q, queue.Change{Status: batch.Running}) // allows three more
	work(t, q, "w", do)
	r := record(t, q)
	if more := r.Tally.Failed - first.Tally.Failed; r.Status != batch.Paused || more < 4 || more > 6 || !strings.Contains(r.Reason, "since it was resumed") {
		t.Errorf("resumed after %d failures the batch is %+v", first.Tally.Failed, r)
	}
}

func failsEverywhere(t *testing.T, rig Rig) {
	const chunks = 12
	q := begun(t, rig, Spec(address, chunks))
	away := errors.New("KMS does not answer")
	var mu sync.Mutex
	tries, told := 0, 0
	w := queue.Worker{Name: "w", Parallel: 2, Address: address, Once: true, Do: func(ctx context.Context, d queue.Delivery) error {
		mu.Lock()
		defer mu.Unlock()
		if tries++; tries == 3 { // something comes of it: the row begins anew
			return finish(ctx, d, "w")
		}
		return away
	}, Paused: func(of string, err error) {
		mu.Lock()
		defer mu.Unlock()
		if told++; of != address || !errors.Is(err, away) {
			t.Errorf("it is told of %s: %v", of, err)
		}
	}}
	if err := q.Work(bounded(t), w); err != nil {
		t.Error(err)
	}
	r := record(t, q)
	if r.Status != batch.Paused || !strings.Contains(r.Reason, "in a row") || !strings.Contains(r.Reason, away.Error()) {
		t.Errorf("the batch is %s: %s", r.Status, r.Reason)
	}
	// Six in a row, of one worker; another, of a rig of two, has had five at the most, and others may have begun meanwhile.
	if tries < 7 || tries > 3+6+5+2 || told != 1 {
		t.Errorf("chunks were tried %d times, and %d pauses told of", tries, told)
	}
	change(t, q, queue.Change{Status: batch.Running})
	work(t, q, "w", func(ctx context.Context, d queue.Delivery) error { return finish(ctx, d, "w") })
	if r := record(t, q); r.Status != batch.Done || r.Reason != "" || r.Chunks.Done != chunks {
		t.Errorf("after the resume: %+v", r)
	}
}

func failsAlone(t *testing.T, rig Rig) {
	q := begun(t, rig, Spec(address, 9))
	var mu sync.Mutex
	tries := 0
	work(t, q, "w", func(ctx context.Context, d queue.Delivery) error {
		mu.Lock()
		defer mu.Unlock()
		if d.Chunk().Index > 0 {
			return finish(ctx, d, "w")
		}
		if tries++; tries <= 2 {
			return errors.New("not yet")
		}
		return finish(ctx, d, "w")
	})
	if r := record(t, q); r.Status != batch.Done || tries != 3 {
		t.Errorf("after %d tries of one chunk the batch is %s: %s", tries, r.Status, r.Reason)
	}
}

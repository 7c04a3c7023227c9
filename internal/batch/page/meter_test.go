package page_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/batch"
	"kmsplan.dev/kmsplan/internal/batch/page"
	"kmsplan.dev/kmsplan/internal/batch/queue"
	"kmsplan.dev/kmsplan/internal/batch/queue/queuetest"
)

// TestHowFastItIs is told from two looks, and how long the rest takes.
func TestHowFastItIs(t *testing.T) {
	q, now := queuetest.NewMemory(), time.Unix(1_800_000_000, 0)
	if err := q.Create(t.Context(), queuetest.Spec(address, 2), queuetest.Parts(2)); err != nil {
		t.Fatal(err)
	}
	if _, err := q.Change(t.Context(), address, queue.Change{Status: batch.Running}); err != nil {
		t.Fatal(err)
	}
	p := page.New(page.Options{Queue: q, Now: func() time.Time { return now }})
	look := func(path string) string {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://localhost"+path, nil)
		w := httptest.NewRecorder()
		p.ServeHTTP(w, r)
		return w.Body.String()
	}
	err := q.Work(t.Context(), queue.Worker{Parallel: 1, Once: true, Do: func(ctx context.Context, d queue.Delivery) error {
		s := batch.Step{Attempt: d.Last().Attempt, Cursor: 3, Tally: batch.Tally{Objects: 3, Calls: 30}, Done: true}
		if d.Chunk().Index == 0 {
			_, err := d.Record(ctx, s)
			if page := look("/"); !strings.Contains(page, "at most 1,000") || strings.Contains(page, "about") {
				t.Errorf("after one look it tells a pace:\n%s", page)
			}
			return err
		}
		now = now.Add(10 * time.Second)
		part := batch.Step{Attempt: s.Attempt, Cursor: 1, Tally: batch.Tally{Objects: 1, Calls: 50}}
		if _, err := d.Record(ctx, part); err != nil {
			return err
		}
		if page := look("/"); !strings.Contains(page, "5 a second of 1,000") || !strings.Contains(page, "about 20s") || !strings.Contains(page, "66 %") {
			t.Errorf("one object and 50 calls in 10 s are shown as\n%s", page)
		}
		var told struct {
			Batches []struct {
				Calls float64 `json:"calls_per_second"`
				Left  float64 `json:"seconds_left"`
				Most  float64 `json:"ceiling_per_second"`
			}
		}
		if err := json.Unmarshal([]byte(look("/api/batches")), &told); err != nil || len(told.Batches) != 1 || told.Batches[0].Calls != 5 || told.Batches[0].Left != 20 || told.Batches[0].Most != 1000 {
			t.Errorf("%v, %+v", err, told)
		}
		_, err := d.Record(ctx, s)
		return err
	}})
	if err != nil {
		t.Fatal(err)
	}
	if page := look("/"); strings.Contains(page, "a second") || strings.Contains(page, "about") {
		t.Errorf("what is done has a pace:\n%s", page)
	}
}

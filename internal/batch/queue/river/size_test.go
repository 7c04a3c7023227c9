package river_test

import (
	"os"
	"runtime"
	"strconv"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/batch"
	"kmsplan.dev/kmsplan/internal/batch/queue"
	"kmsplan.dev/kmsplan/internal/batch/queue/queuetest"
)

// Chunks and jobs go in as they come: the memory is that of some hundred chunks, however many there are, and what is asked
// of a batch of many chunks stays quick. KMSPLAN_TEST_CHUNKS=100000 measures a large one.
func TestManyChunksAreCreatedInConstantMemory(t *testing.T) {
	chunks := 5000
	if s := os.Getenv("KMSPLAN_TEST_CHUNKS"); s != "" {
		chunks, _ = strconv.Atoi(s)
	}
	conn := server(t, "KMSPLAN_TEST_PG")
	q, _ := migrated(t, conn)
	var most uint64
	n := 0
	parts := func(yield func(queue.Part, error) bool) {
		for p, err := range queuetest.Parts(chunks) {
			for len(p.Entries) < 100 {
				p.Entries = append(p.Entries, batch.Entry{Name: p.First + strconv.Itoa(len(p.Entries)), Size: 1000, Revision: "0123456789abcdef0123456789abcdef"})
			}
			if n++; n%1000 == 0 {
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				most = max(most, m.HeapInuse)
			}
			if !yield(p, err) {
				return
			}
		}
	}
	began := time.Now()
	if err := q.Create(t.Context(), queuetest.Spec(address, chunks), parts); err != nil {
		t.Fatal(err)
	}
	created := time.Since(began)
	began = time.Now()
	change(t, q, batch.Running)
	r := record(t, q)
	told := time.Since(began)
	began = time.Now()
	change(t, q, batch.Cancelled)
	cancelled := time.Since(began)
	t.Logf("%d chunks of 100 entries: created in %v, resumed and told in %v, cancelled in %v; at most %d MiB of heap", chunks, created.Round(time.Millisecond), told.Round(time.Millisecond), cancelled.Round(time.Millisecond), most>>20)
	if r.Chunks.Waiting != chunks {
		t.Errorf("the record is %+v", r.Chunks)
	}
	if most > 64<<20 {
		t.Errorf("the heap grew to %d MiB", most>>20)
	}
}

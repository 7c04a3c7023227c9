package local

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/batch"
	"kmsplan.dev/kmsplan/internal/batch/queue"
	"kmsplan.dev/kmsplan/internal/batch/queue/queuetest"
)

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// A batch of 100,000 chunks takes 40 MB at most, and what failed is on disk: here a fifth of that.
func TestAChunkTakesAtMost400BytesOfMemory(t *testing.T) {
	const chunks = 20_000
	dir := t.TempDir()
	q, err := Open(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := q.Create(t.Context(), queuetest.Spec("batch.archive", chunks), queuetest.Parts(chunks)); err != nil {
		t.Fatal(err)
	}
	if err := q.Close(); err != nil {
		t.Fatal(err)
	}
	history(t, dir, chunks)
	before := heap()
	q, err = Open(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	r, err := q.Record(t.Context(), "batch.archive")
	if err != nil || r.Chunks.Done != chunks-2 || r.Tally.Failed != chunks/100*100 {
		t.Fatalf("the record is %+v, failed %d: %v", r.Chunks, r.Tally.Failed, err)
	}
	if err := q.Work(t.Context(), queue.Worker{Name: "w", Once: true, Do: func(ctx context.Context, d queue.Delivery) error {
		_, err := d.Record(ctx, batch.Step{Attempt: d.Last().Attempt, Done: true})
		return err
	}}); err != nil {
		t.Fatal(err)
	}
	took := heap() - before
	t.Logf("%d bytes of memory a chunk", took/chunks)
	if took > 400*chunks {
		t.Errorf("%d chunks take %d bytes of memory", chunks, took)
	}
	runtime.KeepAlive(q)
}

// history writes what workers would have, but for the last two chunks.
func history(t *testing.T, dir string, chunks int) {
	t.Helper()
	found, _ := filepath.Glob(filepath.Join(dir, "*", "ledger"))
	f, err := os.OpenFile(found[0], os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	at := time.Unix(1_700_000_000, 0).UTC()
	put := func(l line) {
		raw, err := l.encode()
		if err == nil {
			_, err = f.Write(raw)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	put(line{At: at, Changed: &changed{Status: batch.Running}})
	for i := range chunks - 2 {
		put(line{At: at, Claimed: &claimed{Chunk: i, Attempt: 1, Lock: "worker-x", Worker: "host 1"}})
		s := batch.Step{Chunk: i, Attempt: 1, Cursor: 1000, Done: true, Worker: "host 1", Tally: batch.Tally{Objects: 1000, Under: []batch.Under{
			{KeyID: "key-" + strings.Repeat("0", 30), KeyVersion: "v2-" + strings.Repeat("0", 30), Objects: 900},
		}}}
		if i%100 == 0 {
			for n := range 100 {
				s.Failures = append(s.Failures, batch.Failure{Chunk: i, Object: fmt.Sprint("object ", n), Message: strings.Repeat("m", 200)})
			}
			s.Tally.Failed = 100
		}
		put(line{At: at, Step: &s})
	}
}

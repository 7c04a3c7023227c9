package river_test

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/batch"
	"kmsplan.dev/kmsplan/internal/batch/queue"
	"kmsplan.dev/kmsplan/internal/batch/quota"
	"kmsplan.dev/kmsplan/internal/state/pg/pgtest"
)

// A process is killed in the middle of a chunk: another takes it up within a minute, from where it was.
func TestTheChunkOfAKilledProcessIsTakenUpWithinAMinute(t *testing.T) {
	if testing.Short() {
		t.Skip("it waits for a heartbeat to grow old")
	}
	t.Parallel()
	conn := server(t, "KMSPLAN_TEST_PGBOUNCER")
	q, schema := migrated(t, conn)
	begun(t, q, 3)
	c := start(t, "hang", conn, schema)
	if said := c.line(t); !strings.HasPrefix(said, "chunk ") {
		t.Fatal(said)
	}
	if r := record(t, q); r.Chunks.Running != 1 || len(r.Workers) != 1 || r.Workers[0].Name != "child" || r.Tally.Written != 1 {
		t.Errorf("while the child works the record is %+v", r)
	}
	if err := c.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	killed := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	var taken time.Duration
	err := q.Work(ctx, queue.Worker{Name: "heir", Parallel: 2, Once: true, Do: func(ctx context.Context, d queue.Delivery) error {
		if d.Last().Attempt == 2 {
			if taken = time.Since(killed); d.Last().Cursor != 1 || d.Last().Worker != "child" {
				t.Errorf("the chunk comes with %+v", d.Last())
			}
		}
		_, err := d.Record(ctx, step(d, 3, "heir"))
		return err
	}})
	r := record(t, q)
	if err != nil || r.Status != batch.Done || r.Tally.Written != 9 {
		t.Errorf("the record is %+v: %v", r, err)
	}
	if taken == 0 || taken > time.Minute {
		t.Errorf("the chunk of the killed process was taken up after %v", taken)
	}
	t.Logf("taken up after %v", taken.Round(time.Second))
}

// The server crashes in the middle, with steps that it may not have heard of: each chunk ends once.
func TestARestartedDatabaseLosesNoChunk(t *testing.T) {
	t.Parallel()
	const chunks = 8
	s := pgtest.Start(t)
	q, schema := migrated(t, s.ConnStr())
	begun(t, q, chunks)
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	var mu sync.Mutex
	done, failed := 0, 0
	crash := make(chan struct{})
	var wg sync.WaitGroup
	for _, name := range []string{"a", "b"} {
		worker := open(t, s.ConnStr(), schema)
		wg.Go(func() {
			err := worker.Work(ctx, queue.Worker{Name: name, Parallel: 2, Once: true, Do: func(ctx context.Context, d queue.Delivery) error {
				for cursor := d.Last().Cursor + 1; cursor <= 3; cursor++ {
					time.Sleep(100 * time.Millisecond)
					if _, err := d.Record(ctx, step(d, cursor, name)); err != nil {
						mu.Lock()
						failed++
						mu.Unlock()
						return err
					}
				}
				mu.Lock()
				defer mu.Unlock()
				if done++; done == 2 {
					close(crash)
				}
				return nil
			}})
			if err != nil {
				t.Error(err)
			}
		})
	}
	<-crash
	s.Down()
	time.Sleep(2 * time.Second)
	s.Up()
	wg.Wait()
	r := record(t, open(t, s.ConnStr(), schema))
	if r.Status != batch.Done || r.Tally.Written != 3*chunks || r.Chunks.Done != chunks {
		t.Errorf("the record is %+v", r)
	}
	if failed == 0 {
		t.Error("no step met the crash")
	}
}

// A chunk that fails and fails pauses its batch, with the reason; a resume tries it again. The other chunk, done after the first
// failure, begins the count anew.
func TestAChunkThatFailsAndFailsPausesItsBatch(t *testing.T) {
	if testing.Short() {
		t.Skip("it waits for the delays between tries")
	}
	t.Parallel()
	conn := server(t, "KMSPLAN_TEST_PG")
	q, _ := migrated(t, conn)
	begun(t, q, 2)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	tries := 0
	err := q.Work(ctx, queue.Worker{Name: "w", Parallel: 1, Once: true, Do: func(ctx context.Context, d queue.Delivery) error {
		if d.Chunk().Index == 0 {
			tries++
			return errors.New("the store went away")
		}
		_, err := d.Record(ctx, step(d, 3, "w"))
		return err
	}})
	if r := record(t, q); err != nil || tries < 6 || tries > 7 || r.Status != batch.Paused || !strings.Contains(r.Reason, "6 times in a row a chunk ended in an error, at last chunk 0") || !strings.Contains(r.Reason, "the store went away") {
		t.Fatalf("after %d tries the record is %+v: %v", tries, r, err)
	}
	change(t, q, batch.Running)
	err = q.Work(ctx, queue.Worker{Name: "w", Once: true, Do: func(ctx context.Context, d queue.Delivery) error {
		_, err := d.Record(ctx, step(d, 3, "w"))
		return err
	}})
	if r := record(t, q); err != nil || r.Status != batch.Done || r.Tally.Written != 6 {
		t.Errorf("after the resume the record is %+v: %v", r, err)
	}
}

// Four processes on one row never begin more calls together than the rate, in any second, and use most of it.
func TestFourProcessesKeepToOneRate(t *testing.T) {
	conn := server(t, "KMSPLAN_TEST_PG")
	q, schema := migrated(t, conn)
	const perSecond = 300
	if err := q.Bucket("here", quota.Symmetric).Set(t.Context(), perSecond); err != nil {
		t.Fatal(err)
	}
	var children []*child
	for range 4 {
		children = append(children, start(t, "call", conn, schema))
	}
	var all []int64
	for _, c := range children {
		for c.said.Scan() {
			at, err := strconv.ParseInt(c.said.Text(), 10, 64)
			if err != nil {
				t.Fatal(c.said.Text())
			}
			all = append(all, at)
		}
	}
	slices.Sort(all)
	most, from := 0, 0
	for i := range all {
		for all[i]-all[from] >= int64(time.Second) {
			from++
		}
		most = max(most, i-from+1)
	}
	if most > perSecond*105/100 {
		t.Errorf("%d calls began within one second, at a rate of %d", most, perSecond)
	}
	const seconds = 4 // from the second one on, when all four are there
	n := 0
	for _, at := range all {
		if since := at - all[0]; since >= int64(time.Second) && since < (seconds+1)*int64(time.Second) {
			n++
		}
	}
	t.Logf("%d calls in %d seconds at a rate of %d, at most %d in any", n, seconds, perSecond, most)
	if n < seconds*perSecond*8/10 { // nearly all on a machine that has something to spare
		t.Errorf("%d calls in %d seconds", n, seconds)
	}
}

package shards_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"kmsplan.dev/kmsplan/internal/batch"
	"kmsplan.dev/kmsplan/internal/batch/queue"
	"kmsplan.dev/kmsplan/internal/batch/queue/queuetest"
	"kmsplan.dev/kmsplan/internal/batch/queue/shards"
)

// A pod is this test's binary: a real process, which dies for real.
const podEnv = "KMSPLAN_SHARDS_POD"

func TestMain(m *testing.M) {
	if os.Getenv(podEnv) == "" {
		os.Exit(m.Run())
	}
	if err := pod(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

const archive = "batch.archive"

func pod(ledger, shard string) error {
	s, err := shards.ParseShard(shard)
	if err != nil {
		return err
	}
	q, err := shards.Open(ledger, s, quick)
	if err != nil {
		return err
	}
	return q.Work(context.Background(), queue.Worker{Name: "pod " + shard, Parallel: 2, Once: true, Do: func(ctx context.Context, d queue.Delivery) error {
		return deal(ctx, d, func(object string) { fmt.Println(object) })
	}})
}

// deal deals with a chunk from where it was; the second object of every fifth chunk fails.
func deal(ctx context.Context, d queue.Delivery, say func(object string)) error {
	entries, err := d.Entries(ctx)
	if err != nil {
		return err
	}
	s := d.Last()
	for i := s.Cursor; i < len(entries); i++ {
		say(entries[i].Name)
		s.Tally.Objects++
		if i == 1 && d.Chunk().Index%5 == 0 {
			s.Tally.Failed++
			s.Failures = append(s.Failures, batch.Failure{Chunk: d.Chunk().Index, Object: entries[i].Name, Class: batch.ClassDamaged, At: time.Unix(1, 0)})
		} else {
			s.Tally.Written++
		}
		s.Cursor, s.Done = i+1, i+1 == len(entries)
		if _, err := d.Record(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

// started is a batch that runs.
func started(t *testing.T, ledger string, chunks int) *shards.Queue {
	t.Helper()
	q := open(t, ledger, shards.Shard{}, quick)
	if err := q.Create(t.Context(), queuetest.Spec(archive, chunks), queuetest.Parts(chunks)); err != nil {
		t.Fatal(err)
	}
	if _, err := q.Change(t.Context(), archive, queue.Change{Status: batch.Running}); err != nil {
		t.Fatal(err)
	}
	return q
}

// whole holds a batch whose chunks were dealt with to what came of them.
func whole(t *testing.T, q *shards.Queue, chunks int) {
	t.Helper()
	r, err := q.Record(t.Context(), archive)
	failed := int64((chunks + 4) / 5)
	if err != nil || r.Status != batch.Done || r.Chunks.Done != chunks || r.Tally.Objects != int64(3*chunks) || r.Tally.Failed != failed || r.Tally.Written != int64(3*chunks)-failed {
		t.Errorf("the record is %s, %+v, %+v: %v", r.Status, r.Chunks, r.Tally, err)
	}
	next := 0
	if err := q.Steps(t.Context(), archive, func(s batch.Step) error {
		if s.Chunk != next || !s.Done {
			t.Errorf("where the step of chunk %d should be, there is %+v", next, s)
		}
		next++
		return nil
	}); err != nil || next != chunks {
		t.Errorf("%d steps are kept of %d: %v", next, chunks, err)
	}
	n := int64(0)
	if err := q.Failures(t.Context(), archive, func(batch.Failure) error { n++; return nil }); err != nil || n != failed {
		t.Errorf("%d failures are kept of %d: %v", n, failed, err)
	}
}

// spawn starts a pod and gives its process, and the lines it says.
func spawn(t *testing.T, ledger, shard string) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, ledger, shard)
	cmd.Env, cmd.Stderr = append(os.Environ(), podEnv+"=1"), os.Stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	return cmd, bufio.NewScanner(out)
}

// TestPodsThatAreKilledLoseNothing kills pods of two shards in the middle of chunks thirty times.
func TestPodsThatAreKilledLoseNothing(t *testing.T) {
	const chunks, kills = 150, 30
	ledger, _ := folder(t)
	q := started(t, ledger, chunks)
	for i := range kills {
		cmd, lines := spawn(t, ledger, fmt.Sprintf("%d/2", i%2))
		for range 1 + rand.N(8) {
			if !lines.Scan() {
				t.Fatal("a pod had nothing left to do")
			}
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Error(err)
		}
		_ = cmd.Wait()
	}
	for _, shard := range []string{"0/2", "1/2"} {
		cmd, lines := spawn(t, ledger, shard)
		for lines.Scan() {
		}
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	}
	whole(t, q, chunks)
}

// Of two pods of one index, the one that began last goes on; the other notices with its next step and ends.
func TestTheFirstOfTwoPodsOfOneIndexEnds(t *testing.T) {
	const chunks = 4
	ledger, _ := folder(t)
	q := started(t, ledger, chunks)
	first, second := open(t, ledger, shards.Shard{Index: 0, Of: 1}, quick), open(t, ledger, shards.Shard{Index: 0, Of: 1}, quick)
	begun := false
	var late error
	err := first.Work(t.Context(), queue.Worker{Name: "first", Once: true, Do: func(ctx context.Context, d queue.Delivery) error {
		if begun {
			t.Error("the first pod was given another chunk")
		}
		begun = true
		if err := second.Work(ctx, queue.Worker{Name: "second", Once: true, Do: func(ctx context.Context, d queue.Delivery) error {
			return deal(ctx, d, func(string) {})
		}}); err != nil {
			t.Error(err)
		}
		late = deal(ctx, d, func(string) {})
		return late
	}})
	if !errors.Is(late, queue.ErrStale) || !errors.Is(err, queue.ErrStale) {
		t.Errorf("the first pod's step ended in %v, and its work in %v", late, err)
	}
	whole(t, q, chunks)
}

// Steps of many chunks move to objects beside the ledger, and are read as before.
func TestManyChunksLeaveASmallLedger(t *testing.T) {
	const chunks = 500
	ledger, _ := folder(t)
	q := started(t, ledger, chunks)
	var g errgroup.Group
	for i := range 2 {
		w := open(t, ledger, shards.Shard{Index: i, Of: 2}, quick)
		g.Go(func() error {
			return w.Work(t.Context(), queue.Worker{Name: "w", Parallel: 3, Once: true, Do: func(ctx context.Context, d queue.Delivery) error {
				return deal(ctx, d, func(string) {})
			}})
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	whole(t, q, chunks)
	found, _ := filepath.Glob(filepath.Join(ledger, "batches@*", "head-*"))
	for _, name := range found {
		if info, err := os.Stat(name); err != nil || info.Size() > 8<<10 {
			t.Errorf("%s has %d bytes: %v", name, info.Size(), err)
		}
	}
	if steps, _ := filepath.Glob(filepath.Join(ledger, "batches@*", "objects", "steps-*")); len(found) == 0 || len(steps) < 4 {
		t.Errorf("the ledger is %q and %q", found, steps)
	}
}

func TestAWorkerOfAnotherNumberOfShardsIsRefused(t *testing.T) {
	ledger, _ := folder(t)
	started(t, ledger, 6)
	work := func(s shards.Shard) error {
		return open(t, ledger, s, quick).Work(t.Context(), queue.Worker{Once: true, Do: func(ctx context.Context, d queue.Delivery) error {
			if d.Chunk().Index%s.Of != s.Index {
				t.Errorf("shard %s was given chunk %d", s, d.Chunk().Index)
			}
			return deal(ctx, d, func(string) {})
		}})
	}
	if err := work(shards.Shard{Index: 0, Of: 3}); err != nil {
		t.Fatal(err)
	}
	if err := work(shards.Shard{Index: 1, Of: 4}); err == nil || !strings.Contains(err.Error(), "3 shards") {
		t.Errorf("a worker of four shards: %v", err)
	}
	if err := work(shards.Shard{}); err == nil || !strings.Contains(err.Error(), "-shard") {
		t.Errorf("a worker of no shard: %v", err)
	}
}

// Too many failures in two shards together pause both.
func TestFailuresOfAllShardsCount(t *testing.T) {
	ledger, _ := folder(t)
	q := open(t, ledger, shards.Shard{}, quick)
	spec := queuetest.Spec(archive, 10)
	spec.MaxFailures = 1
	if err := q.Create(t.Context(), spec, queuetest.Parts(10)); err != nil {
		t.Fatal(err)
	}
	if _, err := q.Change(t.Context(), archive, queue.Change{Status: batch.Running}); err != nil {
		t.Fatal(err)
	}
	for i := range 2 { // one object of chunk 0, one of chunk 5
		if err := open(t, ledger, shards.Shard{Index: i, Of: 2}, quick).Work(t.Context(), queue.Worker{Once: true, Do: func(ctx context.Context, d queue.Delivery) error {
			return deal(ctx, d, func(string) {})
		}}); err != nil {
			t.Fatal(err)
		}
	}
	if r, err := q.Record(t.Context(), archive); err != nil || r.Status != batch.Paused || r.Tally.Failed != 2 || r.Chunks.Done == 10 {
		t.Errorf("the record is %s, %+v: %v", r.Status, r.Tally, err)
	}
}

func TestAShardHasItsPartOfTheQuota(t *testing.T) {
	ledger, _ := folder(t)
	b := open(t, ledger, shards.Shard{Index: 1, Of: 4}, quick).Bucket("here", "symmetric")
	if err := b.Set(t.Context(), 300); err != nil {
		t.Fatal(err)
	}
	if now, ceiling, err := b.Rate(t.Context()); err != nil || now != 75 || ceiling != 75 {
		t.Errorf("one of four shards has %v of %v: %v", now, ceiling, err)
	}
}

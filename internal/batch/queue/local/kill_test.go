package local_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/batch"
	"kmsplan.dev/kmsplan/internal/batch/queue"
	"kmsplan.dev/kmsplan/internal/batch/queue/local"
	"kmsplan.dev/kmsplan/internal/batch/queue/queuetest"
)

// A child is this test's binary: a real process, which dies for real.
const childEnv = "KMSPLAN_LOCAL_QUEUE_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(childEnv) == "" {
		os.Exit(m.Run())
	}
	if err := child(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// child works on the batches in a directory. What it does to an object is a file of the object's name; it says each.
func child(dir, out string) error {
	q, err := local.Open(dir, nil)
	if err != nil {
		return err
	}
	name := fmt.Sprint("child ", os.Getpid())
	return q.Work(context.Background(), queue.Worker{Name: name, Parallel: 2, Once: true, Do: func(ctx context.Context, d queue.Delivery) error {
		return deal(ctx, d, name, out)
	}})
}

// deal deals with a chunk from where it was; the second object of every fifth chunk fails.
func deal(ctx context.Context, d queue.Delivery, name, out string) error {
	entries, err := d.Entries(ctx)
	if err != nil {
		return err
	}
	s := d.Last()
	s.Worker = name
	for i := s.Cursor; i < len(entries); i++ {
		if err := os.WriteFile(filepath.Join(out, entries[i].Name), nil, 0o600); err != nil {
			return err
		}
		if os.Getenv(childEnv) != "" {
			fmt.Println(entries[i].Name)
		}
		s.Tally.Objects++
		if i == 1 && d.Chunk().Index%5 == 0 {
			s.Tally.Failed++
			s.Failures = append(s.Failures, batch.Failure{Chunk: d.Chunk().Index, Object: entries[i].Name, Class: batch.ClassDamaged, At: time.Unix(1, 0)})
		} else {
			s.Tally.Written++
			s.Tally.Put(batch.Under{KeyID: "key-1", KeyVersion: "v2", Objects: 1})
		}
		s.Cursor, s.Done = i+1, i+1 == len(entries)
		if _, err := d.Record(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

// running is a child, of which so many objects have been read.
type running struct {
	cmd   *exec.Cmd
	lines *bufio.Scanner
}

func start(t *testing.T, dir, out string) *running {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, dir, out)
	cmd.Env, cmd.Stderr = append(os.Environ(), childEnv+"=1"), os.Stderr
	pipe, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	return &running{cmd, bufio.NewScanner(pipe)}
}

// deals waits until the child has dealt with n more objects; it reports whether it did.
func (r *running) deals(n int) bool {
	for range n {
		if !r.lines.Scan() {
			return false
		}
	}
	return true
}

func (r *running) kill(t *testing.T) {
	t.Helper()
	if err := r.cmd.Process.Kill(); err != nil {
		t.Error(err)
	}
	_ = r.cmd.Wait()
}

// end lets it end by itself.
func (r *running) end(t *testing.T) {
	t.Helper()
	for r.lines.Scan() {
	}
	if err := r.cmd.Wait(); err != nil {
		t.Error("a child ended with", err)
	}
}

// TestWorkersThatAreKilledLoseNothing kills a worker in the middle of chunks thirty times, beside one that lives.
func TestWorkersThatAreKilledLoseNothing(t *testing.T) {
	const chunks, kills = 150, 30
	dir, out := t.TempDir(), t.TempDir()
	q := open(t, dir)
	spec := queuetest.Spec("batch.archive", chunks)
	if err := q.Create(t.Context(), spec, queuetest.Parts(chunks)); err != nil {
		t.Fatal(err)
	}
	if _, err := q.Change(t.Context(), spec.Address, queue.Change{Status: batch.Running}); err != nil {
		t.Fatal(err)
	}
	killed := 0
	for range kills {
		r := start(t, dir, out)
		if r.deals(1 + rand.N(8)) {
			killed++
		}
		r.kill(t)
	}
	if killed != kills {
		t.Fatalf("%d of %d workers were killed in the middle; the others had nothing left to do", killed, kills)
	}
	first, second := start(t, dir, out), start(t, dir, out)
	if !first.deals(3) {
		t.Error("the first of two had nothing left to do")
	}
	first.kill(t)
	second.end(t) // it waits for the chunks of the first, and takes them up
	r, err := q.Record(t.Context(), spec.Address)
	failed := int64(chunks / 5)
	switch {
	case err != nil:
		t.Fatal(err)
	case r.Status != batch.Done || r.Chunks.Done != chunks || r.Chunks.Waiting+r.Chunks.Running != 0:
		t.Errorf("the record is %s, chunks %+v", r.Status, r.Chunks)
	case r.Tally.Objects != 3*chunks || r.Tally.Failed != failed || r.Tally.Written != 3*chunks-failed || r.Tally.Under[0].Objects != 3*chunks-failed:
		t.Errorf("the tally is %+v", r.Tally)
	}
	done, err := os.ReadDir(out)
	if err != nil || len(done) != 3*chunks {
		t.Errorf("%d objects were dealt with: %v", len(done), err)
	}
	n := 0
	if err := q.Failures(t.Context(), spec.Address, func(batch.Failure) error { n++; return nil }); err != nil || n != int(failed) {
		t.Errorf("%d failures are kept, not %d: %v", n, failed, err)
	}
}

// A worker that stands still keeps its chunk; as soon as it is dead, it is another's.
func TestAChunkIsItsWorkersForAsLongAsItLives(t *testing.T) {
	dir, out := t.TempDir(), t.TempDir()
	q := open(t, dir)
	spec := queuetest.Spec("batch.archive", 1)
	if err := q.Create(t.Context(), spec, queuetest.Parts(1)); err != nil {
		t.Fatal(err)
	}
	if _, err := q.Change(t.Context(), spec.Address, queue.Change{Status: batch.Running}); err != nil {
		t.Fatal(err)
	}
	holding, release, gone := make(chan struct{}, 9), make(chan struct{}), make(chan error)
	go func() {
		gone <- q.Work(t.Context(), queue.Worker{Name: "standing", Parallel: 1, Once: true, Do: func(ctx context.Context, d queue.Delivery) error {
			holding <- struct{}{}
			<-release
			return deal(ctx, d, "standing", out)
		}})
	}()
	<-holding
	other := open(t, dir)
	r, err := other.Record(t.Context(), spec.Address)
	if err != nil || r.Chunks.Running != 1 {
		t.Errorf("while its worker lives, the chunk is %+v: %v", r.Chunks, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	_ = other.Work(ctx, queue.Worker{Name: "other", Parallel: 1, Once: true, Do: func(context.Context, queue.Delivery) error {
		t.Error("a chunk was given to another while its worker lives")
		cancel()
		return nil
	}})
	close(release)
	if err := <-gone; err != nil {
		t.Error(err)
	}
}

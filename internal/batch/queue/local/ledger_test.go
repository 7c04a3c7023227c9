package local_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/batch"
	"kmsplan.dev/kmsplan/internal/batch/queue"
	"kmsplan.dev/kmsplan/internal/batch/queue/local"
	"kmsplan.dev/kmsplan/internal/batch/queue/queuetest"
)

const archive = "batch.archive"

// started is a queue with a batch that runs.
func started(t *testing.T, dir string, chunks int) *local.Queue {
	t.Helper()
	q := open(t, dir)
	if err := q.Create(t.Context(), queuetest.Spec(archive, chunks), queuetest.Parts(chunks)); err != nil {
		t.Fatal(err)
	}
	if _, err := q.Change(t.Context(), archive, queue.Change{Status: batch.Running, Reason: "a test"}); err != nil {
		t.Fatal(err)
	}
	return q
}

func worked(t *testing.T, q *local.Queue, do func(ctx context.Context, d queue.Delivery) error) {
	t.Helper()
	if err := q.Work(t.Context(), queue.Worker{Name: "w", Parallel: 1, Once: true, Do: do}); err != nil {
		t.Error(err)
	}
}

func TestATornLastLineIsLeftOut(t *testing.T) {
	dir := t.TempDir()
	started(t, dir, 2)
	whole, err := os.ReadFile(ledger(t, dir))
	if err != nil {
		t.Fatal(err)
	}
	last := bytes.LastIndexByte(whole[:len(whole)-1], '\n') + 1
	for cut := last; cut < len(whole); cut++ {
		edit(t, ledger(t, dir), func([]byte) []byte { return whole[:cut] })
		q := open(t, dir)
		r, err := q.Record(t.Context(), archive)
		if err != nil || r.Status != batch.Paused {
			t.Fatalf("with the last line cut after %d bytes: %s, %v", cut-last, r.Status, err)
		}
		if _, err := q.Change(t.Context(), archive, queue.Change{Rate: &batch.Rate{CallsPerSecond: 3}}); err != nil {
			t.Fatal(err)
		}
		if r, err := open(t, dir).Record(t.Context(), archive); err != nil || r.Rate.CallsPerSecond != 3 {
			t.Fatalf("what follows a torn line is read as %+v: %v", r.Rate, err)
		}
	}
}

func TestADamagedEarlierLineIsNamed(t *testing.T) {
	dir := t.TempDir()
	q := started(t, dir, 2)
	if _, err := q.Change(t.Context(), archive, queue.Change{Status: batch.Paused}); err != nil {
		t.Fatal(err)
	}
	edit(t, ledger(t, dir), func(data []byte) []byte { return bytes.Replace(data, []byte(`"running"`), []byte(`"runming"`), 1) })
	_, err := open(t, dir).Record(t.Context(), archive)
	if err == nil || !strings.Contains(err.Error(), ledger(t, dir)+", line 2") {
		t.Errorf("the error is %v", err)
	}
	edit(t, ledger(t, dir), func(data []byte) []byte { return append([]byte("x"), data...) })
	if _, err = open(t, dir).Record(t.Context(), archive); err == nil || !strings.Contains(err.Error(), ledger(t, dir)+", line 1") {
		t.Errorf("the error is %v", err)
	}
}

func TestADamagedManifestIsNamed(t *testing.T) {
	dir := t.TempDir()
	q := started(t, dir, 2)
	edit(t, filepath.Join(filepath.Dir(ledger(t, dir)), "manifest"), func(data []byte) []byte {
		data[len(data)-20] ^= 1
		return data
	})
	_, err := q.Entries(t.Context(), archive, 1)
	if err == nil || !strings.Contains(err.Error(), "manifest") {
		t.Errorf("the error is %v", err)
	}
	if err := q.Work(t.Context(), queue.Worker{Once: true, Do: func(ctx context.Context, d queue.Delivery) error { return deal(ctx, d, "w", t.TempDir()) }}); err == nil {
		t.Error("a worker takes no notice")
	}
}

// Others look at a batch whose ledger is written anew again and again.
func TestALedgerThatGrewIsWrittenAnew(t *testing.T) {
	const chunks, rounds = 8, 60
	dir := t.TempDir()
	q, other := started(t, dir, chunks), open(t, dir)
	most := int64(0)
	worked(t, q, func(ctx context.Context, d queue.Delivery) error {
		s := d.Last()
		if s.Attempt == 1 && d.Chunk().Index == 2 {
			return errors.New("it comes again")
		}
		for i := range rounds {
			s.Worker, s.Cursor, s.Failures = "w", i, []batch.Failure{{Chunk: d.Chunk().Index, Object: fmt.Sprint("round ", i), Message: strings.Repeat("m", 50<<10), At: time.Unix(1, 0)}}
			s.Tally = batch.Tally{Objects: 1, Failed: 1, Under: []batch.Under{{KeyID: "k", KeyVersion: "v", Objects: 1}}}
			s.Done = i == rounds-1
			if _, err := d.Record(ctx, s); err != nil {
				return err
			}
			if info, err := os.Stat(ledger(t, dir)); err == nil {
				most = max(most, info.Size())
			}
			if r, err := other.Record(ctx, archive); err != nil || r.Tally.Objects < 1 {
				t.Errorf("another sees %+v: %v", r.Tally, err)
			}
		}
		return nil
	})
	if most == 0 || most > 8<<20 {
		t.Errorf("the ledger grew to %d bytes; %d were written", most, chunks*rounds*50<<10)
	}
	for _, q := range []*local.Queue{q, other, open(t, dir)} {
		r, err := q.Record(t.Context(), archive)
		if err != nil || r.Status != batch.Done || r.Tally.Failed != chunks || r.Started.IsZero() || r.Reason != "" && r.Reason != "a test" {
			t.Errorf("the record is %+v: %v", r, err)
		}
		n := 0
		err = q.Failures(t.Context(), archive, func(f batch.Failure) error {
			if n++; f.Object != fmt.Sprint("round ", rounds-1) {
				t.Errorf("a failure of %q is kept", f.Object)
			}
			return nil
		})
		if err != nil || n != chunks {
			t.Errorf("%d failures are kept: %v", n, err)
		}
	}
}

func TestWhatIsKeptIsNobodyElsesBusiness(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "batch")
	q := started(t, dir, 2)
	if _, err := q.Bucket("here", "symmetric").Lease(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	worked(t, q, func(ctx context.Context, d queue.Delivery) error { return deal(ctx, d, "w", t.TempDir()) })
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if want := map[bool]fs.FileMode{true: 0o700, false: 0o600}[d.IsDir()]; err == nil && info.Mode().Perm() != want {
			t.Errorf("%s has the mode %o", path, info.Mode().Perm())
		}
		if strings.HasPrefix(d.Name(), "worker-") || strings.HasSuffix(d.Name(), ".tmp") {
			t.Errorf("%s is left over", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// A batch that was resumed after too many failures goes on until another object fails.
func TestAResumeAfterTooManyFailuresGoesOn(t *testing.T) {
	q := open(t, t.TempDir())
	spec := queuetest.Spec(archive, 6)
	spec.MaxFailures = 0
	if err := q.Create(t.Context(), spec, queuetest.Parts(6)); err != nil {
		t.Fatal(err)
	}
	out := t.TempDir() // the chunks 0 and 5 have an object that fails
	for _, want := range []int64{1, 2} {
		if _, err := q.Change(t.Context(), archive, queue.Change{Status: batch.Running}); err != nil {
			t.Fatal(err)
		}
		worked(t, q, func(ctx context.Context, d queue.Delivery) error { return deal(ctx, d, "w", out) })
		r, err := q.Record(t.Context(), archive)
		if err != nil || r.Tally.Failed != want {
			t.Errorf("%d objects failed, not %d: %s, %v", r.Tally.Failed, want, r.Status, err)
		}
	}
	if r, err := q.Record(t.Context(), archive); err != nil || r.Status != batch.Done {
		t.Errorf("the record is %+v: %v", r, err)
	}
}

// What earlier batches of an address recorded stays, their manifests go; and what a creation left that died.
func TestEarlierBatchesAreThinned(t *testing.T) {
	dir := t.TempDir()
	q := started(t, dir, 2)
	if _, err := q.Change(t.Context(), archive, queue.Change{Status: batch.Cancelled}); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "archive-0.000009"), 0o700); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the same manifest once more
		if err := q.Create(t.Context(), queuetest.Spec(archive, 2), queuetest.Parts(2)); err != nil {
			t.Fatal(err)
		}
		if _, err := q.Change(t.Context(), archive, queue.Change{Status: batch.Cancelled}); err != nil {
			t.Fatal(err)
		}
	}
	ledgers, _ := filepath.Glob(filepath.Join(dir, "*", "ledger"))
	manifests, _ := filepath.Glob(filepath.Join(dir, "*", "manifest"))
	if len(ledgers) != 3 || len(manifests) != 1 {
		t.Errorf("there are %q and %q", ledgers, manifests)
	}
	if _, err := os.Stat(filepath.Join(dir, "archive-0.000009")); err == nil {
		t.Error("what a creation left is there")
	}
}

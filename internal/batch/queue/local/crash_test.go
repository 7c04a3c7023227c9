package local_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"kmsplan.dev/kmsplan/internal/batch"
	"kmsplan.dev/kmsplan/internal/batch/queue"
	"kmsplan.dev/kmsplan/internal/batch/queue/local"
	"kmsplan.dev/kmsplan/internal/batch/queue/queuetest"
	"kmsplan.dev/kmsplan/internal/durable/durabletest"
)

// TestAPowerCutLosesNothingThatWasPromised cuts the power after every step on the disk of a creation, a start and two chunks.
func TestAPowerCutLosesNothingThatWasPromised(t *testing.T) {
	root := t.TempDir()
	rec := durabletest.NewRecord(root)
	q, err := local.Open(filepath.Join(root, "batch"), rec.Seam(nil))
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	spec := queuetest.Spec("batch.archive", 2)
	if err := q.Create(t.Context(), spec, queuetest.Parts(2)); err != nil {
		t.Fatal(err)
	}
	rec.Mark("created")
	if _, err := q.Change(t.Context(), spec.Address, queue.Change{Status: batch.Running}); err != nil {
		t.Fatal(err)
	}
	rec.Mark("running")
	out := t.TempDir()
	if err := q.Work(t.Context(), queue.Worker{Name: "w", Parallel: 1, Once: true, Do: func(ctx context.Context, d queue.Delivery) error {
		err := deal(ctx, d, "w", out)
		rec.Mark(d.Chunk().Index)
		return err
	}}); err != nil {
		t.Fatal(err)
	}
	n := 0
	rec.Disks(func(d durabletest.Disk) {
		n++
		clone := t.TempDir()
		if err := d.Fill(clone); err != nil {
			t.Fatal(err)
		}
		afterCut(t, d, clone, out)
	})
	t.Logf("%d disks", n)
	if n < 100 {
		t.Errorf("only %d disks were looked at", n)
	}
}

func afterCut(t *testing.T, d durabletest.Disk, clone, out string) {
	t.Helper()
	q, err := local.Open(filepath.Join(clone, "batch"), nil)
	if err != nil {
		t.Fatalf("%s: %v", d.Name, err)
	}
	defer q.Close()
	spec := queuetest.Spec("batch.archive", 2)
	r, err := q.Record(t.Context(), spec.Address)
	if errors.Is(err, queue.ErrNone) && len(d.Promises) == 0 {
		if err := q.Create(t.Context(), spec, queuetest.Parts(2)); err != nil {
			t.Errorf("%s: it was not created, and cannot be: %v", d.Name, err)
		}
		return
	}
	if err != nil {
		t.Errorf("%s: %v", d.Name, err)
		return
	}
	if slices.Contains(d.Promises, any("running")) && r.Status == batch.Paused {
		t.Errorf("%s: it was started, and is %s", d.Name, r.Status)
	}
	if chunks := max(0, len(d.Promises)-2); r.Chunks.Done < chunks || r.Tally.Objects < int64(3*chunks) {
		t.Errorf("%s: %d chunks were done, and %+v of them are on disk", d.Name, chunks, r.Chunks)
	}
	if !r.Status.Over() {
		if _, err := q.Change(t.Context(), spec.Address, queue.Change{Status: batch.Running}); err != nil {
			t.Errorf("%s: %v", d.Name, err)
		}
	}
	if err := q.Work(t.Context(), queue.Worker{Name: "next", Parallel: 1, Once: true, Do: func(ctx context.Context, d queue.Delivery) error {
		return deal(ctx, d, "next", out)
	}}); err != nil {
		t.Errorf("%s: going on: %v", d.Name, err)
	}
	if r, err = q.Record(t.Context(), spec.Address); err != nil || r.Status != batch.Done || r.Tally.Objects != 6 || r.Tally.Failed != 1 {
		t.Errorf("%s: after it went on: %+v, %v", d.Name, r, err)
	}
}

// ledger is the only ledger below a directory.
func ledger(t *testing.T, dir string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "*", "ledger"))
	if err != nil || len(found) != 1 {
		t.Fatalf("the ledgers are %q: %v", found, err)
	}
	return found[0]
}

func edit(t *testing.T, name string, change func([]byte) []byte) {
	t.Helper()
	data, err := os.ReadFile(name)
	if err == nil {
		err = os.WriteFile(name, change(data), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

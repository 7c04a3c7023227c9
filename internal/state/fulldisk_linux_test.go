package state_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"kmsplan.dev/kmsplan/internal/state"
	"kmsplan.dev/kmsplan/internal/state/statetest"
)

func TestAFullDiskLeavesTheOldStateWhole(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("none", dir, "tmpfs", 0, "size=128k"); err != nil {
		t.Skipf("a small file system cannot be mounted here: %v", err)
	}
	defer func() { _ = syscall.Unmount(dir, 0) }()
	path := filepath.Join(dir, "s.json")
	l := openLocal(t, path)
	n := 0
	for ; ; n++ {
		if err := statetest.AddResource(t.Context(), l, fmt.Sprint("k", n)); err != nil {
			if !errors.Is(err, syscall.ENOSPC) {
				t.Fatal(err)
			}
			break
		}
	}
	checkWholeAfterFull(t, path, fmt.Sprint(n))
	checkJournalOnFullDisk(t, l)
}

// checkJournalOnFullDisk fills a journal on a disk that is nearly full: it breaks,
// stays broken, and what it promised is there.
func checkJournalOnFullDisk(t *testing.T, l *state.Local) {
	t.Helper()
	for _, old := range must(filepath.Glob(l.Path() + ".d/0*.json")) {
		if err := os.Remove(old); err != nil {
			t.Fatal(err)
		}
	}
	j := must(state.OpenJournal(l.JournalPath(), nil))
	if err := j.Start("lineage", 1); err != nil {
		t.Fatal(err)
	}
	n := 0
	for ; ; n++ {
		if err := j.Append(record(fmt.Sprint("k", n))); err != nil {
			if !errors.Is(err, syscall.ENOSPC) {
				t.Fatal(err)
			}
			break
		}
	}
	if err := os.Remove(l.Path()); err != nil {
		t.Fatal(err)
	}
	if err := j.Append(record("more")); err == nil {
		t.Error("a broken journal promised something")
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := state.OpenJournal(l.JournalPath(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := len(again.Entries()) - 1; got < n || n == 0 {
		t.Errorf("%d of %d promised entries are there", got, n)
	}
	if err := again.Close(); err != nil {
		t.Fatal(err)
	}
}

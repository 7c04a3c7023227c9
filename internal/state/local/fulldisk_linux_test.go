package local_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"kmsplan.dev/kmsplan/internal/state"
	"kmsplan.dev/kmsplan/internal/state/local"
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
func checkJournalOnFullDisk(t *testing.T, l *local.Store) {
	t.Helper()
	for _, old := range must(filepath.Glob(l.Path() + ".d/0*.json")) {
		if err := os.Remove(old); err != nil {
			t.Fatal(err)
		}
	}
	j, _, err := state.Open(t.Context(), l, "test")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for ; ; n++ {
		if err := j.Append(record(fmt.Sprint("j", n))); err != nil {
			if !errors.Is(err, syscall.ENOSPC) {
				t.Fatal(err)
			}
			break
		}
	}
	for _, old := range must(filepath.Glob(l.Path() + ".d/0*.json")) {
		if err := os.Remove(old); err != nil {
			t.Fatal(err)
		}
	}
	if err := j.Append(record("more")); err == nil {
		t.Error("a broken journal promised something")
	}
	if err := j.Abandon(); err != nil {
		t.Fatal(err)
	}
	if got := len(must(l.ReadJournal(t.Context()))) - 1; got < n || n == 0 {
		t.Errorf("%d of %d promised entries are there", got, n)
	}
}

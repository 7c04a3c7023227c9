package local_test

import (
	"os"
	"path/filepath"
	"testing"

	"kmsplan.dev/kmsplan/internal/durable/durabletest"
	"kmsplan.dev/kmsplan/internal/state"
	"kmsplan.dev/kmsplan/internal/state/local"
	"kmsplan.dev/kmsplan/internal/state/statetest"
)

// removeAll takes a store's state away and reports which there was.
func removeAll(t *testing.T, l *local.Store) state.Version {
	t.Helper()
	tx, err := l.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_, v := tx.Base()
	if err := tx.Remove(t.Context()); err != nil {
		t.Fatal(err)
	}
	return v
}

// A crash in a removal leaves the whole state or none, never an older one, and a second attempt ends it.
func TestACrashInARemovalLeavesTheStateOrNone(t *testing.T) {
	dir := t.TempDir()
	rec := durabletest.NewRecord(dir)
	l := openWith(t, filepath.Join(dir, "s.json"), local.Options{Disk: rec.Seam(nil)})
	for _, id := range []string{"a", "b", "c"} {
		if err := statetest.AddResource(t.Context(), l, id); err != nil {
			t.Fatal(err)
		}
	}
	j := startJournal(t, l)
	appendAll(t, j, begin("d"))
	if err := j.Abandon(); err != nil {
		t.Fatal(err)
	}
	rec.Mark("stored")
	removeAll(t, l)
	rec.Mark("removed")
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("after the removal there is %v, %v", left, err)
	}
	stored, gone := 0, 0
	rec.Disks(func(disk durabletest.Disk) {
		if len(disk.Promises) == 0 {
			return
		}
		clone := t.TempDir()
		if err := disk.Fill(clone); err != nil {
			t.Fatal(err)
		}
		l := openLocal(t, filepath.Join(clone, "s.json"))
		at, err := state.Look(t.Context(), l)
		switch {
		case err != nil || at.Version.Serial != 3 && !at.Version.IsZero():
			t.Errorf("%s: %v, %v", disk.Name, at.Version, err)
			return
		case at.Version.IsZero():
			gone++
		case len(disk.Promises) > 1:
			t.Errorf("%s: what was removed is back: %v", disk.Name, at.Version)
		default:
			stored++
		}
		removeAll(t, l)
		if _, v, err := l.Read(t.Context()); err != nil || !v.IsZero() {
			t.Errorf("%s: after the second attempt: %v, %v", disk.Name, v, err)
		}
	})
	if stored < 5 || gone < 2 {
		t.Errorf("%d disks with the state and %d without", stored, gone)
	}
}

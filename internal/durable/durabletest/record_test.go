package durabletest_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/durable"
	"kmsplan.dev/kmsplan/internal/durable/durabletest"
)

// What the disks hold for a file that is written without a sync, and then synced with its name.
func TestDisksHoldWhatACrashMayLeave(t *testing.T) {
	dir := t.TempDir()
	rec := durabletest.NewRecord(dir)
	d, err := durable.Open(dir, rec.Seam(nil))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	f, err := d.CreateNew("f", 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	text := strings.Repeat("x", 700)
	if _, err := f.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	rec.Mark("written")
	if err := f.Sync(); err != nil {
		t.Fatal(err)
	}
	if err := d.Sync(); err != nil {
		t.Fatal(err)
	}
	rec.Mark("synced")
	before, after := map[int]bool{}, map[int]bool{}
	rec.Disks(func(disk durabletest.Disk) {
		clone := t.TempDir()
		if err := disk.Fill(clone); err != nil {
			t.Fatal(err)
		}
		size := -1
		if data, err := os.ReadFile(filepath.Join(clone, "f")); err == nil {
			size = len(data)
		}
		switch {
		case len(disk.Promises) == 1 && strings.Contains(disk.Name, "written"):
			before[size] = true
		case len(disk.Promises) == 2:
			after[size] = true
		}
	})
	for _, size := range []int{-1, 0, 1, 350, 512, 699, 700} {
		if !before[size] {
			t.Errorf("no disk holds %d bytes before the sync: %v", size, before)
		}
	}
	if len(after) != 1 || !after[700] {
		t.Errorf("after the syncs disks hold %v bytes", after)
	}
}

// A file in a directory that was made for it is there only if the directory's own name is.
func TestADirectoryWhoseNameWasNotSyncedIsLostWithItsFiles(t *testing.T) {
	for _, tt := range []struct {
		left durable.Kind
		lost bool
	}{{"", false}, {durable.SyncDir, true}} {
		dir := t.TempDir()
		rec := durabletest.NewRecord(dir)
		root, err := durable.Open(dir, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer root.Close()
		d, err := durable.In(root.Root(), "a/b", 0o700, rec.Seam(func(op durable.Op) error {
			if op.Kind == tt.left && filepath.Base(op.Dir) != "b" {
				return durable.ErrSkip
			}
			return nil
		}))
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		if err := d.WriteFile("f", []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
		rec.Mark("written")
		lost := false
		rec.Disks(func(disk durabletest.Disk) {
			clone := t.TempDir()
			if err := disk.Fill(clone); err != nil {
				t.Fatal(err)
			}
			_, err := os.Stat(filepath.Join(clone, "a/b/f"))
			lost = lost || len(disk.Promises) > 0 && err != nil
		})
		if lost != tt.lost {
			t.Errorf("without %q: lost is %v", tt.left, lost)
		}
	}
}

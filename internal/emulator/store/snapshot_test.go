package store

import (
	"errors"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSnapshotComesBackWhole(t *testing.T) {
	kinds(t, func(t *testing.T, db *DB) {
		put(t, db, "a", note{Text: "old", Owner: "x"})
		put(t, db, "b", note{Text: "same"})
		if err := db.Save("before"); err != nil {
			t.Fatal(err)
		}
		put(t, db, "a", note{Text: "new", Owner: "x"})
		put(t, db, "c", note{Text: "more"})
		if err := db.Update(func(tx *Tx) error { notes.Delete(tx, "b"); return nil }); err != nil {
			t.Fatal(err)
		}
		changes, err := db.Diff("before")
		if err != nil {
			t.Fatal(err)
		}
		want := []Change{
			{Table: "note", Key: "a", Kind: "changed", Fields: []string{"Text"}},
			{Table: "note", Key: "b", Kind: "removed"},
			{Table: "note", Key: "c", Kind: "added"},
		}
		if d := cmp.Diff(want, changes); d != "" {
			t.Error(d)
		}
		if err := db.Load("before"); err != nil {
			t.Fatal(err)
		}
		if got := contents(db); !maps.Equal(got, map[string]string{"a": "old", "b": "same"}) {
			t.Errorf("contents = %v", got)
		}
		_ = db.View(func(tx *Tx) error {
			if n := notes.CountIndex(tx, "owner", "x"); n != 1 {
				t.Errorf("index has %d entries, want 1", n)
			}
			return nil
		})
		if changes, _ := db.Diff("before"); len(changes) != 0 {
			t.Errorf("after Load: %v", changes)
		}
	})
}

func TestSnapshotOutlivesTheProcess(t *testing.T) {
	dir := filled(t)
	db := open(t, Options{Path: dir})
	if err := db.Reset(); err != nil {
		t.Fatal(err)
	}
	db.Close()
	db = open(t, Options{Path: dir})
	if got := contents(db); len(got) != 0 {
		t.Errorf("contents after Reset = %v", got)
	}
	if names, err := db.List(); err != nil || !slices.Equal(names, []string{"s"}) {
		t.Errorf("List = %v, %v", names, err)
	}
	if err := db.Load("s"); err != nil {
		t.Fatal(err)
	}
	db.Close()
	if got := contents(open(t, Options{Path: dir})); got["a"] != canary {
		t.Errorf("contents after Load and a restart = %v", got)
	}
}

func TestSnapshotsAreBoundToTheirName(t *testing.T) {
	dir := filled(t)
	db := open(t, Options{Path: dir})
	if err := os.Rename(db.snapshotPath("s"), db.snapshotPath("other")); err != nil {
		t.Fatal(err)
	}
	if err := db.Load("other"); err == nil || !strings.Contains(err.Error(), "renamed") {
		t.Errorf("Load = %v", err)
	}
}

func TestSnapshotNames(t *testing.T) {
	kinds(t, func(t *testing.T, db *DB) {
		for _, name := range []string{"", "../x", "a/b", ".hidden", strings.Repeat("x", 101)} {
			if db.Save(name) == nil {
				t.Errorf("Save(%q) was accepted", name)
			}
			if err := db.Load(name); !errors.Is(err, ErrNoSnapshot) {
				t.Errorf("Load(%q) = %v, want ErrNoSnapshot", name, err)
			}
			if _, err := db.Diff(name); !errors.Is(err, ErrNoSnapshot) {
				t.Errorf("Diff(%q) = %v, want ErrNoSnapshot", name, err)
			}
		}
	})
}

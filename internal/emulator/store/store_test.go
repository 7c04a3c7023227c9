package store

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"pgregory.net/rapid"
)

// note is a record of the tests.
type note struct {
	Owner, Text string
	Lines       []string
	Marks       map[string]string
}

var notes = NewTable("note", Index[note]{Name: "owner", Keys: func(n *note) []string { return []string{n.Owner} }})

func open(t *testing.T, o Options) *DB {
	t.Helper()
	db, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if err := db.Attach(notes); err != nil {
		t.Fatal(err)
	}
	return db
}

func put(t *testing.T, db *DB, key string, n note) {
	t.Helper()
	if err := db.Update(func(tx *Tx) error { notes.Put(tx, key, n); return nil }); err != nil {
		t.Fatal(err)
	}
}

func contents(db *DB) map[string]string {
	all := map[string]string{}
	_ = db.View(func(tx *Tx) error {
		for k, n := range notes.Scan(tx, "") {
			all[k] = n.Text
		}
		return nil
	})
	return all
}

// kinds runs a test on both kinds of store.
func kinds(t *testing.T, test func(t *testing.T, db *DB)) {
	t.Run("disk", func(t *testing.T) { test(t, open(t, Options{Path: t.TempDir()})) })
	t.Run("memory", func(t *testing.T) { test(t, open(t, Options{Memory: true})) })
}

func TestRecordsAreWrittenReadAndDeleted(t *testing.T) {
	kinds(t, func(t *testing.T, db *DB) {
		put(t, db, "a/1", note{Text: "one"})
		put(t, db, "a/2", note{Text: "two"})
		put(t, db, "b/1", note{Text: "three"})
		err := db.Update(func(tx *Tx) error {
			if n, ok := notes.Get(tx, "a/2"); !ok || n.Text != "two" {
				t.Errorf("Get = %v, %v", n, ok)
			}
			notes.Delete(tx, "a/2")
			notes.Delete(tx, "never there")
			if _, ok := notes.Get(tx, "a/2"); ok {
				t.Error("a deleted record is still there")
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := contents(db); !maps.Equal(got, map[string]string{"a/1": "one", "b/1": "three"}) {
			t.Errorf("contents = %v", got)
		}
		_ = db.View(func(tx *Tx) error {
			if n := notes.Count(tx, "a/"); n != 1 {
				t.Errorf("Count(a/) = %d, want 1", n)
			}
			return nil
		})
	})
}

func TestCopiesArePrivate(t *testing.T) {
	db := open(t, Options{Memory: true})
	mine := note{Lines: []string{"line"}, Marks: map[string]string{"k": "v"}}
	put(t, db, "a", mine)
	mine.Lines[0], mine.Marks["k"] = "changed", "changed"
	for range 2 {
		_ = db.View(func(tx *Tx) error {
			n, _ := notes.Get(tx, "a")
			if n.Lines[0] != "line" || n.Marks["k"] != "v" {
				t.Errorf("the store's record was changed from outside: %+v", n)
			}
			n.Lines[0], n.Marks["k"] = "changed", "changed"
			return nil
		})
	}
}

func TestUpdateIsAllOrNothing(t *testing.T) {
	kinds(t, func(t *testing.T, db *DB) {
		put(t, db, "a", note{Text: "before", Owner: "o"})
		boom := errors.New("boom")
		err := db.Update(func(tx *Tx) error {
			notes.Put(tx, "a", note{Text: "after"})
			notes.Put(tx, "b", note{Text: "new"})
			return boom
		})
		if !errors.Is(err, boom) {
			t.Fatalf("Update = %v", err)
		}
		if got := contents(db); !maps.Equal(got, map[string]string{"a": "before"}) {
			t.Errorf("contents after a failed Update = %v", got)
		}
		_ = db.View(func(tx *Tx) error {
			if n := notes.CountIndex(tx, "owner", "o"); n != 1 {
				t.Errorf("index has %d entries after a failed Update, want 1", n)
			}
			return nil
		})
	})
}

func TestViewIsASnapshot(t *testing.T) {
	db := open(t, Options{Memory: true})
	put(t, db, "a", note{Text: "old"})
	_ = db.View(func(tx *Tx) error {
		put(t, db, "a", note{Text: "new"})
		if n, _ := notes.Get(tx, "a"); n.Text != "old" {
			t.Errorf("a View sees %q, written after it began", n.Text)
		}
		return nil
	})
}

func TestPanicReachesItsOwnCaller(t *testing.T) {
	db := open(t, Options{Memory: true})
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		_ = db.Update(func(tx *Tx) error { notes.Put(tx, "a", note{}); panic("mistake") })
	}()
	put(t, db, "b", note{Text: "works on"})
	if got := contents(db); len(got) != 1 {
		t.Errorf("contents = %v", got)
	}
}

// Updates that wait together share a commit, and one that fails does not take
// the others along.
func TestUpdatesAreGrouped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db, _ := Open(Options{Memory: true})
		if err := db.Attach(notes); err != nil {
			t.Fatal(err)
		}
		release := make(chan struct{})
		var wg sync.WaitGroup
		wg.Go(func() { _ = db.Update(func(*Tx) error { <-release; return nil }) })
		synctest.Wait()
		for i := range 20 {
			wg.Go(func() {
				err := db.Update(func(tx *Tx) error {
					notes.Put(tx, fmt.Sprint(i), note{})
					if i%2 == 1 {
						return errors.New("odd")
					}
					return nil
				})
				if (err != nil) != (i%2 == 1) {
					t.Errorf("Update %d = %v", i, err)
				}
			})
		}
		synctest.Wait()
		if n := len(db.queue.waiting); n != 20 {
			t.Errorf("%d Updates wait for the next commit, want 20", n)
		}
		close(release)
		wg.Wait()
		if got := contents(db); len(got) != 10 {
			t.Errorf("%d records, want 10", len(got))
		}
	})
}

func TestIndexFollowsTheRecords(t *testing.T) {
	dir := t.TempDir()
	db := open(t, Options{Path: dir})
	for i, owner := range []string{"bob", "ann", "bob"} {
		put(t, db, fmt.Sprint(i), note{Owner: owner})
	}
	put(t, db, "1", note{Owner: "bob"})
	check := func(db *DB) {
		t.Helper()
		_ = db.View(func(tx *Tx) error {
			if n := notes.CountIndex(tx, "owner", "ann"); n != 0 {
				t.Errorf("ann has %d entries, want 0", n)
			}
			var got []string
			for k := range notes.ScanIndex(tx, "owner", "bob", 1) {
				got = append(got, k)
			}
			if !slices.Equal(got, []string{"1", "2"}) {
				t.Errorf("from the second on: %v, want [1 2]", got)
			}
			if place, key, ok := notes.FirstIndex(tx, "owner"); place != "bob" || key != "0" || !ok {
				t.Errorf("first = %q %q %v", place, key, ok)
			}
			return nil
		})
	}
	check(db)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	check(open(t, Options{Path: dir}))
}

// The tree agrees with a plain sorted map, whatever is done to it.
func TestTreeIsAnOrderedMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		db, _ := Open(Options{Memory: true})
		var root *tree
		model := map[string]*entry{}
		key := rapid.StringMatching(`[ab\x{ff}]{0,3}`)
		for range rapid.IntRange(0, 60).Draw(t, "steps") {
			k := key.Draw(t, "key")
			if rapid.Bool().Draw(t, "put") {
				e := &entry{ref: k}
				model[k], root = e, root.set(db.seed, k, e)
			} else {
				delete(model, k)
				root = root.without(k)
			}
		}
		sorted := slices.Sorted(maps.Keys(model))
		if root.len() != len(sorted) {
			t.Fatalf("len = %d, want %d", root.len(), len(sorted))
		}
		prefix := key.Draw(t, "prefix")
		var want, got []string
		for _, k := range sorted {
			if e, ok := root.get(k); !ok || e != model[k] {
				t.Fatalf("get(%q) = %v, %v", k, e, ok)
			}
			if strings.HasPrefix(k, prefix) {
				want = append(want, k)
			}
		}
		first, end := root.span(prefix)
		for k := range root.from(first) {
			if first == end {
				break
			}
			first++
			got = append(got, k)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("keys with prefix %q: %q, want %q", prefix, got, want)
		}
	})
}

func TestClosedStoreRefusesWrites(t *testing.T) {
	kinds(t, func(t *testing.T, db *DB) {
		if err := errors.Join(db.Close(), db.Close()); err != nil {
			t.Fatal(err)
		}
		if err := db.Update(func(*Tx) error { return nil }); !errors.Is(err, ErrClosed) {
			t.Errorf("Update = %v, want ErrClosed", err)
		}
	})
}

func TestFilesAreClosedToOthers(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	db := open(t, Options{Path: dir})
	put(t, db, "a", note{})
	if err := db.Save("s"); err != nil {
		t.Fatal(err)
	}
	want := map[string]os.FileMode{
		".": 0o700, rootKeyFile: 0o600, dbFile: 0o600, lockFile: 0o600,
		snapshotDir: 0o700, snapshotDir + "/s" + snapshotExt: 0o600,
	}
	for name, mode := range want {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != mode {
			t.Errorf("%s has mode %o, want %o", name, info.Mode().Perm(), mode)
		}
	}
}

// A directory that somebody else uses keeps its mode.
func TestForeignDirectoryKeepsItsMode(t *testing.T) {
	dir := t.TempDir()
	if err := errors.Join(os.Chmod(dir, 0o755), os.WriteFile(filepath.Join(dir, "theirs"), nil, 0o644)); err != nil {
		t.Fatal(err)
	}
	open(t, Options{Path: dir})
	if info, _ := os.Stat(dir); info.Mode().Perm() != 0o755 {
		t.Errorf("mode = %o", info.Mode().Perm())
	}
}

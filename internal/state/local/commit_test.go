package local_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"reflect"
	"testing"

	"kmsplan.dev/kmsplan/internal/state"
	"kmsplan.dev/kmsplan/internal/state/local"
)

// leftover makes a store at serial 1 with a journal beside it that a dead run left.
func leftover(t *testing.T, entries ...state.Entry) *local.Store {
	t.Helper()
	l := newLocal(t)
	add(t, l, "old")
	j := startJournal(t, l)
	appendAll(t, j, entries...)
	if err := j.Abandon(); err != nil {
		t.Fatal(err)
	}
	return l
}

func catchUp(t *testing.T, l *local.Store) state.Position {
	t.Helper()
	p, err := startJournal(t, l).Commit(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestLookingSaysWhatCommittingWillAndWritesNothing(t *testing.T) {
	l := leftover(t, begin("a"), end("a", "a"), record("a"), begin("b"))
	before := must(os.ReadFile(l.Path() + ".journal"))
	seen, err := state.Look(t.Context(), l)
	if err != nil {
		t.Fatal(err)
	}
	if st, _, err := l.Read(t.Context()); err != nil || st.Serial != 1 || !bytes.Equal(must(os.ReadFile(l.Path()+".journal")), before) {
		t.Errorf("looking wrote: %+v, %v", st, err)
	}
	stored := catchUp(t, l)
	if seen.State.Serial != 2 || seen.State.Serial != stored.State.Serial || len(seen.Open) != 1 || !reflect.DeepEqual(seen.State.Resources, stored.State.Resources) {
		t.Errorf("saw %+v, stored %+v", seen, stored)
	}
}

func TestARehearsalResolvesInMemory(t *testing.T) {
	l := leftover(t, begin("b"))
	j, _, err := state.Rehearse(t.Context(), l, "test")
	if err != nil {
		t.Fatal(err)
	}
	appendAll(t, j, end("b", "b"), record("b"))
	at, err := j.Position()
	if err != nil || at.State.Serial != 2 || len(at.Open) != 0 {
		t.Errorf("rehearsed %+v, %v", at, err)
	}
	if _, err := j.Commit(t.Context()); err != nil {
		t.Error(err)
	}
	if entries := entriesOf(t, l); len(entries) != 2 {
		t.Errorf("the store's journal holds %+v", entries)
	}
}

func TestCommittingStoresWhatWasDoneAndKeepsWhatIsOpen(t *testing.T) {
	l := leftover(t, begin("a"), end("a", "a"), record("a"), begin("b"))
	for round := range 2 { // the second changes nothing
		p := catchUp(t, l)
		if p.State.Serial != 2 || p.Version.Serial != 2 || len(p.State.Resources) != 2 || len(p.Open) != 1 || p.Open[0].ID != "intent-b" {
			t.Fatalf("round %d: %+v", round, p)
		}
		entries := entriesOf(t, l)
		if len(entries) != 2 || entries[0].Header.Base != 2 || entries[1].Intent.ID != "intent-b" {
			t.Fatalf("round %d: the journal holds %+v", round, entries)
		}
	}
}

func TestCommittingRemovesAJournalThatSaysNothingMore(t *testing.T) {
	for name, entries := range map[string][]state.Entry{
		"all was recorded": {begin("a"), end("a", "a"), record("a")},
		"all was refused":  {begin("a"), state.End("intent-a", state.Result{Error: "no"})},
	} {
		t.Run(name, func(t *testing.T) {
			l := leftover(t, entries...)
			catchUp(t, l)
			if _, err := os.Lstat(l.Path() + ".journal"); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("the journal is still there: %v", err)
			}
		})
	}
}

func TestAJournalThatWasStoredButNotRemovedIsNotStoredAgain(t *testing.T) {
	l := leftover(t)
	j := startJournal(t, l)
	appendAll(t, j, begin("a"), end("a", "a"), record("a"))
	kept := must(os.ReadFile(l.Path() + ".journal"))
	first, err := j.Commit(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(l.Path()+".journal", kept, 0o600); err != nil {
		t.Fatal(err)
	}
	// Meanwhile the object moved: folding the old record again would bring its old address back.
	moved, err := state.Move(first.State, "key.a", "key.z")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.CompareAndSwap(t.Context(), first.Version, moved.Next("test")); err != nil {
		t.Fatal(err)
	}
	again := catchUp(t, l)
	if _, ok := state.Find(again.State, "key.a"); ok || again.State.Serial != 3 {
		t.Errorf("the journal was folded twice: %+v", again.State)
	}
}

func TestASwapThatLosesKeepsTheJournal(t *testing.T) {
	l := leftover(t, record("a"))
	j := startJournal(t, l)
	add(t, l, "other") // somebody who broke our lock
	if _, err := j.Commit(t.Context()); !errors.Is(err, state.ErrStale) {
		t.Fatalf("committing over another's write gave %v", err)
	}
	p := catchUp(t, l)
	if len(p.State.Resources) != 3 {
		t.Errorf("the next run knows %+v", p.State.Resources)
	}
}

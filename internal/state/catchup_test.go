package state_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"kmsplan.dev/kmsplan/internal/state"
)

// leftover makes a store at serial 1 with a journal beside it that a dead run left.
func leftover(t *testing.T, entries ...state.Entry) *state.Local {
	t.Helper()
	l := openLocal(t, filepath.Join(t.TempDir(), "s.json"))
	add(t, l, "old")
	st, _, err := l.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	j := must(state.OpenJournal(l.JournalPath(), nil))
	if err := j.Start(st.Lineage, st.Serial); err != nil {
		t.Fatal(err)
	}
	appendAll(t, j, entries...)
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	return l
}

func catchUp(t *testing.T, l *state.Local) state.Position {
	t.Helper()
	j := must(state.OpenJournal(l.JournalPath(), nil))
	defer j.Close()
	p, err := state.CatchUp(t.Context(), l, j, "test")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestCatchingUpStoresWhatWasDoneAndKeepsWhatIsOpen(t *testing.T) {
	l := leftover(t, begin("a"), end("a", "a"), record("a"), begin("b"))
	for round := range 2 { // the second changes nothing
		p := catchUp(t, l)
		if p.State.Serial != 2 || p.Version.Serial != 2 || len(p.State.Resources) != 2 || len(p.Open) != 1 || p.Open[0].ID != "intent-b" {
			t.Fatalf("round %d: %+v", round, p)
		}
		entries := must(state.ReadJournal(l.JournalPath()))
		if len(entries) != 2 || entries[0].Header.Base != 2 || entries[1].Intent.ID != "intent-b" {
			t.Fatalf("round %d: the journal holds %+v", round, entries)
		}
	}
}

func TestCatchingUpRemovesAJournalThatSaysNothingMore(t *testing.T) {
	for name, entries := range map[string][]state.Entry{
		"nothing was begun": nil,
		"all was recorded":  {begin("a"), end("a", "a"), record("a")},
		"all was refused":   {begin("a"), state.End("intent-a", state.Result{Error: "no"})},
	} {
		t.Run(name, func(t *testing.T) {
			l := leftover(t, entries...)
			catchUp(t, l)
			if _, err := os.Lstat(l.JournalPath()); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("the journal is still there: %v", err)
			}
		})
	}
}

func TestAJournalThatWasStoredButNotRemovedIsNotStoredAgain(t *testing.T) {
	l := leftover(t, begin("a"), end("a", "a"), record("a"))
	kept := must(os.ReadFile(l.JournalPath()))
	first := catchUp(t, l)
	if err := os.WriteFile(l.JournalPath(), kept, 0o600); err != nil {
		t.Fatal(err)
	}
	// Meanwhile the object moved: folding the old record again would bring its old address back.
	moved, err := state.Move(first.State, "key.a", "key.z")
	if err != nil {
		t.Fatal(err)
	}
	moved.Serial++
	if _, err := l.CompareAndSwap(t.Context(), first.Version, moved); err != nil {
		t.Fatal(err)
	}
	again := catchUp(t, l)
	if _, ok := state.Find(again.State, "key.a"); ok || again.State.Serial != 3 {
		t.Errorf("the journal was folded twice: %+v", again.State)
	}
}

func TestASwapThatLosesKeepsTheJournal(t *testing.T) {
	l := leftover(t, record("a"))
	j := must(state.OpenJournal(l.JournalPath(), nil))
	st, v, err := l.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	add(t, l, "other") // somebody who broke our lock
	if _, err := state.Commit(t.Context(), l, j, state.Position{State: st, Version: v}, "test"); !errors.Is(err, state.ErrStale) {
		t.Fatalf("committing over another's write gave %v", err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	p := catchUp(t, l)
	if len(p.State.Resources) != 3 {
		t.Errorf("the next run knows %+v", p.State.Resources)
	}
}

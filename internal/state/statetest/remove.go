package statetest

import (
	"errors"
	"testing"

	"kmsplan.dev/kmsplan/internal/state"
)

var removals = []promise{
	{"what was removed is gone with its history and its journal, and may begin anew", removed},
	{"what was begun on a state that was removed is refused", onRemoved},
	{"a writer that was fenced off removes nothing", removeFenced},
	{"a state that another stored meanwhile is not removed", removeStale},
	{"a removal whose answer is lost took effect whole or not at all", removeLost},
}

func remove(t *testing.T, tx state.Tx) {
	t.Helper()
	if err := tx.Remove(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// three stores three states.
func three(t *testing.T, s Subject) (state.State, state.Version) {
	t.Helper()
	st, v := read(t, s.Open())
	for _, id := range []string{"a", "b", "c"} {
		st = next(st, id)
		v = swap(t, s.Open(), v, st)
	}
	return st, v
}

// nothing checks that a store is as one that never had a state.
func nothing(t *testing.T, s Subject) {
	t.Helper()
	if st, v := read(t, s.Open()); !v.IsZero() || st.Serial != 0 || len(st.Resources) != 0 {
		t.Errorf("after the removal it reads as %v", v)
	}
	kept, err := s.Open().History(t.Context())
	if err != nil || len(kept) != 0 {
		t.Errorf("after the removal its history is %+v, %v", kept, err)
	}
	if _, err := s.Open().Generation(t.Context(), 2); !errors.Is(err, state.ErrNoGeneration) {
		t.Errorf("after the removal an older state gives %v", err)
	}
	if entries := journal(t, s.Open()); len(entries) != 0 {
		t.Errorf("after the removal its journal holds %+v", entries)
	}
}

func removed(t *testing.T, s Subject) {
	was, _ := three(t, s)
	tx := begin(t, s.Open())
	appendTo(t, tx, header(was), intent("x"))
	remove(t, tx)
	nothing(t, s)
	for what, err := range map[string]error{"an append": tx.Append(t.Context(), record("x")), "another removal": tx.Remove(t.Context())} {
		if err == nil {
			t.Errorf("%s after the removal was taken", what)
		}
	}
	st, v := read(t, s.Open())
	if st.Lineage == was.Lineage {
		t.Error("the stack that follows has the lineage of the one that was removed")
	}
	swap(t, s.Open(), v, next(st, "new"))
	if got, found := read(t, s.Open()); found.Serial != 1 || len(got.Resources) != 1 {
		t.Errorf("anew, it reads as %v, %+v", found, got.Resources)
	}
}

func onRemoved(t *testing.T, s Subject) {
	st, v := three(t, s)
	tx := begin(t, s.Open())
	appendTo(t, tx, header(st), intent("x"))
	abandon(t, tx)
	later := begin(t, s.Open())
	remove(t, later)
	if _, err := s.Open().CompareAndSwap(t.Context(), v, next(st, "d")); !errors.Is(err, state.ErrStale) {
		t.Errorf("a write on what was removed gives %v", err)
	}
	if _, err := tx.Commit(t.Context(), nil, nil); err == nil {
		t.Error("an earlier writer commits what was removed")
	}
	nothing(t, s)
}

func removeFenced(t *testing.T, s Subject) {
	st, v := three(t, s)
	first := begin(t, s.Open())
	appendTo(t, first, header(st), intent("x"))
	later, err := s.Open().Begin(t.Context())
	if errors.Is(err, state.ErrJournalBusy) {
		remove(t, first)
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	defer abandon(t, later)
	if err := first.Remove(t.Context()); !errors.Is(err, state.ErrFenced) {
		t.Errorf("a writer that was fenced off gets %v", err)
	}
	if _, found := read(t, s.Open()); found != v || len(journal(t, s.Open())) != 2 {
		t.Errorf("after the refused removal: %v, %+v", found, journal(t, s.Open()))
	}
}

func removeStale(t *testing.T, s Subject) {
	st, v := three(t, s)
	tx := begin(t, s.Open())
	now := swap(t, s.Open(), v, next(st, "d"))
	if err := tx.Remove(t.Context()); !errors.Is(err, state.ErrStale) {
		t.Errorf("removing what was replaced gives %v", err)
	}
	if _, found := read(t, s.Open()); found != now {
		t.Errorf("after the refused removal: %v", found)
	}
}

func removeLost(t *testing.T, s Subject) {
	_, v := three(t, s)
	tx := begin(t, s.Open())
	s.Lose(false)
	err := tx.Remove(t.Context())
	switch _, found := read(t, s.Open()); {
	case found.IsZero():
		nothing(t, s)
	case err == nil || found != v:
		t.Errorf("%v is left after %v", found, err)
	}
}

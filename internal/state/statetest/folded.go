package statetest

import (
	"testing"

	"kmsplan.dev/kmsplan/internal/state"
)

// afterFolded is a commit that died between the state and the journal's end, with a call still open: whoever comes next
// finds the call, and what it records of it reaches the state.
func afterFolded(t *testing.T, s Subject) {
	st, v := read(t, s.Open())
	tx := begin(t, s.Open())
	appendTo(t, tx, header(st), intent("a"), intent("b"), state.End("intent-b", state.Result{ObjectID: "b"}), record("b"))
	abandon(t, tx)
	folded := next(st, "b")
	folded.Journal = "journal-1"
	swap(t, s.Open(), v, folded)

	resolve := func(j *state.Journal, at state.Position) {
		t.Helper()
		if len(at.Open) != 1 || at.Open[0].ID != "intent-a" {
			t.Fatalf("open calls: %+v", at.Open)
		}
		if err := j.Append(state.End("intent-a", state.Result{ObjectID: "a"}), record("a")); err != nil {
			t.Fatal(err)
		}
	}
	check := func(who string, at state.Position) {
		t.Helper()
		if _, ok := state.Find(at.State, "key.a"); !ok || len(at.Open) != 0 || len(at.State.Resources) != 2 {
			t.Errorf("%s knows %+v, open %+v", who, at.State.Resources, at.Open)
		}
	}
	rehearsed, at, err := state.Rehearse(t.Context(), s.Open(), "test")
	if err != nil {
		t.Fatal(err)
	}
	resolve(rehearsed, at)
	if at, err = rehearsed.Position(); err != nil {
		t.Fatal(err)
	}
	check("a plan", at)

	j, at := open(t, s.Open())
	resolve(j, at)
	if _, err := j.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	after, _ := read(t, s.Open())
	check("the state", state.Position{State: after})
	if left := journal(t, s.Open()); len(left) != 0 {
		t.Errorf("the journal holds %+v", left)
	}
}

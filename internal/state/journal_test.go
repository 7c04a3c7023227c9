package state_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"kmsplan.dev/kmsplan/internal/state"
	"kmsplan.dev/kmsplan/internal/state/memory"
)

func record(id string) state.Entry {
	return state.Record(state.Resource{Address: "key." + id, Kind: "key", ID: id})
}

func begin(id string) state.Entry {
	return state.Begin(state.Intent{ID: "intent-" + id, Address: "key." + id, Kind: "key", Operation: "CreateKey", Token: "token-" + id})
}

func end(id, object string) state.Entry {
	return state.End("intent-"+id, state.Result{ObjectID: object})
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func open(t *testing.T, s state.Store) *state.Journal {
	t.Helper()
	j, _, err := state.Open(t.Context(), s, "test")
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func TestAJournalThatFailedOnceTakesNothingMore(t *testing.T) {
	place := &memory.Place{}
	j := open(t, place.Open())
	place.LoseAnswer()
	if err := j.Append(record("a")); !errors.Is(err, memory.ErrLost) {
		t.Fatalf("appending gave %v", err)
	}
	if err := j.Append(record("b")); !errors.Is(err, memory.ErrLost) || j.Err() == nil {
		t.Errorf("appending after a failure gave %v", err)
	}
	at, err := j.Commit(t.Context())
	if err != nil || len(at.State.Resources) != 1 {
		t.Errorf("what may have been appended is folded in: %+v, %v", at.State.Resources, err)
	}
}

func TestAppendsFromManySidesAreAllThereInOrder(t *testing.T) {
	place := &memory.Place{}
	j := open(t, place.Open())
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := range 20 {
				if err := j.Append(record(fmt.Sprintf("w%d_%d", w, i))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	at, err := j.Commit(t.Context())
	if err != nil || len(at.State.Resources) != 160 || at.State.Serial != 1 {
		t.Errorf("%d objects at serial %d, %v", len(at.State.Resources), at.State.Serial, err)
	}
}

// A run of data blocks leaves the objects' serial alone, so that no saved plan becomes stale by it.
func TestTheCensusHasAVersionOfItsOwn(t *testing.T) {
	place := &memory.Place{}
	for i, step := range []struct {
		entries                 []state.Entry
		serial, objects, census uint64
	}{
		{[]state.Entry{record("a")}, 1, 1, 0},
		{[]state.Entry{state.FileEntry(state.File{Address: "data.encrypt.f", Path: "f"})}, 2, 1, 2},
		{[]state.Entry{state.ForgetFileEntry("data.encrypt.f", "f")}, 3, 1, 3},
		{[]state.Entry{begin("b"), state.End("intent-b", state.Result{Error: "refused"})}, 3, 1, 3},
		{[]state.Entry{state.OutputEntry("o", "v")}, 4, 4, 3},
		{[]state.Entry{record("b"), state.FileEntry(state.File{Address: "data.encrypt.f", Path: "g"})}, 5, 5, 5},
		{[]state.Entry{state.MoveEntry(map[string]string{"key.a": "key.c"})}, 6, 6, 6},
		{[]state.Entry{state.SchemeEntry(state.FingerprintScheme{Name: "hmac"})}, 7, 7, 6},
	} {
		j := open(t, place.Open())
		if err := j.Append(step.entries...); err != nil {
			t.Fatal(err)
		}
		at, err := j.Commit(t.Context())
		if err != nil || at.State.Serial != step.serial || at.State.ObjectsSerial != step.objects || at.State.CensusSerial != step.census {
			t.Errorf("step %d: serial %d, objects %d, census %d, %v", i, at.State.Serial, at.State.ObjectsSerial, at.State.CensusSerial, err)
		}
	}
}

// Whoever works on the state alone first folds in what an interrupted run left.
func TestNothingIsEditedWhileCallsAreOpen(t *testing.T) {
	place := &memory.Place{}
	j := open(t, place.Open())
	if err := j.Append(record("a"), begin("b")); err != nil {
		t.Fatal(err)
	}
	if err := j.Abandon(); err != nil {
		t.Fatal(err)
	}
	edit := func(at state.Position) error {
		_, err := place.Open().CompareAndSwap(t.Context(), at.Version, at.State.Next("test"))
		return err
	}
	info := state.NewLockInfo("state mv", epoch)
	var still *state.OpenCallsError
	if err := state.Locked(t.Context(), place.Open(), info, 0, edit); !errors.As(err, &still) || len(still.Open) != 1 {
		t.Fatalf("editing beside an open call gave %v", err)
	}
	j = open(t, place.Open())
	if err := j.Append(state.End("intent-b", state.Result{Error: "refused"})); err != nil {
		t.Fatal(err)
	}
	if err := j.Abandon(); err != nil {
		t.Fatal(err)
	}
	if err := state.Locked(t.Context(), place.Open(), info, 0, edit); err != nil {
		t.Fatal(err)
	}
	st, _, err := place.Open().Read(t.Context())
	if err != nil || st.Serial != 2 || len(st.Resources) != 1 {
		t.Errorf("edited to %+v, %v", st, err)
	}
}

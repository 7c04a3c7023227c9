package statetest

import (
	"errors"
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/state"
)

var journals = []promise{
	{"beginning creates nothing", beginNothing},
	{"what was appended is found by whoever comes next", journalRoundTrip},
	{"a commit stores the state and ends the journal", commitEnds},
	{"a commit carries open calls over", commitCarries},
	{"a commit over another's write is refused, and the journal stays", commitStale},
	{"a transaction that ended takes nothing more", transactionOver},
	{"a writer that was fenced off neither appends nor stores", fenced},
	{"an append whose answer is lost is there whole or not at all", lostAppend},
	{"a commit whose answer is lost is not made twice", lostCommit},
	{"a damaged journal is refused and left alone", damagedJournal},
	{"state and journal are seen as they belong together", consistentLook},
	{"what follows a journal that the state already holds is not lost", afterFolded},
}

func header(st state.State) state.Entry {
	return state.Entry{Op: state.OpOpen, Header: &state.Header{Format: state.JournalFormat, ID: "journal-1", Lineage: st.Lineage, Base: st.Serial}}
}

func intent(id string) state.Entry {
	return state.Begin(state.Intent{ID: "intent-" + id, Address: "key." + id, Kind: "key", Operation: "CreateKey", Token: "token-" + id, At: epoch})
}

func record(id string) state.Entry {
	return state.Record(state.Resource{Address: "key." + id, Kind: "key", ID: id, Attributes: map[string]any{"n": 1.0}})
}

func begin(t *testing.T, s state.Store) state.Tx {
	t.Helper()
	tx, err := s.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return tx
}

func appendTo(t *testing.T, tx state.Tx, entries ...state.Entry) {
	t.Helper()
	if err := tx.Append(t.Context(), entries...); err != nil {
		t.Fatal(err)
	}
}

func journal(t *testing.T, s state.Store) []state.Entry {
	t.Helper()
	entries, err := s.ReadJournal(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return entries
}

func abandon(t *testing.T, tx state.Tx) {
	t.Helper()
	if err := tx.Abandon(); err != nil {
		t.Fatal(err)
	}
}

func open(t *testing.T, s state.Store) (*state.Journal, state.Position) {
	t.Helper()
	j, at, err := state.Open(t.Context(), s, "test")
	if err != nil {
		t.Fatal(err)
	}
	return j, at
}

func beginNothing(t *testing.T, s Subject) {
	tx := begin(t, s.Open())
	if _, v := tx.Base(); !v.IsZero() || len(tx.Entries()) != 0 {
		t.Errorf("a new store begins at %v with %+v", v, tx.Entries())
	}
	abandon(t, tx)
	if _, v := read(t, s.Open()); !v.IsZero() || len(journal(t, s.Open())) != 0 {
		t.Errorf("beginning made %v, %+v", v, journal(t, s.Open()))
	}
	if _, at := open(t, s.Open()); at.State.Serial != 0 || len(at.Open) != 0 {
		t.Errorf("opened at %+v", at)
	}
}

func journalRoundTrip(t *testing.T, s Subject) {
	tx := begin(t, s.Open())
	st, _ := tx.Base()
	want := []state.Entry{header(st), intent("a"), state.End("intent-a", state.Result{ObjectID: "a"}), record("a"),
		state.FileEntry(state.File{Address: "data.encrypt.f", Path: "n\xff.yaml", Source: `a\b`}), state.ForgetFileEntry("data.encrypt.f", "o\xff"),
		state.OutputEntry("o", []any{"x", nil}), state.ForgetEntry("key.b", "b"), state.MoveEntry(map[string]string{"key.a": "key.c"}),
		state.SchemeEntry(state.FingerprintScheme{Name: "s", Wrapped: "w"})}
	appendTo(t, tx, want[:2]...)
	appendTo(t, tx, want[2:]...)
	for name, got := range map[string][]state.Entry{"the writer": tx.Entries(), "another": journal(t, s.Open())} {
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s reads %+v\nwant %+v", name, got, want)
		}
	}
	abandon(t, tx)
	again := begin(t, s.Open())
	if got := again.Entries(); len(got) != len(want) || !reflect.DeepEqual(got[1:], want[1:]) || got[0].Header.Base != 0 || got[0].Header.Lineage != st.Lineage {
		t.Errorf("the next reads %+v\nwant %+v", got, want)
	}
	appendTo(t, again, record("d"))
	abandon(t, again)
	if got := journal(t, s.Open()); len(got) != len(want)+1 {
		t.Errorf("%d entries after one more, want %d", len(got), len(want)+1)
	}
}

func commitEnds(t *testing.T, s Subject) {
	tx := begin(t, s.Open())
	st, _ := tx.Base()
	appendTo(t, tx, header(st), record("a"))
	st = next(st, "a")
	v, err := tx.Commit(t.Context(), &st, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, found := read(t, s.Open()); found != v || len(got.Resources) != 1 || len(journal(t, s.Open())) != 0 {
		t.Errorf("stored %v, committed %v; the journal holds %+v", found, v, journal(t, s.Open()))
	}
	tx = begin(t, s.Open())
	appendTo(t, tx, header(st), intent("b"))
	if same, err := tx.Commit(t.Context(), nil, nil); err != nil || same != v {
		t.Errorf("a commit without a state gave %v, %v; want %v", same, err, v)
	}
	if _, found := read(t, s.Open()); found != v || len(journal(t, s.Open())) != 0 {
		t.Errorf("it left %v and %+v", found, journal(t, s.Open()))
	}
}

func commitCarries(t *testing.T, s Subject) {
	tx := begin(t, s.Open())
	st, _ := tx.Base()
	appendTo(t, tx, header(st), record("a"), intent("b"))
	st = next(st, "a")
	carried := []state.Entry{header(st), intent("b")}
	if _, err := tx.Commit(t.Context(), &st, carried); err != nil {
		t.Fatal(err)
	}
	if got := journal(t, s.Open()); !reflect.DeepEqual(got, carried) {
		t.Errorf("the journal holds %+v, want %+v", got, carried)
	}
}

func commitStale(t *testing.T, s Subject) {
	tx := begin(t, s.Open())
	st, v := tx.Base()
	appendTo(t, tx, header(st), record("a"))
	swap(t, s.Open(), v, next(st, "other"))
	mine := next(st, "a")
	if _, err := tx.Commit(t.Context(), &mine, nil); !errors.Is(err, state.ErrStale) {
		t.Fatalf("committing over another's write gave %v", err)
	}
	if got := journal(t, s.Open()); len(got) != 2 {
		t.Errorf("the journal holds %+v", got)
	}
	if _, at := open(t, s.Open()); len(at.State.Resources) != 2 {
		t.Errorf("the next run knows %+v", at.State.Resources)
	}
}

func transactionOver(t *testing.T, s Subject) {
	for name, end := range map[string]func(state.Tx) error{
		"abandoned": state.Tx.Abandon,
		"committed": func(tx state.Tx) error { _, err := tx.Commit(t.Context(), nil, nil); return err },
	} {
		tx := begin(t, s.Open())
		st, _ := tx.Base()
		if err := end(tx); err != nil {
			t.Fatal(err)
		}
		if err := tx.Append(t.Context(), header(st), record("a")); err == nil {
			t.Errorf("%s, it appended", name)
		}
		if _, err := tx.Commit(t.Context(), nil, nil); err == nil {
			t.Errorf("%s, it committed", name)
		}
		if err := tx.Abandon(); err != nil {
			t.Errorf("%s, abandoning again gave %v", name, err)
		}
		if got := journal(t, s.Open()); len(got) != 0 {
			t.Errorf("%s, the journal holds %+v", name, got)
		}
	}
}

// fenced: a store either knows that the writer lives, and refuses the next, or fences it off.
func fenced(t *testing.T, s Subject) {
	old := begin(t, s.Open())
	st, _ := old.Base()
	appendTo(t, old, header(st), intent("a"))
	fresh, err := s.Open().Begin(t.Context())
	if errors.Is(err, state.ErrJournalBusy) {
		appendTo(t, old, record("a"))
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if got := fresh.Entries(); len(got) != 2 || got[1].Intent == nil {
		t.Fatalf("what the writer had appended is lost: %+v", got)
	}
	for range 2 {
		if err := old.Append(t.Context(), record("late")); !errors.Is(err, state.ErrFenced) {
			t.Errorf("the writer that was fenced off appended: %v", err)
		}
	}
	appendTo(t, fresh, record("b"))
	late := next(st, "late")
	if _, err := old.Commit(t.Context(), &late, nil); !errors.Is(err, state.ErrFenced) {
		t.Errorf("the writer that was fenced off committed: %v", err)
	}
	if got := journal(t, s.Open()); len(got) != 3 || got[2].Resource.ID != "b" {
		t.Errorf("the journal holds %+v", got)
	}
	if _, v := read(t, s.Open()); !v.IsZero() {
		t.Errorf("the state is %v", v)
	}
}

func lostAppend(t *testing.T, s Subject) {
	j, _ := open(t, s.Open())
	if err := j.Append(record("a")); err != nil {
		t.Fatal(err)
	}
	s.Lose(true)
	if err := j.Append(record("b"), record("c")); err == nil {
		t.Fatal("a lost answer gave no error")
	}
	if err := j.Append(record("d")); err == nil {
		t.Error("the journal goes on after a failure")
	}
	if err := j.Abandon(); err != nil {
		t.Fatal(err)
	}
	if n := len(journal(t, s.Open())); n != 2 && n != 4 {
		t.Errorf("the journal holds %d entries", n)
	}
	j, _ = open(t, s.Open())
	if at, err := j.Commit(t.Context()); err != nil || len(at.State.Resources) != 1 && len(at.State.Resources) != 3 {
		t.Errorf("the next run stores %+v, %v", at.State.Resources, err)
	}
}

func lostCommit(t *testing.T, s Subject) {
	j, _ := open(t, s.Open())
	if err := j.Append(record("a"), intent("b")); err != nil {
		t.Fatal(err)
	}
	s.Lose(false)
	if _, err := j.Commit(t.Context()); err == nil {
		t.Fatal("a lost answer gave no error")
	}
	for range 2 {
		j, _ = open(t, s.Open())
		at, err := j.Commit(t.Context())
		if err != nil || at.State.Serial != 1 || len(at.State.Resources) != 1 || len(at.Open) != 1 {
			t.Errorf("the next run is at %+v, %v", at, err)
		}
	}
}

func damagedJournal(t *testing.T, s Subject) {
	j, _ := open(t, s.Open())
	if err := j.Append(record("a"), record("b"), record("c")); err != nil {
		t.Fatal(err)
	}
	if err := j.Abandon(); err != nil {
		t.Fatal(err)
	}
	s.Damage(true)
	for range 2 {
		if _, err := s.Open().ReadJournal(t.Context()); !errors.Is(err, state.ErrJournal) {
			t.Errorf("reading gave %v", err)
		}
		if _, err := s.Open().Begin(t.Context()); !errors.Is(err, state.ErrJournal) {
			t.Errorf("beginning gave %v", err)
		}
	}
}

// consistentLook: each run adds one object, so that whatever is seen has as many objects as its serial says.
func consistentLook(t *testing.T, s Subject) {
	var wg sync.WaitGroup
	done := make(chan struct{})
	wg.Go(func() {
		defer close(done)
		for i := range 30 {
			j, _ := open(t, s.Open())
			if err := j.Append(record(fmt.Sprint("k", i))); err != nil {
				t.Error(err)
			}
			if _, err := j.Commit(t.Context()); err != nil {
				t.Error(err)
			}
		}
	})
	for going := true; going; {
		select {
		case <-done:
			going = false
		default:
		}
		at, err := state.Look(t.Context(), s.Open())
		if err != nil || len(at.State.Resources) != int(at.State.Serial) {
			t.Errorf("saw %d objects at serial %d, %v", len(at.State.Resources), at.State.Serial, err)
		}
	}
	wg.Wait()
}

// runs: several writers, each with the lock, open a journal, append and commit.
func runs(t *testing.T, s Subject) {
	const writers, each = 4, 5
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				if err := runOnce(t, s.Open(), fmt.Sprintf("w%d_%d", w, i)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if st, _ := read(t, s.Open()); len(st.Resources) != writers*each || len(journal(t, s.Open())) != 0 {
		t.Errorf("%d objects, want %d; the journal holds %+v", len(st.Resources), writers*each, journal(t, s.Open()))
	}
}

func runOnce(t *testing.T, s state.Store, id string) (err error) {
	lock, err := state.LockWait(t.Context(), s, state.NewLockInfo("apply", epoch), time.Minute)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Unlock()) }()
	j, _, err := state.Open(t.Context(), s, "test")
	if err != nil {
		return err
	}
	if err := j.Append(intent(id), record(id)); err != nil {
		return err
	}
	if err := j.Append(state.End("intent-"+id, state.Result{ObjectID: id}), record(id)); err != nil {
		return err
	}
	_, err = j.Commit(t.Context())
	return err
}

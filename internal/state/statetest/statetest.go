package statetest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/state"
)

// Long is the variable that asks tests of stores for the full figures: every way in which a call can fail, 16 processes with
// 50 rounds each, 500 kills.
const Long = "KMSPLAN_LONG"

// Subject is one store under test, empty when it is made.
type Subject struct {
	// Open returns a handle; every call returns another one on the same store, as another process would have.
	Open func() state.Store
	// Lose makes the next write, of the state or else of the journal, take effect as far as it may, and fail.
	Lose func(journal bool)
	// Damage changes what is stored, the state or else the journal, behind the store's back.
	Damage func(journal bool)
}

// Run checks a store; fresh makes a new, empty one.
func Run(t *testing.T, fresh func(t *testing.T) Subject) {
	for _, tt := range slices.Concat(states, locks, journals, removals) {
		t.Run(tt.name, func(t *testing.T) { tt.test(t, fresh(t)) })
	}
}

// RunWithoutLocks checks what of a store's promise does not rest on its locks: they do nothing in the subjects.
func RunWithoutLocks(t *testing.T, fresh func(t *testing.T) Subject) {
	for _, tt := range slices.Concat(states, journals, removals) {
		t.Run(tt.name, func(t *testing.T) { tt.test(t, fresh(t)) })
	}
}

// promise is one thing that every store keeps.
type promise struct {
	name string
	test func(t *testing.T, s Subject)
}

var states = []promise{
	{"an empty store reads as a new state and stays empty", newState},
	{"what was written is read back by everybody", roundTrip},
	{"a write names the version it replaces", staleWrite},
	{"the first write happens once", firstWrite},
	{"a serial grows by one", serials},
	{"a lineage is fixed unless it is replaced", lineages},
	{"no concurrent write is lost", concurrentWrites},
	{"a write whose answer is lost took effect whole or not at all", lostWrite},
	{"a damaged state is refused and left alone", damagedState},
	{"past states are kept", generations},
	{"what is kept says who stored it, when and in which command", history},
	{"a cancelled context ends the call", cancelled},
}

var locks = []promise{
	{"a lock has one holder, who is named", lock},
	{"unlocking twice does nothing", unlockTwice},
	{"a broken lock is free, and its former holder cannot free the next", forceUnlock},
	{"the lock is waited for", lockWait},
	{"losing the lock never costs an update", writeWithoutLock},
	{"runs one after the other lose nothing", runs},
}

func next(st state.State, ids ...string) state.State {
	st.Serial++
	for _, id := range ids {
		st.Resources = append(st.Resources[:len(st.Resources):len(st.Resources)],
			state.Resource{Address: "key." + id, Kind: "key", ID: id, Attributes: map[string]any{"description": "d " + id}})
	}
	return st
}

func read(t *testing.T, s state.Store) (state.State, state.Version) {
	t.Helper()
	st, v, err := s.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return st, v
}

func swap(t *testing.T, s state.Store, old state.Version, st state.State) state.Version {
	t.Helper()
	v, err := s.CompareAndSwap(t.Context(), old, st)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func newState(t *testing.T, s Subject) {
	a, va := read(t, s.Open())
	b, vb := read(t, s.Open())
	if !va.IsZero() || !vb.IsZero() || a.Serial != 0 || len(a.Resources) != 0 || a.Version != state.FormatVersion {
		t.Fatalf("a new store reads as %+v, %v", a, va)
	}
	if a.Lineage == "" || a.Lineage == b.Lineage {
		t.Errorf("two new states have lineages %q and %q", a.Lineage, b.Lineage)
	}
}

func roundTrip(t *testing.T, s Subject) {
	st, v := read(t, s.Open())
	want := next(st, "a", "b")
	want.Outputs = map[string]any{"id": "a", "n": 3.0, "list": []any{"x", nil, true}}
	wrote := swap(t, s.Open(), v, want)
	got, version := read(t, s.Open())
	if version != wrote || version.IsZero() {
		t.Errorf("wrote %v, read %v", wrote, version)
	}
	if !reflect.DeepEqual(got.Resources, want.Resources) || !reflect.DeepEqual(got.Outputs, want.Outputs) || got.Lineage != want.Lineage || got.Serial != 1 {
		t.Errorf("read %+v, want %+v", got, want)
	}
}

func staleWrite(t *testing.T, s Subject) {
	st, v := read(t, s.Open())
	first := next(st, "a")
	v1 := swap(t, s.Open(), v, first)
	v2 := swap(t, s.Open(), v1, next(first, "b"))
	_, err := s.Open().CompareAndSwap(t.Context(), v1, next(first, "c"))
	var stale *state.StaleError
	if !errors.Is(err, state.ErrStale) || !errors.As(err, &stale) || stale.Expected != v1 || stale.Found != v2 {
		t.Fatalf("a stale write gave %v", err)
	}
	if got, found := read(t, s.Open()); found != v2 || got.Previous != v1.Digest {
		t.Errorf("the refused write changed the store to %v, in place of %v", found, got.Previous)
	}
}

func firstWrite(t *testing.T, s Subject) {
	a, va := read(t, s.Open())
	b, vb := read(t, s.Open())
	swap(t, s.Open(), va, next(a, "a"))
	if _, err := s.Open().CompareAndSwap(t.Context(), vb, next(b, "b")); !errors.Is(err, state.ErrStale) {
		t.Errorf("a second first write gave %v", err)
	}
}

func serials(t *testing.T, s Subject) {
	st, v := read(t, s.Open())
	v = swap(t, s.Open(), v, next(st))
	for _, serial := range []uint64{0, 1, 3, 100} {
		jumped := next(st)
		jumped.Serial = serial
		if _, err := s.Open().CompareAndSwap(t.Context(), v, jumped); err == nil {
			t.Errorf("serial %d was written over serial 1", serial)
		}
	}
	if _, found := read(t, s.Open()); found != v {
		t.Errorf("a refused write changed the store to %v", found)
	}
}

func lineages(t *testing.T, s Subject) {
	st, v := read(t, s.Open())
	first := next(st, "a")
	v = swap(t, s.Open(), v, first)
	other := next(first)
	other.Lineage = state.New().Lineage
	if _, err := s.Open().CompareAndSwap(t.Context(), v, other); err == nil {
		t.Error("another lineage was swapped in")
	}
	if _, err := s.Open().Replace(t.Context(), state.Version{}, other); err == nil {
		t.Error("a replacement that names no version was written")
	}
	if _, err := s.Open().Replace(t.Context(), v, other); err != nil {
		t.Errorf("replacing the lineage: %v", err)
	}
	if got, _ := read(t, s.Open()); got.Lineage != other.Lineage {
		t.Errorf("lineage %s, want %s", got.Lineage, other.Lineage)
	}
}

func concurrentWrites(t *testing.T, s Subject) {
	const writers, each = 8, 5
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				if err := AddResource(t.Context(), s.Open(), fmt.Sprintf("w%d_%d", w, i)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	st, _ := read(t, s.Open())
	if len(st.Resources) != writers*each || st.Serial != writers*each {
		t.Errorf("%d objects at serial %d, want %d", len(st.Resources), st.Serial, writers*each)
	}
}

// AddResource adds key.ID to the state by compare-and-swap, reading again whenever
// another writer was faster, or may have been.
func AddResource(ctx context.Context, s state.Store, id string) error {
	for unclear := false; ; {
		st, v, err := s.Read(ctx)
		if err != nil {
			return err
		}
		if _, there := state.Find(st, "key."+id); there && unclear {
			return nil
		}
		_, err = s.CompareAndSwap(ctx, v, next(st, id))
		if unclear = errors.Is(err, state.ErrUnclear); !unclear && !errors.Is(err, state.ErrStale) {
			return err
		}
	}
}

var epoch = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func take(t *testing.T, s state.Store, operation string) (state.LockInfo, state.Unlocker) {
	t.Helper()
	info := state.NewLockInfo(operation, epoch)
	u, err := s.Lock(t.Context(), info)
	if err != nil {
		t.Fatal(err)
	}
	return info, u
}

func lock(t *testing.T, s Subject) {
	info, u := take(t, s.Open(), "apply")
	_, err := s.Open().Lock(t.Context(), state.NewLockInfo("plan", epoch))
	var locked *state.LockedError
	if !errors.Is(err, state.ErrLocked) || !errors.As(err, &locked) || locked.Info != info {
		t.Fatalf("a second lock gave %v, want the holder %+v", err, info)
	}
	if err := u.Unlock(); err != nil {
		t.Fatal(err)
	}
	_, again := take(t, s.Open(), "plan")
	if err := again.Unlock(); err != nil {
		t.Fatal(err)
	}
}

func unlockTwice(t *testing.T, s Subject) {
	_, u := take(t, s.Open(), "apply")
	if err := errors.Join(u.Unlock()); err != nil {
		t.Fatal(err)
	}
	_, other := take(t, s.Open(), "plan")
	if err := u.Unlock(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Open().Lock(t.Context(), state.NewLockInfo("third", epoch)); !errors.Is(err, state.ErrLocked) {
		t.Errorf("unlocking twice freed somebody else's lock: %v", err)
	}
	if err := other.Unlock(); err != nil {
		t.Fatal(err)
	}
}

func forceUnlock(t *testing.T, s Subject) {
	info, u := take(t, s.Open(), "apply")
	if err := s.Open().ForceUnlock(t.Context(), "another"); !errors.Is(err, state.ErrLockID) {
		t.Fatalf("breaking a lock by a wrong id gave %v", err)
	}
	if err := s.Open().ForceUnlock(t.Context(), info.ID); err != nil {
		t.Fatal(err)
	}
	_, second := take(t, s.Open(), "plan")
	if err := u.Unlock(); err != nil {
		t.Errorf("the former holder's unlock: %v", err)
	}
	if _, err := s.Open().Lock(t.Context(), state.NewLockInfo("third", epoch)); !errors.Is(err, state.ErrLocked) {
		t.Errorf("the former holder freed the next one's lock: %v", err)
	}
	if err := second.Unlock(); err != nil {
		t.Fatal(err)
	}
	if err := s.Open().ForceUnlock(t.Context(), info.ID); !errors.Is(err, state.ErrLockID) {
		t.Errorf("breaking a lock that nobody holds gave %v", err)
	}
}

func lockWait(t *testing.T, s Subject) {
	_, u := take(t, s.Open(), "apply")
	if _, err := state.LockWait(t.Context(), s.Open(), state.NewLockInfo("plan", epoch), time.Millisecond); !errors.Is(err, state.ErrLocked) {
		t.Fatalf("waiting for a lock that stays held gave %v", err)
	}
	got := make(chan error)
	go func() {
		second, err := state.LockWait(t.Context(), s.Open(), state.NewLockInfo("plan", epoch), time.Minute)
		if err == nil {
			err = second.Unlock()
		}
		got <- err
	}()
	if err := u.Unlock(); err != nil {
		t.Fatal(err)
	}
	if err := <-got; err != nil {
		t.Errorf("waiting for a lock that becomes free: %v", err)
	}
}

func writeWithoutLock(t *testing.T, s Subject) {
	holder := s.Open()
	info, _ := take(t, holder, "apply")
	st, v := read(t, holder)
	if err := s.Open().ForceUnlock(t.Context(), info.ID); err != nil {
		t.Fatal(err)
	}
	swap(t, s.Open(), v, next(st, "b"))
	if _, err := holder.CompareAndSwap(t.Context(), v, next(st, "a")); !errors.Is(err, state.ErrStale) {
		t.Errorf("the write of a holder who lost the lock gave %v", err)
	}
}

func cancelled(t *testing.T, s Subject) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	store := s.Open()
	if _, _, err := store.Read(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Read: %v", err)
	}
	if _, err := store.CompareAndSwap(ctx, state.Version{}, next(state.New())); !errors.Is(err, context.Canceled) {
		t.Errorf("CompareAndSwap: %v", err)
	}
	if _, err := store.Lock(ctx, state.NewLockInfo("plan", epoch)); !errors.Is(err, context.Canceled) {
		t.Errorf("Lock: %v", err)
	}
	if _, err := store.ReadJournal(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("ReadJournal: %v", err)
	}
	if _, err := store.Begin(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Begin: %v", err)
	}
	if _, err := store.Generation(ctx, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("Generation: %v", err)
	}
}

func lostWrite(t *testing.T, s Subject) {
	st, v := read(t, s.Open())
	st = next(st, "a")
	v = swap(t, s.Open(), v, st)
	s.Lose(false)
	if _, err := s.Open().CompareAndSwap(t.Context(), v, next(st, "b")); err == nil || errors.Is(err, state.ErrStale) {
		t.Fatalf("a write whose answer was lost gave %v", err)
	}
	got, found := read(t, s.Open())
	if n := len(got.Resources); n != 1 && n != 2 || got.Serial != uint64(n) {
		t.Fatalf("the store holds %d objects at serial %d", n, got.Serial)
	}
	if err := AddResource(t.Context(), s.Open(), "c"); err != nil {
		t.Errorf("writing after it: %v", err)
	}
	if after, _ := read(t, s.Open()); after.Serial != found.Serial+1 {
		t.Errorf("serial %d follows %d", after.Serial, found.Serial)
	}
}

func damagedState(t *testing.T, s Subject) {
	st, v := read(t, s.Open())
	st = next(st, "a")
	v = swap(t, s.Open(), v, st)
	s.Damage(false)
	for range 2 {
		if _, _, err := s.Open().Read(t.Context()); !errors.Is(err, state.ErrCorrupt) {
			t.Errorf("reading gave %v", err)
		}
		if _, err := s.Open().CompareAndSwap(t.Context(), v, next(st, "b")); !errors.Is(err, state.ErrCorrupt) {
			t.Errorf("writing over it gave %v", err)
		}
		if _, err := s.Open().Begin(t.Context()); !errors.Is(err, state.ErrCorrupt) {
			t.Errorf("beginning on it gave %v", err)
		}
	}
}

func generations(t *testing.T, s Subject) {
	for i := range 4 {
		if err := AddResource(t.Context(), s.Open(), fmt.Sprint("k", i)); err != nil {
			t.Fatal(err)
		}
	}
	for serial := uint64(1); serial <= 4; serial++ {
		if st, err := s.Open().Generation(t.Context(), serial); err != nil || len(st.Resources) != int(serial) {
			t.Errorf("generation %d has %d objects, %v", serial, len(st.Resources), err)
		}
	}
	if _, err := s.Open().Generation(t.Context(), 5); !errors.Is(err, state.ErrNoGeneration) {
		t.Errorf("a generation that never was gave %v", err)
	}
}

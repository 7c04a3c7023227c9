package remote_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"kmsplan.dev/kmsplan/internal/state"
	"kmsplan.dev/kmsplan/internal/state/remote"
	"kmsplan.dev/kmsplan/internal/state/remote/placetest"
	"kmsplan.dev/kmsplan/internal/state/statetest"
)

// quick gives up soon.
var quick = remote.Retrying{Attempts: 3, Pause: time.Microsecond}

func TestStoreContract(t *testing.T) {
	statetest.Run(t, func(*testing.T) statetest.Subject {
		m := placetest.NewMemory()
		return statetest.Subject{
			Open: func() state.Store { return remote.New(remote.Retry(m, quick), remote.Options{}) },
			Lose: func(bool) { m.Lose(quick.Attempts) },
			Damage: func(journal bool) {
				if journal {
					m.Edit("", func(head []byte) []byte {
						var h map[string]any
						if err := json.Unmarshal(head, &h); err != nil {
							t.Error(err)
						}
						h["journal"] = "ZGFtYWdlZA=="
						head, _ = json.Marshal(h)
						return head
					})
					return
				}
				for _, name := range m.Objects() {
					m.Edit(name, func(b []byte) []byte { b[len(b)/2] ^= 1; return b })
				}
			},
		}
	})
}

// A write whose answer was lost is known again, whether or not the lease was renewed meanwhile.
func TestALostAnswerIsFound(t *testing.T) {
	m := placetest.NewMemory()
	s := remote.New(remote.Retry(m, quick), remote.Options{})
	j, _, err := state.Open(t.Context(), s, "test")
	if err != nil {
		t.Fatal(err)
	}
	for i := range 5 {
		m.Lose(quick.Attempts - 1)
		if err := j.Append(state.Record(state.Resource{Address: fmt.Sprint("key.k", i), Kind: "key", ID: "k"})); err != nil {
			t.Fatal(err)
		}
	}
	m.Lose(quick.Attempts - 1)
	if _, err := j.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	st, v, err := s.Read(t.Context())
	if err != nil || len(st.Resources) != 5 || v.Serial != 1 {
		t.Errorf("stored %d objects at %v, %v", len(st.Resources), v, err)
	}
}

// The journal of a long run does not make its appends expensive.
func TestALongJournalGoesToObjects(t *testing.T) {
	m := placetest.NewMemory()
	s := remote.New(m, remote.Options{})
	j, _, err := state.Open(t.Context(), s, "test")
	if err != nil {
		t.Fatal(err)
	}
	const n = 400
	for i := range n {
		if err := j.Append(state.Record(state.Resource{Address: fmt.Sprint("key.k", i), Kind: "key", ID: "k", Attributes: map[string]any{"description": strings.Repeat("d", 500)}})); err != nil {
			t.Fatal(err)
		}
	}
	if parts := len(m.Objects()); parts < 3 {
		t.Errorf("the journal lies in %d objects", parts)
	}
	if err := j.Abandon(); err != nil {
		t.Fatal(err)
	}
	again, at, err := state.Open(t.Context(), remote.New(m, remote.Options{}), "test")
	if err != nil || len(at.State.Resources) != n {
		t.Fatalf("the next run knows %d objects, %v", len(at.State.Resources), err)
	}
	if _, err := again.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if left := m.Objects(); len(left) != 1 {
		t.Errorf("%q are left", left)
	}
}

// Only the last states are kept.
func TestOldStatesAreDropped(t *testing.T) {
	m := placetest.NewMemory()
	s := remote.New(m, remote.Options{})
	for i := range 15 {
		if err := statetest.AddResource(t.Context(), s, fmt.Sprint("k", i)); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(m.Objects()); n != 11 {
		t.Errorf("%d states are kept", n)
	}
	if _, err := s.Generation(t.Context(), 5); err != nil {
		t.Error(err)
	}
	if _, err := s.Generation(t.Context(), 4); !errors.Is(err, state.ErrNoGeneration) {
		t.Error(err)
	}
}

// A lease is renewed as long as its holder lives, and is free a lease after it died, whatever its clock said.
func TestLeases(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := placetest.NewMemory()
		open := func(skew time.Duration) *remote.Store {
			return remote.New(m, remote.Options{Now: func() time.Time { return time.Now().Add(skew) }})
		}
		dead, err := open(time.Hour).Lock(t.Context(), state.NewLockInfo("apply", time.Now()))
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Minute)
		if _, err := state.LockWait(t.Context(), open(0), state.NewLockInfo("plan", time.Now()), 5*time.Minute); !errors.Is(err, state.ErrLocked) {
			t.Fatalf("a lease whose holder lives gave %v", err)
		}
		m.Edit("", func(head []byte) []byte { // the holder's process dies: nothing renews what it held
			return []byte(strings.Replace(string(head), `"id":"`, `"id":"dead-`, 1))
		})
		began := time.Now()
		next, err := state.LockWait(t.Context(), open(-time.Hour), state.NewLockInfo("plan", time.Now()), 5*time.Minute)
		if err != nil || time.Since(began) < time.Minute || time.Since(began) > 2*time.Minute {
			t.Fatalf("it was free after %s, %v", time.Since(began), err)
		}
		if err := errors.Join(dead.Unlock(), next.Unlock()); err != nil {
			t.Error(err)
		}
	})
}

// A stack that a run is letting be born is not given another lineage: its journal would belong to no state.
func TestAStateDoesNotShutOutAJournal(t *testing.T) {
	m := placetest.NewMemory()
	j, _, err := state.Open(t.Context(), remote.New(m, remote.Options{}), "test")
	if err != nil {
		t.Fatal(err)
	}
	j.Born(state.New().Lineage)
	if err := j.Append(state.Record(state.Resource{Address: "key.a", Kind: "key", ID: "a"})); err != nil {
		t.Fatal(err)
	}
	other := remote.New(m, remote.Options{})
	st, v, err := other.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	st.Serial++
	if _, err := other.CompareAndSwap(t.Context(), v, st); err == nil || !strings.Contains(err.Error(), "kmsplan recover") {
		t.Errorf("another lineage was written beside the journal: %v", err)
	}
	if at, err := j.Commit(t.Context()); err != nil || len(at.State.Resources) != 1 {
		t.Errorf("the run's commit: %+v, %v", at.State.Resources, err)
	}
}

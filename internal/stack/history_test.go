package stack_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/stack"
	"kmsplan.dev/kmsplan/internal/state"
	"kmsplan.dev/kmsplan/internal/state/memory"
)

// twoStates opens the state alone, over a store that has the key a in serial 1 and the keys a and b in serial 2.
func twoStates(t *testing.T) (*stack.Stored, state.Store) {
	t.Helper()
	store := new(memory.Place).Open()
	key := func(name string) state.Resource {
		return state.Resource{Address: "key." + name, Kind: "key", Gateway: "dev", ID: "key-" + name}
	}
	st, v, err := store.Read(t.Context())
	for _, name := range []string{"a", "b"} {
		if err == nil {
			st.Resources = append(st.Resources, key(name))
			st = st.Next("test")
			v, err = store.CompareAndSwap(t.Context(), v, st)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	r := newRig(t, "")
	r.options.Store = store
	stored, err := stack.OpenState(r.module(), r.options)
	if err != nil {
		t.Fatal(err)
	}
	return stored, store
}

// A key that lives is not lost sight of unless that is said, whatever was planned.
func TestARollbackLosesNoKeyByAccident(t *testing.T) {
	s, store := twoStates(t)
	planned, err := s.Rollback(t.Context(), 1)
	if err != nil || len(planned.Keys()) != 1 {
		t.Fatalf("%+v, %v", planned, err)
	}
	var lost *stack.LostKeysError
	if _, err := s.RollBack(t.Context(), planned, 1, false); !errors.As(err, &lost) || !strings.Contains(err.Error(), "key.b (key-b)") {
		t.Errorf("without a word: %v", err)
	}
	if st, _, _ := store.Read(t.Context()); st.Serial != 2 {
		t.Errorf("it wrote serial %d", st.Serial)
	}
	if serial, err := s.RollBack(t.Context(), planned, 1, true); err != nil || serial != 3 {
		t.Errorf("%d, %v", serial, err)
	}
	// What was planned and asked about holds for the state of then only.
	if _, err := s.RollBack(t.Context(), planned, 1, true); !errors.Is(err, state.ErrStale) {
		t.Errorf("after another write: %v", err)
	}
}

// Nothing is rolled back while it is not known what became of a call.
func TestARollbackWaitsForOpenCalls(t *testing.T) {
	s, store := twoStates(t)
	planned, err := s.Rollback(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	j, _, err := state.Open(t.Context(), store, "test")
	if err == nil {
		err = j.Append(state.Begin(state.NewIntent("key.c", "key", "CreateKey", "", "t", nil, time.Now())))
	}
	if err = errors.Join(err, j.Abandon()); err != nil {
		t.Fatal(err)
	}
	var open *state.OpenCallsError
	if _, err := s.Rollback(t.Context(), 1); !errors.As(err, &open) {
		t.Errorf("planned: %v", err)
	}
	if _, err := s.RollBack(t.Context(), planned, 1, true); !errors.As(err, &open) {
		t.Errorf("done: %v", err)
	}
}

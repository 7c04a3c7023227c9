package placetest

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/state"
	"kmsplan.dev/kmsplan/internal/state/remote"
	"kmsplan.dev/kmsplan/internal/state/statetest"
)

// Houses checks what a House promises, by stores in several workspaces; open returns another handle on the same, at first
// empty one with each call.
func Houses(t *testing.T, open func() remote.House) {
	store := func(workspace string) *remote.Store {
		return remote.New(remote.Retry(open().In(workspace), Quick), remote.Options{})
	}
	add := func(workspace, id string) {
		t.Helper()
		if err := statetest.AddResource(t.Context(), store(workspace), id); err != nil {
			t.Fatalf("in %s: %v", workspace, err)
		}
	}
	holds := func(workspace string, want ...string) {
		t.Helper()
		st, _, err := store(workspace).Read(t.Context())
		var ids []string
		for _, r := range st.Resources {
			ids = append(ids, r.ID)
		}
		if err != nil || !slices.Equal(ids, want) {
			t.Errorf("%s holds %v, %v, want %v", workspace, ids, err, want)
		}
	}
	listed := func(want ...string) {
		t.Helper()
		got, err := remote.Workspaces(t.Context(), open())
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("the workspaces are %v, %v, want %v", got, err, want)
		}
		if inside, err := remote.Workspaces(t.Context(), open().In("prod")); err != nil || !slices.Equal(inside, got) {
			t.Errorf("seen from another workspace they are %v, %v", inside, err)
		}
	}
	listed()
	add(state.DefaultWorkspace, "d")
	listed()
	var makers sync.WaitGroup
	var names []string
	for n := range 6 { // at once: none is lost
		name := fmt.Sprintf("w%d", n)
		names = append(names, name)
		makers.Go(func() {
			if err := statetest.AddResource(t.Context(), store(name), name); err != nil {
				t.Errorf("in %s: %v", name, err)
			}
		})
	}
	makers.Wait()
	listed(names...)
	add("w1", "x")
	holds("", "d")
	holds(state.DefaultWorkspace, "d")
	holds("w1", "w1", "x")
	holds("w2", "w2")
	holds("w", []string(nil)...)
	removeOne(t, store("w1"))
	listed(slices.Concat(names[:1], names[2:])...)
	if err := remote.Vacate(t.Context(), open().In("w1")); err != nil {
		t.Error(err)
	}
	if err := remote.Vacate(t.Context(), open().In("w2")); err != nil {
		t.Error(err)
	}
	listed(slices.Concat(names[:1], names[2:])...)
	holds("w1", []string(nil)...)
	holds("w2", "w2")
	add("w1", "again")
	listed(names...)
	holds("w1", "again")
	begunAgain(t, open, store)
	listed(names...)
}

// removeOne takes away what a store has, in the way that `kmsplan workspace delete` does.
func removeOne(t *testing.T, s state.Store) {
	t.Helper()
	if err := state.Discard(t.Context(), s, state.NewLockInfo("workspace delete", time.Now()), 0, func(state.Position) error { return nil }); err != nil {
		t.Fatal(err)
	}
}

// begunAgain lets somebody begin where a workspace is vacated: what that stored stays.
func begunAgain(t *testing.T, open func() remote.House, store func(string) *remote.Store) {
	t.Helper()
	removeOne(t, store("w3"))
	place := open().In("w3")
	_, rev, err := place.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := statetest.AddResource(t.Context(), store("w3"), "quick"); err != nil {
		t.Fatal(err)
	}
	if err := place.Vacate(t.Context(), rev); err != nil && !errors.Is(err, remote.ErrConflict) {
		t.Error(err)
	}
	if st, _, err := store("w3").Read(t.Context()); err != nil || len(st.Resources) != 1 {
		t.Errorf("who began while it was vacated has %d objects, %v", len(st.Resources), err)
	}
}

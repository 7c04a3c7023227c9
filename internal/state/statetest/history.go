package statetest

import (
	"slices"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/state"
)

func history(t *testing.T, s Subject) {
	if all, err := s.Open().History(t.Context()); err != nil || len(all) != 0 {
		t.Fatalf("the history of a store that is empty: %v, %v", all, err)
	}
	begun := time.Now().Add(-time.Hour) // clocks of tests may stand still
	info := state.NewLockInfo("state mv", time.Now())
	info.User, info.Host = "ada", "build-7"
	store := s.Open()
	for i, operation := range []string{"apply", "state mv"} {
		info.Operation = operation
		lock, err := store.Lock(t.Context(), info)
		if err != nil {
			t.Fatal(err)
		}
		st, v := read(t, store)
		followed := next(st, string(rune('a'+i)))
		followed.Writer = "1.2.3"
		swap(t, store, v, followed)
		if err := lock.Unlock(); err != nil {
			t.Fatal(err)
		}
	}
	st, v := read(t, store)
	swap(t, store, v, next(st)) // by nobody who holds the lock
	all, err := s.Open().History(t.Context())
	if err != nil || len(all) != 3 {
		t.Fatalf("%v, %v", all, err)
	}
	for i, k := range all {
		if k.Version.Serial != uint64(3-i) || k.Version.Lineage != st.Lineage || k.Version.Digest == "" || k.Problem != "" || k.Stored.At.Before(begun) {
			t.Errorf("%+v", k)
		}
	}
	for i, want := range []string{"state mv", "apply"} {
		if k := all[i+1]; k.Stored.By != "ada@build-7" || k.Stored.Operation != want || k.Writer != "1.2.3" {
			t.Errorf("serial %d: %+v", k.Version.Serial, k)
		}
	}
	if k := all[0]; k.Stored.Operation != "" || k.Stored.By == "ada@build-7" || k.Stored.By == "" {
		t.Errorf("stored without the lock: %+v", k)
	}
	if _, now := read(t, s.Open()); now != all[0].Version {
		t.Errorf("the first is %v, stored is %v", all[0].Version, now)
	}
	if !slices.IsSortedFunc(all, func(a, b state.Kept) int { return int(b.Version.Serial) - int(a.Version.Serial) }) {
		t.Error("not newest first")
	}
}

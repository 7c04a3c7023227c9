package http_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/state"
	"kmsplan.dev/kmsplan/internal/state/remote"
	"kmsplan.dev/kmsplan/internal/state/statetest"
)

// A document is written whole each time. It keeps what its head names, however many runs and edits there were, each in a process
// of its own, and however many of them came too late.
func TestADocumentHoldsWhatItsHeadNames(t *testing.T) {
	for _, kind := range []string{"GitLab", "If-Match"} {
		t.Run(kind, func(t *testing.T) {
			s, o := start(t, kinds[kind])
			fresh := func() state.Store { return remote.New(remote.Retry(open(t, o), quick), remote.Options{}) }
			for n := range 20 {
				if err := applied(t, fresh(), fmt.Sprint("run", n)); err != nil {
					t.Fatal(err)
				}
				late := fresh()
				st, v, err := late.Read(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if err := statetest.AddResource(t.Context(), fresh(), fmt.Sprint("edit", n)); err != nil {
					t.Fatal(err)
				}
				if _, err := late.CompareAndSwap(t.Context(), v, st.Next("late")); !errors.Is(err, state.ErrStale) {
					t.Fatalf("a late edit gave %v", err)
				}
				if err := statetest.AddResource(t.Context(), late, fmt.Sprint("again", n)); err != nil {
					t.Fatal(err)
				}
			}
			var document struct{ Objects map[string][]byte }
			if err := json.Unmarshal(s.Document(), &document); err != nil {
				t.Fatal(err)
			}
			if n := len(document.Objects); n < 11 || n > 13 {
				t.Errorf("after 60 states the document holds %d objects", n)
			}
		})
	}
}

// applied records an object as a run does.
func applied(t *testing.T, s state.Store, id string) error {
	lock, err := s.Lock(t.Context(), state.NewLockInfo("apply", time.Now()))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Unlock()) }()
	j, _, err := state.Open(t.Context(), s, "test")
	if err != nil {
		return err
	}
	if err := j.Append(state.Record(state.Resource{Address: "key." + id, Kind: "key", ID: id})); err != nil {
		return err
	}
	_, err = j.Commit(t.Context())
	return err
}

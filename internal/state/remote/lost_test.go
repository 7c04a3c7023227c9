package remote_test

import (
	"bytes"
	"context"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/state"
	"kmsplan.dev/kmsplan/internal/state/remote"
	"kmsplan.dev/kmsplan/internal/state/remote/placetest"
	"kmsplan.dev/kmsplan/internal/state/statetest"
)

// A lock that was broken is said to be broken, also when the answer came the second time only: nobody else broke it.
func TestALockThatIsBrokenWithALostAnswerIsBroken(t *testing.T) {
	m := placetest.NewMemory()
	s := remote.New(remote.Retry(m, quick), remote.Options{})
	info := state.NewLockInfo("apply", time.Now())
	held, err := s.Lock(t.Context(), info)
	if err != nil {
		t.Fatal(err)
	}
	m.Lose(quick.Attempts - 1)
	if err := s.ForceUnlock(t.Context(), info.ID); err != nil {
		t.Errorf("it was broken, and reported as not: %v", err)
	}
	if err := held.Unlock(); err != nil {
		t.Error(err)
	}
}

// renewed loses the answer of the next Swap, and the holder of the lease renews it before anybody asks again.
type renewed struct {
	*placetest.Memory
	next bool
}

func (r *renewed) Swap(ctx context.Context, old remote.Revision, head []byte) (remote.Revision, error) {
	rev, err := r.Memory.Swap(ctx, old, head)
	if err != nil || !r.next {
		return rev, err
	}
	r.next = false
	r.Edit("", func(head []byte) []byte {
		return bytes.Replace(head, []byte(`"write":"`), []byte(`"write":"renewed-`), 1)
	})
	return "", placetest.ErrDown
}

// A state whose writer did not hear that it is stored is found behind a lease that was renewed since, and is not called
// somebody else's.
func TestAStoredStateIsFoundBehindARenewedLease(t *testing.T) {
	place := &renewed{Memory: placetest.NewMemory()}
	s := remote.New(remote.Retry(place, quick), remote.Options{})
	for _, id := range []string{"a", "b"} {
		place.next = true
		if err := statetest.AddResource(t.Context(), s, id); err != nil {
			t.Fatal(err)
		}
	}
	if st, v, err := s.Read(t.Context()); err != nil || v.Serial != 2 || len(st.Resources) != 2 {
		t.Errorf("stored %+v at %v, %v", st.Resources, v, err)
	}
}

package remote_test

import (
	"context"
	"errors"
	"testing"

	"kmsplan.dev/kmsplan/internal/state"
	"kmsplan.dev/kmsplan/internal/state/remote"
	"kmsplan.dev/kmsplan/internal/state/remote/placetest"
	"kmsplan.dev/kmsplan/internal/state/statetest"
)

// overtaken lets somebody else write once, at a moment of a write.
type overtaken struct {
	remote.Place
	beforeSwap, afterSwap func() // each is called once; after it the answer is lost
}

func (o *overtaken) Swap(ctx context.Context, old remote.Revision, head []byte) (remote.Revision, error) {
	if before := o.beforeSwap; before != nil {
		o.beforeSwap = nil
		before()
	}
	rev, err := o.Place.Swap(ctx, old, head)
	if after := o.afterSwap; after != nil && err == nil {
		o.afterSwap = nil
		after()
		return "", placetest.ErrDown
	}
	return rev, err
}

// ways are the ways in which a state is stored; each returns how that ended.
var ways = map[string]func(t *testing.T, s *remote.Store, ready func()) (state.Version, error){
	"an edit": func(t *testing.T, s *remote.Store, ready func()) (state.Version, error) {
		st, v, err := s.Read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		next := st.Next("test")
		next.Resources = append(next.Resources, state.Resource{Address: "key.ours", Kind: "key", ID: "ours"})
		ready()
		return s.CompareAndSwap(t.Context(), v, next)
	},
	"a run": func(t *testing.T, s *remote.Store, ready func()) (state.Version, error) {
		j, _, err := state.Open(t.Context(), s, "test")
		if err != nil {
			t.Fatal(err)
		}
		if err := j.Append(state.Record(state.Resource{Address: "key.ours", Kind: "key", ID: "ours"})); err != nil {
			t.Fatal(err)
		}
		ready()
		at, err := j.Commit(t.Context())
		return at.Version, err
	},
}

func overtake(t *testing.T, m *placetest.Memory) (edit func()) {
	t.Helper()
	return func() {
		if err := statetest.AddResource(t.Context(), remote.New(m, remote.Options{}), "theirs"); err != nil {
			t.Error(err)
		}
	}
}

func TestAStateThatCameTooLateLeavesNoObjectBehind(t *testing.T) {
	for name, store := range ways {
		t.Run(name, func(t *testing.T) {
			m := placetest.NewMemory()
			if err := statetest.AddResource(t.Context(), remote.New(m, remote.Options{}), "first"); err != nil {
				t.Fatal(err)
			}
			o := &overtaken{Place: m}
			_, err := store(t, remote.New(o, remote.Options{}), func() { o.beforeSwap = overtake(t, m) })
			if !errors.Is(err, state.ErrStale) {
				t.Fatalf("storing a state gave %v", err)
			}
			if objects := m.Objects(); len(objects) != 2 {
				t.Errorf("there are %v", objects)
			}
		})
	}
}

// A state was stored, its writer did not hear of it, and somebody else stored the next one before it asked again.
func TestAStateThatIsStoredIsNotStaleBecauseAnotherFollowed(t *testing.T) {
	for name, store := range ways {
		t.Run(name, func(t *testing.T) {
			m := placetest.NewMemory()
			o := &overtaken{Place: m}
			v, err := store(t, remote.New(remote.Retry(o, quick), remote.Options{}), func() { o.afterSwap = overtake(t, m) })
			if err != nil || v.Serial != 1 {
				t.Errorf("storing a state gave %v, %v", v, err)
			}
			s := remote.New(m, remote.Options{})
			st, now, err := s.Read(t.Context())
			if err != nil || now.Serial != 2 || len(st.Resources) != 2 {
				t.Errorf("the state is %v with %d objects, %v", now, len(st.Resources), err)
			}
			if first, err := s.Generation(t.Context(), 1); err != nil || len(first.Resources) != 1 {
				t.Errorf("what was stored first: %v, %v", first.Resources, err)
			}
		})
	}
}

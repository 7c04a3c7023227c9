package remote_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/state"
	"kmsplan.dev/kmsplan/internal/state/remote"
	"kmsplan.dev/kmsplan/internal/state/remote/placetest"
	"kmsplan.dev/kmsplan/internal/state/statetest"
)

// failing fails the nth call of a Place: before it took effect, or after; once, or with all that follow, as for a process
// that dies there.
type failing struct {
	remote.Place
	after, dies bool

	mu  sync.Mutex
	n   int
	hit bool
}

func (f *failing) call(do func() error) error {
	f.mu.Lock()
	f.n--
	now, dead := f.n == 0, f.dies && f.n < 0
	f.hit = f.hit || now
	f.mu.Unlock()
	switch {
	case dead, now && !f.after:
		return placetest.ErrDown
	case now:
		return errors.Join(placetest.ErrDown, do())
	}
	return do()
}

func (f *failing) Head(ctx context.Context) (data []byte, rev remote.Revision, err error) {
	err = f.call(func() error { data, rev, err = f.Place.Head(ctx); return err })
	return data, rev, err
}

func (f *failing) Swap(ctx context.Context, old remote.Revision, head []byte) (rev remote.Revision, err error) {
	if err := f.call(func() error { rev, err = f.Place.Swap(ctx, old, head); return err }); err != nil {
		if errors.Is(err, placetest.ErrDown) { // whoever lost the answer does not learn that it was a conflict
			err = placetest.ErrDown
		}
		return "", err
	}
	return rev, nil
}

func (f *failing) Put(ctx context.Context, name string, object []byte) error {
	return f.call(func() error { return f.Place.Put(ctx, name, object) })
}

func (f *failing) Get(ctx context.Context, name string) (object []byte, err error) {
	err = f.call(func() error { object, err = f.Place.Get(ctx, name); return err })
	return object, err
}

func (f *failing) Drop(ctx context.Context, names ...string) error {
	return f.call(func() error { return f.Place.Drop(ctx, names...) })
}

// named records an object; the first of a run is large, so that the next append moves it out of the head.
func named(id string) state.Entry {
	size := 1
	if strings.HasSuffix(id, "0") {
		size = 50 << 10
	}
	return state.Record(state.Resource{Address: "key." + id, Kind: "key", ID: id, Attributes: map[string]any{"d": strings.Repeat("d", size)}})
}

// run is what a run does of a store: a lock, three appends of which one moves older parts to an object, a commit, a
// write of the state beside it, the lock back. It tells of every object that it was told is kept, and returns its
// journal, when it got one, with what failed first.
func run(ctx context.Context, s state.Store, who string, told func(id string)) (j *state.Journal, err error) {
	u, err := s.Lock(ctx, state.NewLockInfo("apply", time.Now()))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, u.Unlock()) }()
	if j, _, err = state.Open(ctx, s, "test"); err != nil {
		return nil, err
	}
	for n := range 3 {
		id := fmt.Sprint(who, n)
		if err := j.Append(named(id)); err != nil {
			return j, err
		}
		told(id)
	}
	if _, err := j.Commit(ctx); err != nil {
		return j, err
	}
	if err := statetest.AddResource(ctx, s, who+"x"); err != nil {
		return j, err
	}
	told(who + "x")
	return j, nil
}

// Whichever call of a server fails, before or after it took effect, once or for good: what was promised is kept, nothing is
// stored twice, who was cut off cannot write, and the next run goes on.
func TestEveryCallMayFail(t *testing.T) {
	for _, mode := range []struct {
		name               string
		after, dies, retry bool
	}{
		{name: "before, once"},
		{name: "after, once", after: true},
		{name: "before, and all that follow", dies: true},
		{name: "after, and all that follow", after: true, dies: true},
		{name: "before, tried again", retry: true},
		{name: "after, tried again", after: true, retry: true},
	} {
		t.Run(mode.name, func(t *testing.T) {
			if testing.Short() && !mode.after {
				t.Skip("before it took effect: not in a short run")
			}
			n := 1
			for hit := true; hit; n++ {
				m := placetest.NewMemory()
				f := &failing{Place: m, after: mode.after, dies: mode.dies, n: n}
				var p remote.Place = f
				if mode.retry {
					p = remote.Retry(f, quick)
				}
				kept := map[string]bool{}
				told := func(id string) { kept[id] = true }
				first, err := run(t.Context(), remote.New(p, remote.Options{}), "a", told)
				if hit = f.hit; mode.retry && err != nil || !hit && err != nil {
					t.Fatalf("call %d: %v", n, err)
				}
				// The next run is another process, on another machine, when the lease of this one is over.
				f.n = 0 // the network is back, for who was cut off as well
				next := remote.New(m, remote.Options{Now: func() time.Time { return time.Now().Add(time.Hour) }})
				second, _, err := state.Open(t.Context(), next, "test")
				if err != nil {
					t.Fatalf("call %d: the next run: %v", n, err)
				}
				stale(t, n, first)
				if _, err := second.Commit(t.Context()); err != nil {
					t.Fatalf("call %d: the next run's commit: %v", n, err)
				}
				if _, err := run(t.Context(), next, "b", told); err != nil {
					t.Fatalf("call %d: the run after: %v", n, err)
				}
				account(t, n, m, kept)
			}
			if n < 15 {
				t.Errorf("only %d calls failed", n-2)
			}
		})
	}
}

// stale is a writer that was cut off and comes back.
func stale(t *testing.T, n int, j *state.Journal) {
	t.Helper()
	if j == nil {
		return
	}
	if err := j.Append(named("late")); err == nil {
		t.Fatalf("call %d: who was fenced off could append", n)
	}
	_, _ = j.Commit(t.Context()) // if it stored anything, the next run's commit is refused
}

// account holds what is stored against what somebody was told: each state differs from the one before by what was added.
func account(t *testing.T, n int, m *placetest.Memory, kept map[string]bool) {
	t.Helper()
	s := remote.New(m, remote.Options{})
	st, v, err := s.Read(t.Context())
	if err != nil {
		t.Fatalf("call %d: %v", n, err)
	}
	if entries, err := s.ReadJournal(t.Context()); err != nil || len(entries) > 0 {
		t.Fatalf("call %d: the journal holds %v, %v", n, entries, err)
	}
	seen := map[string]int{}
	for _, r := range st.Resources {
		seen[r.ID]++
	}
	for id := range kept {
		if seen[id] == 0 {
			t.Fatalf("call %d: %s is lost; there are %v", n, id, seen)
		}
	}
	for id, times := range seen {
		if times > 1 || id == "late" {
			t.Fatalf("call %d: %s is there %d times", n, id, times)
		}
	}
	size := 0
	for serial := uint64(1); serial <= v.Serial; serial++ {
		g, err := s.Generation(t.Context(), serial)
		if err != nil || len(g.Resources) <= size {
			t.Fatalf("call %d: serial %d has %d objects after %d: it was stored twice, or %v", n, serial, len(g.Resources), size, err)
		}
		size = len(g.Resources)
	}
}

package placetest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/state"
	"kmsplan.dev/kmsplan/internal/state/remote"
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

// Behind is the Place itself.
func (f *failing) Behind() remote.Place { return f.Place }

func (f *failing) call(do func() error) error {
	f.mu.Lock()
	f.n--
	now, dead := f.n == 0, f.dies && f.n < 0
	f.hit = f.hit || now
	f.mu.Unlock()
	switch {
	case dead, now && !f.after:
		return ErrDown
	case now:
		return errors.Join(ErrDown, do())
	}
	return do()
}

func (f *failing) Head(ctx context.Context) (data []byte, rev remote.Revision, err error) {
	err = f.call(func() error { data, rev, err = f.Place.Head(ctx); return err })
	return data, rev, err
}

func (f *failing) Swap(ctx context.Context, old remote.Revision, head []byte) (rev remote.Revision, err error) {
	if err := f.call(func() error { rev, err = f.Place.Swap(ctx, old, head); return err }); err != nil {
		if errors.Is(err, ErrDown) { // whoever lost the answer does not learn that it was a conflict
			err = ErrDown
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

// runs is how often a run follows another before the next process; more of them are more calls that may fail.
func runs() int {
	if os.Getenv(statetest.Long) != "" {
		return 4
	}
	return 1
}

// run is runs one after the other. It tells of every object that it was told is kept, and returns the last journal, when it
// got one, with what failed first.
func run(ctx context.Context, s state.Store, who string, told func(id string)) (j *state.Journal, err error) {
	for n := range runs() {
		if j, err = runOnce(ctx, s, fmt.Sprint(who, n, "_"), told); err != nil {
			break
		}
	}
	return j, err
}

// runOnce is what a run does of a store: a lock, three appends of which one moves older parts to an object, a commit, a
// write of the state beside it, the lock back.
func runOnce(ctx context.Context, s state.Store, who string, told func(id string)) (j *state.Journal, err error) {
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

// crash is how a call fails: before it took effect or after, once or with all that follow, with the answer tried for again or
// not.
type crash struct {
	name               string
	after, dies, retry bool
}

var crashes = []crash{
	{name: "after, and all that follow", after: true, dies: true},
	{name: "before, and all that follow", dies: true},
	{name: "after, tried again", after: true, retry: true},
	{name: "before, tried again", retry: true},
	{name: "after, once", after: true},
	{name: "before, once"},
}

// Crashes lets each call of a run fail, one after the other: what was promised is kept, nothing is stored twice, who was cut
// off cannot write, and the next run, which has nothing of the first, goes on. fresh is a new, empty place.
func Crashes(t *testing.T, fresh func(t *testing.T) (open func() remote.Place)) {
	points := 0
	for i, c := range crashes {
		t.Run(c.name, func(t *testing.T) {
			if i > 0 && testing.Short() || i > 3 && os.Getenv(statetest.Long) == "" {
				t.Skipf("not in a quick run; %s=1 asks for it", statetest.Long)
			}
			points += sweep(t, c, fresh)
		})
	}
	t.Logf("%d crash points, nothing lost", points)
}

// sweep fails call after call until a run is not hit any more, and returns how many failed.
func sweep(t *testing.T, c crash, fresh func(t *testing.T) func() remote.Place) (points int) {
	for hit := true; hit; {
		n := points + 1
		open := fresh(t)
		f := &failing{Place: open(), after: c.after, dies: c.dies, n: n}
		var p remote.Place = f
		if c.retry {
			p = remote.Retry(f, Quick)
		}
		kept := map[string]bool{}
		told := func(id string) { kept[id] = true }
		first, err := run(t.Context(), remote.New(p, remote.Options{}), "a", told)
		if hit = f.hit; c.retry && err != nil || !hit && err != nil {
			t.Fatalf("call %d: %v", n, err)
		}
		// The next run is another process, on another machine, when the lease of this one is over.
		f.n = 0 // the network is back, for who was cut off as well
		next := remote.New(open(), remote.Options{Now: func() time.Time { return time.Now().Add(time.Hour) }})
		free(t, next)
		second, _, err := state.Open(t.Context(), next, "test")
		if err != nil {
			t.Fatalf("call %d: the next run: %v", n, err)
		}
		stale(t, n, first)
		if _, err := second.Commit(t.Context()); err != nil {
			t.Fatalf("call %d: the next run's commit: %v", n, err)
		}
		if _, err := runOnce(t.Context(), next, "b", told); err != nil {
			t.Fatalf("call %d: the run after: %v", n, err)
		}
		account(t, n, open(), kept)
		if hit {
			points++
		}
	}
	if points < 13 {
		t.Errorf("only %d calls failed", points)
	}
	return points
}

// free takes the lock of the run that died, as an operator does where locks have no end.
func free(t *testing.T, s state.Store) {
	t.Helper()
	u, err := s.Lock(t.Context(), state.NewLockInfo("apply", time.Now()))
	var locked *state.LockedError
	switch {
	case errors.As(err, &locked):
		err = s.ForceUnlock(t.Context(), locked.Info.ID)
	case err == nil:
		err = u.Unlock()
	}
	if err != nil {
		t.Fatal(err)
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

// generations is how many past states a store keeps at least.
const generations = 10

// account holds what is stored against what somebody was told: each state differs from the one before by what was added.
func account(t *testing.T, n int, p remote.Place, kept map[string]bool) {
	t.Helper()
	s := remote.New(p, remote.Options{})
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
	for serial := uint64(max(1, int(v.Serial)-generations)); serial <= v.Serial; serial++ {
		g, err := s.Generation(t.Context(), serial)
		if err != nil || len(g.Resources) <= size {
			t.Fatalf("call %d: serial %d has %d objects after %d: it was stored twice, or %v", n, serial, len(g.Resources), size, err)
		}
		size = len(g.Resources)
	}
}

package placetest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/state"
	"kmsplan.dev/kmsplan/internal/state/remote"
	"kmsplan.dev/kmsplan/internal/state/statetest"
)

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

// The fewest crash points that a store has to stand, in a quick run and with statetest.Long.
const (
	leastPoints     = 60
	leastPointsLong = 300
)

// Crashes lets each call of a run fail, one after the other: what was promised is kept, nothing is stored twice, who was cut
// off cannot write, and the next run, which has nothing of the first, goes on. In a long run the one that picks up dies too,
// at each of its calls. fresh is a new, empty place.
func Crashes(t *testing.T, fresh func(t *testing.T) (open func() remote.Place)) {
	long, points := os.Getenv(statetest.Long) != "", 0
	for i, c := range crashes {
		t.Run(c.name, func(t *testing.T) {
			if i > 0 && testing.Short() || i > 3 && !long {
				t.Skipf("not in a quick run; %s=1 asks for it", statetest.Long)
			}
			points += sweep(t, c, fresh)
		})
		t.Run(c.name+", and again", func(t *testing.T) {
			if !c.dies || !long {
				t.Skipf("not in a quick run, and for who dies; %s=1 asks for it", statetest.Long)
			}
			points += sweepTwice(t, c, fresh)
		})
	}
	if least := map[bool]int{false: leastPoints, true: leastPointsLong}[long]; points < least && !testing.Short() {
		t.Errorf("only %d crash points, want %d", points, least)
	}
	t.Logf("%d crash points, nothing lost", points)
}

// trial is one run that fails at a call, with what it was told.
type trial struct {
	name string
	open func() remote.Place
	f    *Failing
	kept map[string]bool
	j    *state.Journal // of the run that failed, when it got one
	err  error
}

func (x *trial) told(id string) { x.kept[id] = true }

// running is run or runOnce.
type running func(ctx context.Context, s state.Store, who string, told func(id string)) (*state.Journal, error)

// attempt lets a run fail at its nth call.
func attempt(t *testing.T, c crash, n int, open func() remote.Place, run running) *trial {
	x := &trial{name: fmt.Sprint("call ", n), open: open, f: FailAt(open(), n, c.after, c.dies), kept: map[string]bool{}}
	var p remote.Place = x.f
	if c.retry {
		p = remote.Retry(x.f, Quick)
	}
	x.j, x.err = run(t.Context(), remote.New(p, remote.Options{}), "a", x.told)
	if c.retry && x.err != nil || !x.f.Hit() && x.err != nil {
		t.Fatalf("%s: %v", x.name, x.err)
	}
	return x
}

// sweep fails call after call until a run is not hit any more, and returns how many failed.
func sweep(t *testing.T, c crash, fresh func(t *testing.T) func() remote.Place) (points int) {
	for hit := true; hit; {
		x := attempt(t, c, points+1, fresh(t), run)
		x.goOn(t)
		if hit = x.f.Hit(); hit {
			points++
		}
	}
	if points < 13 {
		t.Errorf("only %d calls failed", points)
	}
	return points
}

// sweepTwice fails the run that picks up at each of its calls too.
func sweepTwice(t *testing.T, c crash, fresh func(t *testing.T) func() remote.Place) (points int) {
	for n, hit := 1, true; hit; n++ {
		t.Run(fmt.Sprint("call ", n), func(t *testing.T) { // which closes its places
			for m, again := 1, true; again && hit; m++ {
				x := attempt(t, c, n, fresh(t), runOnce)
				x.name += fmt.Sprint(", then call ", m)
				second := FailAt(x.open(), m, c.after, c.dies)
				err := pickUp(t.Context(), later(second), x.told)
				if hit, again = x.f.Hit(), second.Hit(); !again && err != nil {
					t.Fatalf("%s: %v", x.name, err)
				}
				x.goOn(t)
				if hit && again {
					points++
				}
			}
		})
	}
	return points
}

// later is a store in another process, on another machine, when the lease of the one that died is over.
func later(p remote.Place) *remote.Store {
	return remote.New(p, remote.Options{Now: func() time.Time { return time.Now().Add(time.Hour) }})
}

// pickUp is what the next run does first: it takes the lock and folds in what it finds.
func pickUp(ctx context.Context, s state.Store, told func(id string)) error {
	if err := free(ctx, s); err != nil {
		return err
	}
	j, _, err := state.Open(ctx, s, "test")
	if err != nil {
		return err
	}
	if err := j.Append(named("p0")); err != nil {
		return err
	}
	told("p0")
	_, err = j.Commit(ctx)
	return err
}

// goOn is the next run, which meets no failure.
func (x *trial) goOn(t *testing.T) {
	t.Helper()
	x.f.Mend()
	next := later(x.open())
	if err := free(t.Context(), next); err != nil {
		t.Fatalf("%s: %v", x.name, err)
	}
	second, _, err := state.Open(t.Context(), next, "test")
	if err != nil {
		t.Fatalf("%s: the next run: %v", x.name, err)
	}
	x.stale(t)
	if _, err := second.Commit(t.Context()); err != nil {
		t.Fatalf("%s: the next run's commit: %v", x.name, err)
	}
	if _, err := runOnce(t.Context(), next, "b", x.told); err != nil {
		t.Fatalf("%s: the run after: %v", x.name, err)
	}
	x.account(t)
}

// free takes the lock of the run that died, as an operator does where locks have no end.
func free(ctx context.Context, s state.Store) error {
	u, err := s.Lock(ctx, state.NewLockInfo("apply", time.Now()))
	var locked *state.LockedError
	switch {
	case errors.As(err, &locked):
		return s.ForceUnlock(ctx, locked.Info.ID)
	case err == nil:
		return u.Unlock()
	}
	return err
}

// stale is a writer that was cut off and comes back.
func (x *trial) stale(t *testing.T) {
	t.Helper()
	if x.j == nil {
		return
	}
	broken := x.j.Err()
	if err := x.j.Append(named("late")); err == nil || broken == nil && errors.Is(err, ErrDown) {
		t.Fatalf("%s: who was fenced off appended, with %v", x.name, err)
	}
	_, _ = x.j.Commit(t.Context()) // if it stored anything, the next run's commit is refused
}

// generations is how many past states a store keeps at least.
const generations = 10

// account holds what is stored against what somebody was told: each state differs from the one before by what was added.
func (x *trial) account(t *testing.T) {
	t.Helper()
	s := remote.New(x.open(), remote.Options{})
	st, v, err := s.Read(t.Context())
	if err != nil {
		t.Fatalf("%s: %v", x.name, err)
	}
	if entries, err := s.ReadJournal(t.Context()); err != nil || len(entries) > 0 {
		t.Fatalf("%s: the journal holds %v, %v", x.name, entries, err)
	}
	seen := map[string]int{}
	for _, r := range st.Resources {
		seen[r.ID]++
	}
	for id := range x.kept {
		if seen[id] == 0 {
			t.Fatalf("%s: %s is lost; there are %v", x.name, id, seen)
		}
	}
	for id, times := range seen {
		if times > 1 || id == "late" {
			t.Fatalf("%s: %s is there %d times", x.name, id, times)
		}
	}
	size := 0
	for serial := uint64(max(1, int(v.Serial)-generations)); serial <= v.Serial; serial++ {
		g, err := s.Generation(t.Context(), serial)
		if err != nil || len(g.Resources) <= size {
			t.Fatalf("%s: serial %d has %d objects after %d: it was stored twice, or %v", x.name, serial, len(g.Resources), size, err)
		}
		size = len(g.Resources)
	}
}

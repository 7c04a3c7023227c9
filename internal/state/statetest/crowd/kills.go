package crowd

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/state"
	"kmsplan.dev/kmsplan/internal/state/statetest"
)

// killing lets runner after runner work on one store, each killed at some moment of its run and followed by the next, which
// has nothing of it but the store. Each call that a runner had announced is open or closed for the next one, each object
// whose record was acknowledged is known, and the state can be read every time.
func killing(t *testing.T, open Open, place string) {
	kills := 50
	switch {
	case os.Getenv(statetest.Long) != "":
		kills = 500
	case testing.Short():
		kills = 5
	}
	seed := uint64(time.Now().UnixNano())
	random := rand.New(rand.NewPCG(seed, 1))
	s, err := open(t.Context(), place)
	if err != nil {
		t.Fatal(err)
	}
	began, stored := map[string]bool{}, map[string]bool{}
	carried := 0
	for kill := range kills {
		lock := killed(t, start(t, place, "run", fmt.Sprint("k", kill)), random, began, stored)
		if lock != "" {
			if err := s.ForceUnlock(t.Context(), lock); err != nil && !errors.Is(err, state.ErrLockID) {
				t.Fatalf("kill %d (seed %d): %v", kill, seed, err)
			}
		}
		at, err := state.Look(t.Context(), s)
		if err != nil {
			t.Fatalf("kill %d (seed %d): %v", kill, seed, err)
		}
		if lost := missing(at, began, stored); len(lost) > 0 {
			t.Fatalf("kill %d (seed %d): %v were acknowledged and are not known", kill, seed, lost)
		}
		carried += len(at.Open)
	}
	if len(stored) < kills/2 {
		t.Errorf("%d kills hit %d acknowledged records: the runners hardly worked", kills, len(stored))
	}
	t.Logf("%d kills: %d calls announced, %d objects acknowledged, all known; %d open calls were found by who came next", kills, len(began), len(stored), carried)
}

// killed lets a runner work for a random number of lines and a moment more, kills it, and returns the lock that it asked
// for last.
func killed(t *testing.T, p *process, random *rand.Rand, began, stored map[string]bool) (lock string) {
	t.Helper()
	hear := func(word, value string) {
		switch word {
		case "locking":
			lock = value
		case "began":
			began[value] = true
		case "stored":
			stored[value] = true
		case "failed":
			t.Errorf("a runner: %s", value)
		}
	}
	for range 1 + random.IntN(12) {
		hear(p.next())
	}
	time.Sleep(time.Duration(random.IntN(3000)) * time.Microsecond)
	if err := p.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	for word, value := p.next(); word != ""; word, value = p.next() {
		hear(word, value)
	}
	_ = p.cmd.Wait() // killed: it fails by design
	return lock
}

// missing is what was acknowledged and is neither an open call nor an object.
func missing(at state.Position, began, stored map[string]bool) (lost []string) {
	known := map[string]bool{}
	for _, r := range at.State.Resources {
		known[r.ID] = true
	}
	for id := range stored {
		if !known[id] {
			lost = append(lost, "object "+id)
		}
	}
	for _, in := range at.Open {
		known[in.ID[len("intent-"):]] = true
	}
	for id := range began {
		if !known[id] {
			lost = append(lost, "call "+id)
		}
	}
	slices.Sort(lost)
	return lost
}

// runForever applies objects, three a run, until it is killed. Calls that are found open are closed first, as recovery
// does.
func runForever(ctx context.Context, s state.Store, name string) error {
	for i := 0; ; i++ {
		info := state.NewLockInfo("apply", time.Now())
		say("locking", info.ID)
		lock, err := state.LockWait(ctx, s, info, 10*time.Minute)
		if err != nil {
			return err
		}
		j, at, err := state.Open(ctx, s, "crowd")
		if err != nil {
			return err
		}
		for _, in := range at.Open {
			if err := done(j, in.ID[len("intent-"):]); err != nil {
				return err
			}
		}
		for n := range 3 {
			id := fmt.Sprintf("%s_%d_%d", name, i, n)
			if err := j.Append(intent(id)); err != nil {
				return err
			}
			say("began", id)
			if err := done(j, id); err != nil {
				return err
			}
		}
		if _, err := j.Commit(ctx); err != nil {
			return err
		}
		if err := lock.Unlock(); err != nil {
			return err
		}
	}
}

func done(j *state.Journal, id string) error {
	if err := j.Append(state.End("intent-"+id, state.Result{ObjectID: id}), record(id)); err != nil {
		return err
	}
	say("stored", id)
	return nil
}

package crowd

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/state"
	"kmsplan.dev/kmsplan/internal/state/statetest"
)

// killing lets runner after runner work on one store, each killed at some moment of its run and followed by the next, which
// has nothing of it but the store. Each call that a runner had announced is open or closed for the next one, each object
// whose record was acknowledged is known, nothing is there twice or unheard of, and the state can be read every time.
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
	h, carried := newHeard(), 0
	for kill := range kills {
		killed(t, start(t, place, "run", fmt.Sprint("k", kill)), random, h)
		if h.lock != "" {
			if err := s.ForceUnlock(t.Context(), h.lock); err != nil && !errors.Is(err, state.ErrLockID) {
				t.Fatalf("kill %d (seed %d): %v", kill, seed, err)
			}
		}
		at, err := state.Look(t.Context(), s)
		if err != nil {
			t.Fatalf("kill %d (seed %d): %v", kill, seed, err)
		}
		if wrong := append(h.wrong, h.against(at)...); len(wrong) > 0 {
			t.Fatalf("kill %d (seed %d): %v", kill, seed, wrong)
		}
		carried += len(at.Open)
	}
	if len(h.stored) < kills/2 {
		t.Errorf("%d kills hit %d acknowledged records: the runners hardly worked", kills, len(h.stored))
	}
	t.Logf("%d kills: %d calls announced, %d objects acknowledged, all known, none twice, none unheard of; %d open calls were found by who came next",
		kills, len(h.began), len(h.stored), carried)
}

// killed lets a runner work for a random number of lines and a moment more, and kills it.
func killed(t *testing.T, p *process, random *rand.Rand, h *heard) {
	t.Helper()
	h.lock = ""
	for range 1 + random.IntN(16) {
		h.hear(p.next())
	}
	time.Sleep(time.Duration(random.IntN(3000)) * time.Microsecond)
	if err := p.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	for word, value := p.next(); word != ""; word, value = p.next() {
		h.hear(word, value)
	}
	_ = p.cmd.Wait() // killed: it fails by design
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
			say("found", in.ID[len("intent-"):])
			if err := done(j, in.ID[len("intent-"):]); err != nil {
				return err
			}
		}
		for n := range 3 {
			id := fmt.Sprintf("%s_%d_%d", name, i, n)
			say("begins", id)
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

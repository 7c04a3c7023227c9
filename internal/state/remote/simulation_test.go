package remote_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/anishathalye/porcupine"

	"kmsplan.dev/kmsplan/internal/state"
	"kmsplan.dev/kmsplan/internal/state/remote"
	"kmsplan.dev/kmsplan/internal/state/remote/placetest"
)

// The variables of a simulation: how many seeds, and which one alone.
const (
	seedsVariable = "KMSPLAN_SEEDS"
	seedVariable  = "KMSPLAN_SEED"
)

// Four machines work on one state in virtual time, in bad weather: runs with journal and calls, edits, deaths, an hour's
// standstill. No object is lost or made twice, nothing that was acknowledged is missing, and what the state's readers and
// writers saw is what one register would have shown them.
func TestSimulation(t *testing.T) {
	first, last := uint64(1), uint64(60)
	if n, err := strconv.ParseUint(os.Getenv(seedsVariable), 10, 32); err == nil {
		last = n
	} else if testing.Short() {
		last = 20
	}
	if n, err := strconv.ParseUint(os.Getenv(seedVariable), 10, 64); err == nil {
		first, last = n, n
	}
	happens := map[string]int{}
	for seed := first; seed <= last; seed++ {
		var w *world
		synctest.Test(t, func(t *testing.T) { w = simulate(t, seed) })
		for what, n := range w.happens {
			happens[what] += n
		}
		if !porcupine.CheckOperations(register.ToModel(), w.history) {
			w.broken = append(w.broken, "what was read and written is no history of one register")
		}
		if len(w.broken) > 0 {
			t.Fatalf("seed %d: %s\nagain: %s=%d go test ./internal/state/remote -run TestSimulation", seed, strings.Join(w.broken, "; "), seedVariable, seed)
		}
	}
	t.Logf("%d seeds: %v", last-first+1, happens)
	if first < last && !testing.Short() {
		for _, what := range sometimes {
			if happens[what] == 0 {
				t.Errorf("never happened: %s", what)
			}
		}
	}
}

// sometimes is what a simulation must have met to say anything.
var sometimes = []string{
	"stored", "edited", "an edit was stale", "died", "stood still", "fenced", "found made", "found not made", "too late to call", "no lock",
}

// simulate lets the actors of one seed work to their end, and then one more run in good weather.
func simulate(t *testing.T, seed uint64) *world {
	w, m := newWorld(), placetest.NewMemory()
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			random := rand.New(rand.NewPCG(seed, uint64(i)))
			for n := range 4 {
				time.Sleep(time.Duration(random.Int64N(int64(time.Minute))))
				a := newActor(t.Context(), w, m, random, fmt.Sprintf("%d.%d", i, n), i)
				if random.IntN(3) == 0 {
					a.edit()
				} else {
					a.run()
				}
			}
		})
	}
	all.Wait()
	time.Sleep(2 * time.Hour) // what was late has arrived, every lease is over
	last := newActor(t.Context(), w, m, rand.New(rand.NewPCG(seed, 99)), "last", 99)
	last.weather.calm, last.diesAt, last.stillAt = true, -1, -1
	last.run()
	st, _, err := last.store.Read(t.Context())
	if err != nil {
		w.violated("the state cannot be read: %v", err)
	}
	w.account(st)
	return w
}

// actor is one process.
type actor struct {
	ctx     context.Context
	world   *world
	weather *weather
	store   *remote.Store
	random  *rand.Rand
	name    string
	machine int
	steps   int
	diesAt  int // the step at which it dies, or stands still for an hour
	stillAt int
}

func newActor(ctx context.Context, w *world, m *placetest.Memory, random *rand.Rand, name string, machine int) *actor {
	way := &weather{Place: m, random: rand.New(rand.NewPCG(random.Uint64(), 0))}
	return &actor{
		ctx: ctx, world: w, weather: way, random: random, name: name, machine: machine, diesAt: random.IntN(30), stillAt: random.IntN(30),
		store: remote.New(remote.Retry(way, remote.Retrying{Attempts: 3, Pause: 1, Each: time.Hour}), remote.Options{}),
	}
}

// step is a moment between two things that it does: it may die there, or stand still.
func (a *actor) step() {
	a.steps++
	switch a.steps {
	case a.diesAt:
		a.world.note("died")
		a.weather.die()
	case a.stillAt:
		a.world.note("stood still")
		a.weather.standStill(time.Hour)
		time.Sleep(time.Hour)
	}
}

func last(st state.State) string {
	text, _ := st.Outputs["last"].(string)
	return text
}

func (a *actor) read() (st state.State, v state.Version, err error) {
	a.world.operate(a.machine, access{read: true}, func() answer {
		if st, v, err = a.store.Read(a.ctx); err != nil {
			return answer{outcome: unknown}
		}
		return answer{last: last(st)}
	})
	return st, v, err
}

// edit adds an object by compare-and-swap.
func (a *actor) edit() {
	st, v, err := a.read()
	if err != nil || v.IsZero() { // the first state is a run's: an edit of nothing is none
		return
	}
	a.step()
	id := "edit-" + a.name
	next := st
	next.Serial++
	next.Resources = append(next.Resources[:len(next.Resources):len(next.Resources)], state.Resource{Address: "key." + id, Kind: "key", ID: id})
	next.Outputs = map[string]any{"last": id}
	a.world.operate(a.machine, access{old: last(st), new: id}, func() answer {
		_, err := a.store.CompareAndSwap(a.ctx, v, next)
		if err == nil {
			a.world.note("edited")
			a.world.tell(a.world.stored, id)
		} else if errors.Is(err, state.ErrStale) {
			a.world.note("an edit was stale")
		}
		return answered(err)
	})
}

func answered(err error) answer {
	switch {
	case err == nil:
		return answer{outcome: done}
	case errors.Is(err, state.ErrStale):
		return answer{outcome: stale}
	}
	return answer{outcome: unknown}
}

// run is an apply: it closes what it finds open, makes a few objects, and commits.
func (a *actor) run() {
	lock, err := state.LockWait(a.ctx, a.store, state.NewLockInfo("apply "+a.name, time.Now()), 5*time.Minute)
	if err != nil {
		a.world.note("no lock")
		return
	}
	defer func() { _ = lock.Unlock() }() // a dead one's fails, and its lease runs out
	a.step()
	j, at, err := state.Open(a.ctx, a.store, a.name)
	if err != nil {
		return
	}
	for _, in := range at.Open {
		if err := a.recover(j, in); err != nil {
			a.fenced(err)
			return
		}
	}
	for n := range 1 + a.random.IntN(3) {
		if err := a.make(j, fmt.Sprintf("%s.%d", a.name, n)); err != nil {
			a.fenced(err)
			return
		}
	}
	a.commit(j, at)
}

func (a *actor) fenced(err error) {
	if errors.Is(err, state.ErrFenced) {
		a.world.note("fenced")
	}
}

// make announces a call, makes it, and records what came of it.
func (a *actor) make(j *state.Journal, id string) error {
	in := state.Intent{ID: id, Address: "key." + id, Kind: "key", Operation: "CreateKey", Token: id, At: time.Now().UTC()}
	if err := j.Append(state.Begin(in)); err != nil {
		return err
	}
	a.step()
	if _, _, _, dead := a.weather.step(); dead {
		return placetest.ErrDown // a dead process calls nobody
	}
	if time.Since(in.At) > sendBy {
		a.world.note("too late to call")
		return j.Append(state.End(id, state.Result{Error: "too late"}))
	}
	object := a.world.create(in)
	a.step()
	return a.record(j, in, object)
}

func (a *actor) record(j *state.Journal, in state.Intent, object string) error {
	err := j.Append(state.End(in.ID, state.Result{ObjectID: object}), state.Record(state.Resource{Address: in.Address, Kind: "key", ID: object}))
	if err == nil {
		a.world.note("stored")
		a.world.tell(a.world.stored, object)
	}
	return err
}

// recover waits until nobody may make the call any more, and looks for its object.
func (a *actor) recover(j *state.Journal, in state.Intent) error {
	time.Sleep(time.Until(in.At.Add(sendBy + time.Second)))
	if object, ok := a.world.find(in); ok {
		a.world.note("found made")
		return a.record(j, in, object)
	}
	err := j.Append(state.End(in.ID, state.Result{Error: "never made"}))
	if err == nil {
		a.world.note("found not made")
		a.world.tell(a.world.gone, in.ID)
	}
	return err
}

// commit stores what the run did. Whoever wrote the state since it was opened makes that impossible.
func (a *actor) commit(j *state.Journal, at state.Position) {
	id := "run-" + a.name
	if err := j.Append(state.OutputEntry("last", id)); err != nil {
		a.fenced(err)
		return
	}
	st, v, err := a.read()
	if err != nil {
		return // what it did is in the journal
	}
	if v != at.Version {
		if _, stored := j.Commit(a.ctx); stored == nil {
			a.world.contradicted("%s stored over %v what began at %v", a.name, v, at.Version)
		} else if errors.Is(stored, state.ErrStale) {
			a.world.note("a commit was stale")
		}
		return
	}
	a.step()
	a.world.operate(a.machine, access{old: last(st), new: id}, func() answer {
		_, err := j.Commit(a.ctx)
		a.fenced(err)
		return answered(err)
	})
}

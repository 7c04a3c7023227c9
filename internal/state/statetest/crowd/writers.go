package crowd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/state"
	"kmsplan.dev/kmsplan/internal/state/statetest"
)

// Disturbed is the first half of Run with a server that does not stay what it is: disturb is called with the number of
// updates acknowledged so far, after each, while the processes go on. open tries as long as a disturbance lasts.
func Disturbed(t *testing.T, open Open, place string, disturb func(acknowledged int)) {
	writers(t, open, place, disturb)
}

// said is a line of one process.
type said struct {
	process     int
	word, value string
}

// writers lets many processes write to one store at once: runs under the lock, with a journal, and edits without any. No
// update that was acknowledged may be missing, no two may hold the lock, and whoever writes over what has changed since is
// refused.
func writers(t *testing.T, open Open, place string, disturb func(acknowledged int)) {
	processes, rounds := 16, 2
	switch {
	case os.Getenv(statetest.Long) != "":
		rounds = 50
	case testing.Short():
		processes, rounds = 4, 2
	}
	stored, stale := map[string]bool{}, 0
	for line := range startWriters(t, place, processes, rounds) {
		switch line.word {
		case "stored":
			stored[line.value] = true
			disturb(len(stored))
		case "stale":
			stale++
		case "failed":
			t.Errorf("process %d: %s", line.process, line.value)
		}
	}
	s, err := open(t.Context(), place)
	if err != nil {
		t.Fatal(err)
	}
	complete(t, s, stored)
	if want := processes * rounds * 2; len(stored) != want {
		t.Errorf("%d updates were acknowledged, want %d", len(stored), want)
	}
	if stale != processes {
		t.Errorf("%d of %d writers of an old version were refused", stale, processes)
	}
	t.Logf("%d processes: %d updates acknowledged and there, %d stale writers refused", processes, len(stored), stale)
}

// startWriters starts the processes and returns what they say, until the last one has ended.
func startWriters(t *testing.T, place string, processes, rounds int) <-chan said {
	t.Helper()
	holder := filepath.Join(t.TempDir(), "holder")
	lines := make(chan said)
	var all sync.WaitGroup
	for i := range processes {
		p := start(t, place, "write", fmt.Sprint("p", i), fmt.Sprint(roundsVariable, "=", rounds), holderVariable+"="+holder)
		all.Go(func() {
			for word, value := p.next(); word != ""; word, value = p.next() {
				lines <- said{i, word, value}
			}
			if err := p.cmd.Wait(); err != nil {
				lines <- said{i, "failed", err.Error()}
			}
		})
	}
	go func() {
		all.Wait()
		close(lines)
	}()
	return lines
}

// complete holds a store against what was acknowledged.
func complete(t *testing.T, s state.Store, stored map[string]bool) {
	t.Helper()
	st, _, err := s.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	there := map[string]int{}
	for _, r := range st.Resources {
		there[r.ID]++
	}
	for id, times := range there {
		if times > 1 || !stored[id] {
			t.Errorf("%s is in the state %d times, and was acknowledged: %v", id, times, stored[id])
		}
	}
	for id := range stored {
		if there[id] == 0 {
			t.Errorf("%s was acknowledged and is not in the state", id)
		}
	}
}

func write(ctx context.Context, s state.Store, name string, rounds int) error {
	_, first, err := s.Read(ctx)
	if err != nil {
		return err
	}
	for i := range rounds {
		id := fmt.Sprintf("%s_%d", name, i)
		if err := underLock(ctx, s, id); err != nil {
			return err
		}
		say("stored", id)
		if err := edit(ctx, s, id+"_edit"); err != nil {
			return err
		}
		say("stored", id+"_edit")
	}
	st, _, err := s.Read(ctx)
	if err != nil {
		return err
	}
	st.Serial = first.Serial + 1
	if _, err := s.CompareAndSwap(ctx, first, st); !errors.Is(err, state.ErrStale) {
		return fmt.Errorf("a write over serial %d, which is long gone, gave %v", first.Serial, err)
	}
	say("stale", name)
	return nil
}

// edit adds an object without asking for the lock. Where a server lets nobody write beside the holder of its lock, it is tried
// again, as a person would.
func edit(ctx context.Context, s state.Store, id string) error {
	for tries := 0; ; tries++ {
		err := statetest.AddResource(ctx, s, id)
		if err == nil || tries == mostTries {
			return err
		}
		st, _, unread := s.Read(ctx)
		if _, ok := state.Find(st, "key."+id); ok && unread == nil {
			return nil // it was stored, and the answer lost
		}
		time.Sleep(time.Duration(rand.IntN(100)) * time.Millisecond)
	}
}

// mostTries bounds them: some minutes.
const mostTries = 1000

// underLock records one object as an apply does. An edit that comes in between costs the commit, never the record: the next
// one finds it in the journal.
func underLock(ctx context.Context, s state.Store, id string) (err error) {
	lock, err := state.LockWait(ctx, s, state.NewLockInfo("apply "+id, time.Now()), 10*time.Minute)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Unlock()) }()
	leave, err := enter(os.Getenv(holderVariable))
	if err != nil {
		return err
	}
	defer leave()
	j, _, err := state.Open(ctx, s, "crowd")
	if err != nil {
		return err
	}
	if err := j.Append(intent(id)); err != nil {
		return err
	}
	if err := j.Append(state.End("intent-"+id, state.Result{ObjectID: id}), record(id)); err != nil {
		return err
	}
	for {
		if _, err = j.Commit(ctx); !errors.Is(err, state.ErrStale) {
			return err
		}
		if j, _, err = state.Open(ctx, s, "crowd"); err != nil {
			return err
		}
	}
}

// enter notices a second holder: the file exists as long as one works.
func enter(holder string) (leave func(), err error) {
	f, err := os.OpenFile(holder, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil, errors.New("two processes hold the lock at once")
	}
	if err != nil {
		return nil, err
	}
	return func() { _ = os.Remove(holder) }, f.Close()
}

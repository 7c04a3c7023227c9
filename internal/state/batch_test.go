package state_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"kmsplan.dev/kmsplan/internal/state"
	"kmsplan.dev/kmsplan/internal/state/memory"
)

// slowly is a store whose journal takes its time for each write, and counts them.
type slowly struct {
	state.Store
	takes  time.Duration
	writes int
}

func (s *slowly) Begin(ctx context.Context) (state.Tx, error) {
	tx, err := s.Store.Begin(ctx)
	return slowTx{tx, s}, err
}

type slowTx struct {
	state.Tx
	s *slowly
}

func (t slowTx) Append(ctx context.Context, entries ...state.Entry) error {
	time.Sleep(t.s.takes)
	t.s.writes++
	return t.Tx.Append(ctx, entries...)
}

func slowJournal(t *testing.T, takes time.Duration) (*slowly, *state.Journal) {
	t.Helper()
	s := &slowly{Store: (&memory.Place{}).Open(), takes: takes}
	return s, open(t, s)
}

// work lets ten append twenty times each, with calls of a few milliseconds in between.
func work(t *testing.T, j *state.Journal) {
	var all sync.WaitGroup
	for w := range 10 {
		all.Go(func() {
			defer j.Enter()()
			for i := range 20 {
				time.Sleep(time.Duration(1+(w*7+i*3)%4) * time.Millisecond)
				if err := j.Append(record(fmt.Sprintf("w%d_%d", w, i))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
}

// Without the wait for each other they split into those of one write and those of the next, and each waits for two.
func TestThoseWhoWorkAtOnceShareTheirWrites(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, j := slowJournal(t, 20*time.Millisecond)
		began := time.Now()
		work(t, j)
		if took := time.Since(began); s.writes > 24 || took > 24*25*time.Millisecond {
			t.Errorf("200 appends of ten at once took %d writes and %s", s.writes, took)
		}
	})
}

func TestNobodyIsWaitedForWhereAWriteIsQuick(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, j := slowJournal(t, time.Millisecond)
		defer j.Enter()()
		defer j.Enter()() // this one has nothing to say
		began := time.Now()
		for i := range 10 {
			if err := j.Append(record(fmt.Sprint(i))); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(began); took != 10*time.Millisecond {
			t.Errorf("ten writes of a millisecond took %s", took)
		}
	})
}

// A write waits a quarter of its time at most, however long one who works has nothing to say.
func TestOneWhoIsSilentHoldsNobodyUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, j := slowJournal(t, 20*time.Millisecond)
		defer j.Enter()()
		silent := j.Enter()
		began := time.Now()
		for i := range 10 {
			if err := j.Append(record(fmt.Sprint(i))); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(began); took > 250*time.Millisecond {
			t.Errorf("ten writes of 20 ms took %s", took)
		}
		time.AfterFunc(time.Millisecond, silent)
		began = time.Now()
		if err := j.Append(record("last")); err != nil || time.Since(began) != 21*time.Millisecond {
			t.Errorf("when that one left after a millisecond, a write took %s, %v", time.Since(began), err)
		}
	})
}

func TestWhatIsNotedIsDurableWithTheNextAppend(t *testing.T) {
	s, j := slowJournal(t, 0)
	if err := j.Append(begin("a")); err != nil {
		t.Fatal(err)
	}
	if err := j.Note(end("a", "a")); err != nil {
		t.Fatal(err)
	}
	if entries, err := s.ReadJournal(t.Context()); err != nil || len(entries) != 2 {
		t.Errorf("what is noted was written at once: %v, %v", entries, err)
	}
	if err := j.Append(record("a")); err != nil {
		t.Fatal(err)
	}
	entries, err := s.ReadJournal(t.Context())
	if err != nil || s.writes != 2 || len(entries) != 4 || entries[2].Op != state.OpEnd || entries[3].Op != state.OpRecord {
		t.Errorf("%d writes, and the journal holds %v, %v", s.writes, entries, err)
	}
}

func TestCommitWritesWhatIsNoted(t *testing.T) {
	s, j := slowJournal(t, 0)
	if err := j.Append(begin("a")); err != nil {
		t.Fatal(err)
	}
	if err := j.Note(end("a", "a"), record("a")); err != nil {
		t.Fatal(err)
	}
	if at, err := j.Commit(t.Context()); err != nil || len(at.Open) != 0 || len(at.State.Resources) != 1 {
		t.Errorf("%+v, %v", at, err)
	}
	if entries, err := s.ReadJournal(t.Context()); err != nil || len(entries) != 0 {
		t.Errorf("the journal still holds %v, %v", entries, err)
	}
}

func TestNothingIsNotedInABrokenJournal(t *testing.T) {
	place := &memory.Place{}
	j := open(t, place.Open())
	place.LoseAnswer()
	if err := j.Append(record("a")); err == nil {
		t.Fatal("the answer was not lost")
	}
	if err := j.Note(record("b")); err == nil {
		t.Error("a broken journal took a note")
	}
	if at, err := j.Commit(t.Context()); err != nil || len(at.State.Resources) != 1 {
		t.Errorf("%+v, %v", at.State.Resources, err)
	}
}

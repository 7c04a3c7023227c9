package remote_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"kmsplan.dev/kmsplan/internal/state/remote"
	"kmsplan.dev/kmsplan/internal/state/remote/placetest"
)

// slow takes a second for each head, and counts how many are asked for at once.
type slow struct {
	remote.Place
	now, most atomic.Int64
}

func (p *slow) Head(ctx context.Context) ([]byte, remote.Revision, error) {
	n := p.now.Add(1)
	defer p.now.Add(-1)
	for seen := p.most.Load(); n > seen && !p.most.CompareAndSwap(seen, n); seen = p.most.Load() {
	}
	time.Sleep(time.Second)
	return p.Place.Head(ctx)
}

// Two Places share one limit; who gives up before its turn makes no call.
func TestALimitIsOfAllPlacesThatItIsOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &slow{Place: placetest.NewMemory()}
		limit := remote.NewLimit(3)
		places := []remote.Place{limit.On(p), limit.On(p)}
		began := time.Now()
		var all sync.WaitGroup
		for i := range 12 {
			all.Go(func() {
				if _, _, err := places[i%2].Head(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		impatient, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if _, _, err := places[0].Head(impatient); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a call that did not get its turn: %v", err)
		}
		all.Wait()
		if most, took := p.most.Load(), time.Since(began); most != 3 || took != 4*time.Second {
			t.Errorf("%d calls at once, 12 took %v", most, took)
		}
	})
}

// The store's contract holds behind a limit of one call.
func TestALimitedPlaceIsAPlace(t *testing.T) {
	placetest.Run(t, func(*testing.T) func() remote.Place {
		p, limit := placetest.NewMemory(), remote.NewLimit(1)
		return func() remote.Place { return limit.On(p) }
	})
}

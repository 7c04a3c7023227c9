package quota

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// begun is the times at which calls of some workers began within a time, each call taking so long.
func begun(t *testing.T, b Bucket, workers, parallel int, within, takes time.Duration) []time.Time {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	var mu sync.Mutex
	var all []time.Time
	var wg sync.WaitGroup
	for range workers {
		p := NewPermits(b)
		for range parallel {
			wg.Go(func() {
				for {
					if _, err := p.Take(ctx); err != nil {
						return
					}
					mu.Lock()
					all = append(all, time.Now())
					mu.Unlock()
					time.Sleep(takes)
				}
			})
		}
	}
	wg.Wait()
	time.Sleep(time.Second) // for who asked ahead
	slices.SortFunc(all, time.Time.Compare)
	return all
}

// most is the largest number of calls in any second.
func most(all []time.Time) int {
	n, from := 0, 0
	for i := range all {
		for all[i].Sub(all[from]) >= time.Second {
			from++
		}
		n = max(n, i-from+1)
	}
	return n
}

func TestWorkersTogetherKeepToTheRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := begun(t, NewMemory(300, nil), 4, 16, 20*time.Second, 30*time.Millisecond)
		if most(all) > 315 {
			t.Errorf("%d calls began within one second, at a rate of 300", most(all))
		}
		if len(all) < 300*20*9/10 {
			t.Errorf("%d calls began in 20 s, less than nine tenths of what the rate allows", len(all))
		}
	})
}

func TestAWorkerThatDiesTakesNoMoreThanASlot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewMemory(300, nil)
		for range 10 { // each leases, and makes one call of it
			if _, err := NewPermits(b).Take(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		all := begun(t, b, 1, 16, time.Second, time.Millisecond)
		if len(all) < 260 {
			t.Errorf("after ten deaths the last worker made %d calls in a second", len(all))
		}
	})
}

func TestARefusalHalvesTheRateOnceAndItGrowsAgain(t *testing.T) {
	now := time.Unix(0, 0)
	l := Full(1000, now)
	l, s := l.Lease(10, now, 0)
	for range 7 { // refusals of one moment
		l = l.Throttled(s.Epoch, now)
	}
	if l.Rate != 500 {
		t.Fatalf("after refusals of one slot the rate is %v, not halved once", l.Rate)
	}
	l = l.Throttled(l.Epoch, now.Add(settles/2)) // tells of calls of before
	if l.Epoch != s.Epoch+1 {
		t.Fatal("a refusal in the second of the first halves again")
	}
	now = now.Add(settles)
	l = l.Throttled(l.Epoch, now)
	if l.Rate != 275 {
		t.Fatalf("after a refusal of a later slot the rate is %v", l.Rate)
	}
	if r := l.Grown(now.Add(time.Second)).Rate; r < 0.95*550 || r > 550 {
		t.Errorf("a second later the rate is %v, and the service was known to allow nearly 550", r)
	}
	if r := l.Grown(now.Add(5 * time.Second)).Rate; r < 0.97*550 || r > 1.03*550 {
		t.Errorf("five seconds later the rate is %v, not near to what the service was known to allow", r)
	}
	l, _ = l.Lease(1, now.Add(time.Hour), 0)
	if l.Rate != 1000 {
		t.Errorf("an hour later the rate is %v", l.Rate)
	}
	for i := range 100 {
		l = l.Throttled(l.Epoch, now.Add(time.Hour+time.Duration(i)*settles))
	}
	if l.Rate < 10 || l.Rate > 20 {
		t.Errorf("refusals without end bring the rate to %v, not to a hundredth", l.Rate)
	}
}

func TestANewRateHoldsFromNowOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewMemory(2, nil)
		p := NewPermits(b)
		for range 2 {
			if _, err := p.Take(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if err := b.Set(t.Context(), 500); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		if all := begun(t, b, 1, 8, time.Second, time.Millisecond); len(all) < 400 {
			t.Errorf("after the rate was raised, %d calls began in a second", len(all))
		}
		if err := b.Set(t.Context(), 50); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		if all := begun(t, b, 1, 8, time.Second, time.Millisecond); len(all) > 53 {
			t.Errorf("after the rate was lowered, %d calls began in a second", len(all))
		}
	})
}

// At a call in ten seconds, a worker that waits for its turn hears within a few of them that the rate was raised.
func TestWhoWaitsForASlowTurnHearsOfAHigherRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bucket, began := NewMemory(0.1, nil), time.Now()
		p := NewPermits(bucket)
		took := func() time.Duration {
			if _, err := p.Take(t.Context()); err != nil {
				t.Fatal(err)
			}
			return time.Since(began)
		}
		took()
		if at := took(); at < 9*time.Second || at > 11*time.Second {
			t.Errorf("the second call began after %v", at)
		}
		time.AfterFunc(time.Second, func() { _ = bucket.Set(t.Context(), 100) })
		if at := took(); at < 11*time.Second || at > 14*time.Second {
			t.Errorf("with a rate that was raised at 11 s, the third call began after %v", at)
		}
	})
}

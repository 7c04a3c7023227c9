package quota

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// counter is a gateway that allows so many calls a second: in each second of the clock, or with a bucket of one second's.
type counter struct {
	mu            sync.Mutex
	perSecond     float64
	clock         bool
	tokens        float64
	at, second    time.Time
	made, refused int
	from          time.Time
}

func (c *counter) call() (ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	if c.clock {
		if s := now.Truncate(time.Second); s != c.second {
			c.second, c.tokens = s, c.perSecond
		}
	} else {
		c.tokens = min(c.perSecond, c.tokens+c.perSecond*now.Sub(c.at).Seconds())
		c.at = now
	}
	if ok = c.tokens >= 1; ok {
		c.tokens--
	}
	if now.Before(c.from) {
		return ok
	}
	if ok {
		c.made++
	} else {
		c.refused++
	}
	return ok
}

// slow is a bucket that takes its time to answer.
type slow struct {
	*Memory
	takes time.Duration
}

func newSlow(perSecond float64, takes time.Duration) slow {
	m := NewMemory(perSecond, nil)
	m.lead = takes / 2
	return slow{m, takes}
}

func (s slow) Lease(ctx context.Context, n int) (Slot, error) {
	time.Sleep(s.takes / 2)
	l, err := s.Memory.Lease(ctx, n)
	time.Sleep(s.takes / 2)
	l.In -= s.takes / 2
	return l, err
}

// under has workers call a gateway for a time, and gives its counts from some seconds on.
func under(t *testing.T, c *counter, b Bucket, workers, parallel int, takes, settle, lasts time.Duration) {
	t.Helper()
	c.from = time.Now().Add(settle)
	ctx, cancel := context.WithTimeout(t.Context(), settle+lasts)
	defer cancel()
	var wg sync.WaitGroup
	for range workers {
		p := NewPermits(b)
		for range parallel {
			wg.Go(func() {
				for {
					epoch, err := p.Take(ctx)
					if err != nil {
						return
					}
					time.Sleep(takes)
					if !c.call() {
						_ = p.Throttled(ctx, epoch)
						time.Sleep(100 * time.Millisecond)
					}
				}
			})
		}
	}
	wg.Wait()
	time.Sleep(time.Second) // for who asked ahead
}

// The gateway allows less than the workers were told: they find out, stay near it, and are seldom refused.
func TestWorkersFindAQuotaThatIsLowerThanTheySay(t *testing.T) {
	for name, clock := range map[string]bool{"counted by the second": true, "a bucket of tokens": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := &counter{perSecond: 200, clock: clock, tokens: 200, at: time.Now()}
				const lasts = 60
				under(t, c, newSlow(300, 10*time.Millisecond), 4, 8, 8*time.Millisecond, 10*time.Second, lasts*time.Second)
				t.Logf("in %d s %d calls were made of 200 a second, and %d refused", lasts, c.made, c.refused)
				if c.made < 200*lasts*9/10 {
					t.Errorf("%d calls are less than nine tenths", c.made)
				}
				if c.refused > c.made*3/100 {
					t.Errorf("%d were refused", c.refused)
				}
			})
		})
	}
}

// A quota that grows is found again.
func TestWorkersFindAQuotaThatGrew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, b := &counter{perSecond: 100, clock: true}, NewMemory(300, nil)
		under(t, c, b, 4, 8, 8*time.Millisecond, 0, 20*time.Second)
		c.perSecond = 1000
		under(t, c, b, 4, 8, 8*time.Millisecond, 30*time.Second, 10*time.Second)
		if c.made < 2000+290*10 {
			t.Errorf("%d calls were made", c.made)
		}
	})
}

// However workers call, however many they are and however slowly their bucket answers: the rate is used, and kept.
func TestTheRateIsUsed(t *testing.T) {
	for _, c := range []struct {
		name              string
		workers, parallel int
		perSecond         float64
		takes, bucket     time.Duration
		least             float64
	}{
		{"one after the other", 4, 1, 300, 0, 20 * time.Millisecond, 0.97},
		{"one worker", 1, 16, 300, 30 * time.Millisecond, 20 * time.Millisecond, 0.97},
		{"one worker, one after the other", 1, 1, 300, 0, 20 * time.Millisecond, 0.95},
		{"a slow bucket", 4, 16, 300, 30 * time.Millisecond, 120 * time.Millisecond, 0.95},
		{"hardly enough callers", 4, 24, 300, 190 * time.Millisecond, 10 * time.Millisecond, 0.97},
		{"many workers", 64, 16, 300, 30 * time.Millisecond, 20 * time.Millisecond, 0.97},
		{"many workers, one after the other", 64, 1, 600, 80 * time.Millisecond, 10 * time.Millisecond, 0.95},
		{"a fast service", 4, 64, 4000, 30 * time.Millisecond, 10 * time.Millisecond, 0.97},
		{"a slow service", 4, 4, 2, 30 * time.Millisecond, 10 * time.Millisecond, 0.97},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const seconds = 20
				all := begun(t, newSlow(c.perSecond, c.bucket), c.workers, c.parallel, seconds*time.Second, c.takes)
				if most := most(all); most > max(int(c.perSecond*1.05), int(c.perSecond)+1) {
					t.Errorf("%d calls began within one second, at a rate of %v", most, c.perSecond)
				}
				used := float64(len(all)) / (seconds * c.perSecond)
				t.Logf("%.1f %% of the rate, at most %d in a second", 100*used, most(all))
				if used < c.least {
					t.Errorf("%.1f %% of the rate were used", 100*used)
				}
			})
		})
	}
}

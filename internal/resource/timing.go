package resource

import (
	"context"
	"time"

	"kmsplan.dev/kmsplan/internal/safety"
	"kmsplan.dev/kmsplan/internal/state"
)

// Timing is how long what was done at a gateway can take to be done and to be seen.
type Timing struct {
	// Send is how long after its intent a call may start.
	Send time.Duration
	// Late is how long after that a lost request can still be carried out.
	Late time.Duration
	// Lag is for how long lists, those of tags included, may not show what was done.
	Lag time.Duration
}

// ServiceTiming is the service's: the gateways accept a signature for 15 minutes after its
// timestamp, and 5 more allow for a clock that is ahead of the service's and for the time the service takes.
var ServiceTiming = Timing{Send: 2 * time.Minute, Late: 20 * time.Minute, Lag: time.Minute}

// LoopbackTiming is that of an emulator on this machine whose lists lag: no proxy stands between,
// so that what it will do with a request it does at once.
func LoopbackTiming(lag time.Duration) Timing {
	return Timing{Send: 1500 * time.Millisecond, Late: 1500 * time.Millisecond, Lag: lag}
}

func (t Timing) orService() Timing {
	if t == (Timing{}) {
		return ServiceTiming
	}
	return t
}

// Certain is how long after an intent its call has been carried out and is seen, or never will be.
func (t Timing) Certain() time.Duration {
	t = t.orService()
	return t.Send + t.Late + t.Lag
}

// lateUntil is when it is certain what became of an open call. Intents of older versions say
// when they were written only.
func (s *Session) lateUntil(open state.Intent) time.Time {
	t := s.Timing.orService()
	if open.SendBy.IsZero() {
		return open.At.Add(t.Certain())
	}
	return open.SendBy.Add(t.Late + t.Lag)
}

// mayComeLate reports whether a creation that nothing shows may still be carried out: until then there is no second one.
func (s *Session) mayComeLate(until time.Time) bool {
	return s.Now().Before(until) && !safety.Off(safety.NoSecondKey)
}

// patience waits for lists that lag behind what was done: ever longer, the lag and a little
// more in all.
type patience struct {
	left time.Duration
	next time.Duration
	wait func(ctx context.Context, attempt int) error // replaces the clock in tests
	n    int
}

func (t Timing) patience() *patience {
	p := &patience{next: firstPause}
	if lag := t.orService().Lag; lag > 0 {
		p.left = lag + lag/4
	}
	return p
}

const firstPause = 200 * time.Millisecond

// more waits, and reports false when there is no point in looking again.
func (p *patience) more(ctx context.Context) bool {
	if p.left <= 0 {
		return false
	}
	pause := min(p.next, p.left)
	p.left, p.next = p.left-pause, 3*p.next
	if p.wait != nil {
		p.n++
		return p.wait(ctx, p.n-1) == nil
	}
	return sleep(ctx, pause) == nil
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

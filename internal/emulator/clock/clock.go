package clock

import (
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"time"
)

// Clock is a virtual clock. A running clock is an offset over the wall clock,
// times a rate; a frozen one stands still. Safe for concurrent use; Now takes
// no lock.
type Clock struct {
	mu    sync.Mutex // serialises changes
	state atomic.Pointer[State]
	wall  func() time.Time
}

// State is all a clock knows, fit for keeping: at the wall time Wall it was
// Virtual, and from there it runs at Rate unless Frozen.
type State struct {
	Virtual time.Time
	Wall    time.Time
	Rate    float64 // virtual seconds per wall second; 1 = real time
	Frozen  bool
}

// MaxRate bounds Resume's rate.
const MaxRate = 1e6

// New returns a running clock that shows the wall time.
func New() *Clock { return NewOver(time.Now) }

// NewOver returns a running clock over another source of wall time, for tests.
func NewOver(wall func() time.Time) *Clock {
	c := &Clock{wall: wall}
	now := c.wallNow()
	c.state.Store(&State{Virtual: now, Wall: now, Rate: 1})
	return c
}

// wallNow drops the monotonic reading: a kept state is compared across restarts.
func (c *Clock) wallNow() time.Time { return c.wall().Round(0).UTC() }

// Now returns the virtual time, UTC.
func (c *Clock) Now() time.Time {
	s := c.state.Load()
	if s.Frozen {
		return s.Virtual
	}
	return s.at(c.wallNow())
}

func (s *State) at(wall time.Time) time.Time {
	passed := wall.Sub(s.Wall)
	if s.Rate == 1 {
		return s.Virtual.Add(passed)
	}
	scaled := float64(passed) * s.Rate
	if scaled > math.MaxInt64/2 {
		scaled = math.MaxInt64 / 2
	}
	return s.Virtual.Add(time.Duration(scaled))
}

// change re-anchors the clock at the present instant and applies f.
func (c *Clock) change(f func(*State)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	wall := c.wallNow()
	next := *c.state.Load()
	if !next.Frozen {
		next.Virtual = next.at(wall)
	}
	next.Wall = wall
	f(&next)
	next.Virtual = next.Virtual.UTC()
	c.state.Store(&next)
}

// Set makes it t now. The clock keeps running or standing.
func (c *Clock) Set(t time.Time) { c.change(func(s *State) { s.Virtual = t }) }

// Advance moves the clock by d, which may be negative.
func (c *Clock) Advance(d time.Duration) { c.change(func(s *State) { s.Virtual = s.Virtual.Add(d) }) }

// Freeze stops the clock where it is.
func (c *Clock) Freeze() { c.change(func(s *State) { s.Frozen = true }) }

// Resume lets the clock run on from where it is, at real time.
func (c *Clock) Resume() { c.change(func(s *State) { s.Frozen, s.Rate = false, 1 }) }

// Run lets the clock run at a rate in virtual seconds per wall second, above 0
// and at most MaxRate.
func (c *Clock) Run(rate float64) error {
	if !(rate > 0 && rate <= MaxRate) {
		return fmt.Errorf("clock rate %v is out of range: above 0, at most %g", rate, float64(MaxRate))
	}
	c.change(func(s *State) { s.Frozen, s.Rate = false, rate })
	return nil
}

// State returns what is to be kept.
func (c *Clock) State() State {
	c.change(func(*State) {})
	return *c.state.Load()
}

// Restore continues a kept state: a frozen clock shows the same instant again,
// a running one has run on meanwhile. A state that no clock could have kept is
// refused.
func (c *Clock) Restore(s State) error {
	if s.Virtual.IsZero() || s.Wall.IsZero() || !(s.Rate > 0 && s.Rate <= MaxRate) {
		return fmt.Errorf("restore the clock: the kept state is not valid (rate %v, time %s)", s.Rate, s.Virtual)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.state.Store(&s)
	return nil
}

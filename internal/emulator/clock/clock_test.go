package clock

import (
	"testing"
	"time"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// wall is a hand-moved wall clock.
type wall struct{ t time.Time }

func (w *wall) now() time.Time        { return w.t }
func (w *wall) pass(d time.Duration)  { w.t = w.t.Add(d) }
func newClock() (*Clock, *wall)       { w := &wall{start}; return NewOver(w.now), w }
func after(d time.Duration) time.Time { return start.Add(d) }
func want(t *testing.T, c *Clock, at time.Time) {
	t.Helper()
	if got := c.Now(); !got.Equal(at) {
		t.Fatalf("Now() = %s, want %s", got, at)
	}
}

func TestRunningClockFollowsTheWall(t *testing.T) {
	c, w := newClock()
	want(t, c, start)
	w.pass(time.Minute)
	want(t, c, after(time.Minute))
	c.Advance(90 * 24 * time.Hour)
	w.pass(time.Second)
	want(t, c, after(90*24*time.Hour+61*time.Second))
	c.Set(start)
	w.pass(time.Second)
	want(t, c, after(time.Second))
}

func TestFrozenClockMovesOnlyWhenMoved(t *testing.T) {
	c, w := newClock()
	c.Freeze()
	w.pass(time.Hour)
	want(t, c, start)
	c.Advance(time.Second)
	want(t, c, after(time.Second))
	c.Resume()
	w.pass(time.Second)
	want(t, c, after(2*time.Second))
}

func TestRateStretchesTime(t *testing.T) {
	c, w := newClock()
	if err := c.Run(1000); err != nil {
		t.Fatal(err)
	}
	w.pass(2 * time.Second)
	want(t, c, after(2000*time.Second))
	c.Resume()
	w.pass(time.Second)
	want(t, c, after(2001*time.Second))
	for _, bad := range []float64{0, -1, MaxRate * 2} {
		if c.Run(bad) == nil {
			t.Errorf("rate %v was accepted", bad)
		}
	}
}

func TestRestoredClockKeepsItsTime(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(*Clock)
		want   time.Duration // after ten more wall seconds
	}{
		{"running", func(c *Clock) { c.Advance(time.Hour) }, time.Hour + 10*time.Second},
		{"frozen", func(c *Clock) { c.Freeze(); c.Advance(time.Hour) }, time.Hour},
		{"fast", func(c *Clock) { _ = c.Run(60) }, 10 * time.Minute},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c, w := newClock()
			tc.change(c)
			kept := c.State()
			w.pass(10 * time.Second)
			again := NewOver(w.now)
			if err := again.Restore(kept); err != nil {
				t.Fatal(err)
			}
			want(t, again, after(tc.want))
		})
	}
}

func TestImpossibleStateIsRefused(t *testing.T) {
	c, _ := newClock()
	for _, s := range []State{{}, {Virtual: start, Wall: start}, {Virtual: start, Wall: start, Rate: -1}} {
		if c.Restore(s) == nil {
			t.Errorf("Restore(%+v) was accepted", s)
		}
	}
	want(t, c, start)
}

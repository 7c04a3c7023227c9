package view

import (
	"fmt"
	"strconv"
	"sync"
	"time"
)

// Reading is how far the reading of a gateway's objects is.
type Reading struct {
	Gateway     string
	Done, Total int
	PerSecond   float64 // calls that the client allows itself; 0 = as many as it can
	Quota       string  // the group of calls that bounds it
	Began, At   time.Time
}

const (
	// worthTelling is how long a reading takes at least that is told of beforehand.
	worthTelling = 5 * time.Second
	// tellEvery bounds how often a line says how far it is where lines stay.
	tellEvery = 10 * time.Second
)

// left is how long the rest takes: by the rate that is allowed, or by how it went so far.
func (r Reading) left() time.Duration {
	rate := r.rate()
	if rate == 0 {
		return 0
	}
	return time.Duration(float64(r.Total-r.Done) / rate * float64(time.Second)).Round(time.Second)
}

// rate is how many objects a second are read: as many as were read so far, which is less than the run allows itself where
// others take turns as well; in the beginning, what it allows itself.
func (r Reading) rate() float64 {
	gone := r.At.Sub(r.Began).Seconds()
	if r.PerSecond == 0 && gone > 0 {
		return float64(r.Done) / gone
	}
	if r.Done == 0 || gone < settled {
		return r.PerSecond
	}
	return min(r.PerSecond, float64(r.Done)/gone)
}

// settled is after how many seconds the rate so far tells something.
const settled = 3

// sentence says before the first call what is to come, and later how far it is.
func (r Reading) sentence() string {
	if r.Done == 0 {
		return fmt.Sprintf("reading %s objects of gateway %q at %s calls a second: about %s", thousands(r.Total), r.Gateway, strconv.FormatFloat(r.PerSecond, 'g', 3, 64), r.left())
	}
	text := fmt.Sprintf("read %s of %s objects of gateway %q, about %s left", thousands(r.Done), thousands(r.Total), r.Gateway, r.left())
	if r.PerSecond > 0 {
		text += fmt.Sprintf(" (%s calls a second of quota %s)", strconv.FormatFloat(r.rate(), 'g', 3, 64), r.Quota)
	}
	return text
}

// thousands writes a number with commas: 10,000.
func thousands(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// reading is what was said of a reading so far.
type reading struct {
	mu    sync.Mutex
	said  time.Time
	shown bool // a line that redraws itself stands there
}

// due reports whether it is time to say something again, where lines are said so often.
func (d *reading) due(r Reading, every time.Duration) bool {
	first := r.Done == 0 && r.PerSecond > 0 && r.left() >= worthTelling
	if !first && (r.Done == 0 || r.Done == r.Total || r.At.Sub(r.Began) < min(every, worthTelling) || r.At.Sub(latest(d.said, r.Began)) < every) {
		return false
	}
	d.said = r.At
	return true
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// Reading draws a line that a terminal shows while objects are read, or says elsewhere every ten seconds how far it is.
func (t *Terminal) Reading(r Reading) {
	if !t.Redraws {
		if t.read.isDue(r) {
			t.Notef("%s", r.sentence())
		}
		return
	}
	t.read.mu.Lock()
	defer t.read.mu.Unlock()
	switch {
	case r.Done == r.Total && t.read.shown:
		t.redraw("")
		t.read.shown = false
	case t.read.due(r, redrawEvery):
		t.redraw(r.sentence())
		t.read.shown = true
	}
}

// isDue is due where lines stay.
func (d *reading) isDue(r Reading) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.due(r, tellEvery)
}

// clearReading takes the line away before something else is said.
func (t *Terminal) clearReading() {
	t.read.mu.Lock()
	defer t.read.mu.Unlock()
	if t.read.shown {
		t.redraw("")
		t.read.shown = false
	}
}

// Reading writes a line before a reading that takes its time, and every ten seconds how far it is.
func (l *Lines) Reading(r Reading) {
	if l.read.isDue(r) {
		l.emit("info", "reading", r.sentence(), map[string]any{"reading": map[string]any{
			"gateway": r.Gateway, "done": r.Done, "total": r.Total, "calls_per_second": r.PerSecond, "quota": r.Quota, "seconds_left": r.left().Seconds(),
		}})
	}
}

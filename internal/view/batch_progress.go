package view

import (
	"fmt"
	"math"
	"time"

	"kmsplan.dev/kmsplan/internal/batch"
)

// Listing is how far the listing of a batch's objects is.
type Listing struct {
	Address   string
	Objects   int64
	Began, At time.Time
	End       bool // all are listed
}

func (l Listing) sentence() string {
	rate := float64(l.Objects) / max(l.At.Sub(l.Began).Seconds(), 0.001)
	return fmt.Sprintf("%s: listed %s objects, %s a second", l.Address, grouped(l.Objects), grouped(int64(math.Round(rate))))
}

// Batching is how far a batch is.
type Batching struct {
	Record batch.Record
	Now    float64 // the rate of calls as it is, per second; 0 = nobody knows
	Used   float64 // calls a second of late; 0 = nobody knows yet, or none
	// Began and Before are when this look at the batch began, and how many objects were dealt with then.
	Began, At time.Time
	Before    int64
	End       bool // nothing comes after this
}

// left is how long the rest takes if it goes on like this; 0 = nobody knows.
func (b Batching) left() time.Duration {
	done := b.Record.Tally.Objects - b.Before
	if done <= 0 {
		return 0
	}
	gone := b.At.Sub(b.Began)
	return time.Duration(float64(gone) * float64(b.Record.Spec.Objects-b.Record.Tally.Objects) / float64(done)).Round(time.Second)
}

func (b Batching) sentence() string {
	r, t := b.Record, b.Record.Tally
	text := fmt.Sprintf("%s: %s of %s objects", r.Spec.Address, grouped(t.Objects), grouped(r.Spec.Objects))
	if r.Spec.Objects > 0 {
		text += fmt.Sprintf(" (%d %%)", t.Objects*100/r.Spec.Objects)
	}
	text += fmt.Sprintf(", %s moved, %s", Bytes(t.Sent), countWord(t.Calls, "call"))
	if b.Now > 0 && b.Used > 0 {
		text += fmt.Sprintf(" (%s of %s a second)", rateWord(math.Round(b.Used)), rateWord(math.Round(b.Now)))
	}
	if t.Failed > 0 {
		text += fmt.Sprintf(", %s failed", grouped(t.Failed))
	}
	if r.Status != batch.Running {
		return text + ", " + string(r.Status)
	}
	if left := b.left(); left > 0 {
		text += ", about " + Span(left) + " left"
	}
	return text
}

// dueAt reports whether it is time to say something again.
func (d *reading) dueAt(at, began time.Time, every time.Duration) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if at.Sub(latest(d.said, began)) < every {
		return false
	}
	d.said = at
	return true
}

// Listing draws a line that a terminal shows, or says every ten seconds how far it is.
func (t *Terminal) Listing(l Listing) { t.going(l.sentence(), l.sentence(), l.Began, l.At, l.End) }

// Batching does the same of the work.
func (t *Terminal) Batching(b Batching) {
	t.going(b.line(t.room()), b.sentence(), b.Began, b.At, b.End)
}

// going draws a line, or says another where lines stay.
func (t *Terminal) going(drawn, said string, began, at time.Time, end bool) {
	switch {
	case end:
		t.clearWorking()
	case t.Redraws && t.batched.dueAt(at, began, redrawEvery):
		t.drawWorking(drawn)
	case !t.Redraws && t.batched.dueAt(at, began, tellEvery):
		t.Notef("%s", said)
	}
}

// Listing writes every ten seconds how far it is.
func (l *Lines) Listing(g Listing) {
	if !g.End && l.batched.dueAt(g.At, g.Began, tellEvery) {
		l.emit("info", "batch_listing", g.sentence(), map[string]any{"listing": map[string]any{"address": g.Address, "objects": g.Objects}})
	}
}

// Batching writes every ten seconds how far it is, and how it ended.
func (l *Lines) Batching(b Batching) {
	if !b.End && !l.batched.dueAt(b.At, b.Began, tellEvery) {
		return
	}
	about := map[string]any{
		"address": b.Record.Spec.Address, "status": b.Record.Status, "reason": b.Record.Reason, "objects": b.Record.Spec.Objects, "tally": b.Record.Tally,
		"chunks": b.Record.Chunks, "calls_per_second": b.Used, "rate_per_second": b.Now, "seconds_left": b.left().Seconds(),
	}
	if b.Record.Present != nil {
		about["workers_present"] = *b.Record.Present
	}
	l.emit("info", "batch_progress", b.sentence(), map[string]any{"batch": about})
}

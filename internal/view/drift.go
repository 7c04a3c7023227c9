package view

import (
	"fmt"

	"kmsplan.dev/kmsplan/internal/plan"
)

// Drift is the view of drift, refresh and of plans that only refresh.
type Drift interface {
	Voice
	Drift(d plan.Drifts)
	// Refreshed sums up what was recorded of it.
	Refreshed(d plan.Drifts)
}

// Drift lists what has changed outside, and what waits for deletion.
func (t *Terminal) Drift(d plan.Drifts) {
	r := planText{w: t.people(), color: t.Color, width: t.Width, now: d.At, compat: t.compat}
	r.drift(d.Drift)
	if len(d.Drift) == 0 {
		r.printf("%s Your infrastructure still matches the state.\n", paint(r.color, green, paint(r.color, bold, "No drift.")))
	} else {
		r.printf("%s\n", driftSummary(d))
	}
	r.dying(d.Dying)
}

// Refreshed says what the state has now.
func (t *Terminal) Refreshed(d plan.Drifts) { t.tell("\n%s\n", refreshedSummary(d)) }

// Drift writes a line for each object that is not as it was left, and a summary.
func (l *Lines) Drift(d plan.Drifts) {
	l.drift(d.Drift)
	l.dying(d.Dying)
	l.emit("info", "drift_summary", driftSummary(d), map[string]any{"drift": driftCounts(d)})
}

// Refreshed writes what was recorded.
func (l *Lines) Refreshed(d plan.Drifts) {
	l.emit("info", "refresh_summary", refreshedSummary(d), map[string]any{"drift": driftCounts(d)})
}

func driftSummary(d plan.Drifts) string {
	n := driftCounts(d)
	return fmt.Sprintf("Drift: %d changed, %d deleted.", n["changed"], n["deleted"])
}

func driftCounts(d plan.Drifts) map[string]int {
	n := map[string]int{"changed": 0, "deleted": 0}
	for i := range d.Drift {
		if d.Drift[i].Gone {
			n["deleted"]++
		} else {
			n["changed"]++
		}
	}
	return n
}

// refreshedSummary tells what is recorded from what is not: the guards of a lost object rest on its record.
func refreshedSummary(d plan.Drifts) string {
	n := driftCounts(d)
	text := fmt.Sprintf("Refresh complete! Recorded: %d changed.", n["changed"])
	if n["deleted"] > 0 {
		text += fmt.Sprintf(" Still recorded, though deleted: %d; plan says what can be done about each.", n["deleted"])
	}
	return text
}

package view

import (
	"fmt"
	"time"

	"kmsplan.dev/kmsplan/internal/plan"
)

// waiting lists objects that an apply leaves alone today because something about them takes its time, as
// a key that soaks between being disabled and being scheduled for deletion.
func (r planText) waiting(changes []plan.Change) {
	first := true
	for _, c := range changes {
		if c.Action != plan.NoOp || c.Reason == "" || c.MovedFrom.Kind != "" {
			continue
		}
		if first {
			r.printf("\nLeft as it is for now:\n")
			first = false
		}
		r.printf("  %s  %s\n", c.Addr, neutral(c.Reason))
	}
}

// dying warns of keys of the region that wait for deletion, managed or not.
func (r planText) dying(keys []plan.DyingKey) {
	if len(keys) == 0 {
		return
	}
	r.printf("\n%s\n", paint(r.color, yellow, fmt.Sprintf("Waiting for deletion in this account and region: %s", plural(len(keys), "key"))))
	for i, k := range keys {
		if i == 20 {
			r.printf("  … and %d more (%s)\n", len(keys)-i, plan.ByHand(k.Gateway, "ListKeys", `-filters '[{"Key":"KeyState","Values":["PendingDeletion"]}]'`))
			return
		}
		name := "not managed by kmsplan"
		if k.Addr.Kind != "" {
			name = k.Addr.String()
		}
		r.printf("  %s  %s  %s\n", neutral(k.ID), deadline(k.DeleteAt, r.now), name)
	}
}

// deadline says when something ends and how long that is from now.
func deadline(at, now time.Time) string {
	if at.IsZero() {
		return "date unknown"
	}
	return fmt.Sprintf("%s (%s)", at.UTC().Format(time.RFC3339), plan.TimeLeft(at, now))
}

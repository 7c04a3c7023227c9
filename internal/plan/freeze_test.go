package plan_test

import (
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/plan"
)

// freeze lasts for the month of the world's clock.
func freeze(except string) string {
	return "kmsplan {\n  freeze {\n    from = \"2026-03-01T00:00:00Z\"\n    until = \"2026-04-01T00:00:00Z\"\n" + except + "\n  }\n}\n"
}

// A freeze begins and ends when it says, whatever the time of a saved plan, and rescues go on.
func TestAFreezeHoldsWhileItLasts(t *testing.T) {
	w := newWorld(t)
	w.apply(`key "k" {}`)
	changed := config(t, freeze("")+`key "k" { description = "new" }`)
	at := func(day time.Time) bool {
		in := w.input(changed)
		in.Today = day
		p, diags := plan.Calculate(in)
		fatalErrors(t, diags)
		return p.Refused()
	}
	begin, end := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		day  time.Time
		want bool
	}{{begin.Add(-time.Second), false}, {begin, true}, {end.Add(-time.Second), true}, {end, false}, {time.Time{}, true}} {
		if at(c.day) != c.want {
			t.Errorf("at %v refused: %v", c.day, !c.want)
		}
	}
	w.setState(w.key("key.k"), plan.StatePendingDeletion)
	p := w.plan(changed)
	if len(refusals(p, plan.GuardFrozen)) != 1 || p.Rescues() == nil {
		t.Errorf("a key that waits for deletion: %s", lines(p))
	}
	if p := w.plan(config(t, freeze("")+`key "k" {}`)); p.Refused() {
		t.Errorf("nothing but a rescue, and refused:\n%s", lines(p))
	}
}

package view

import (
	"strings"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/plan"
)

// TestAWindowThatEndedIsCalledOne: a key whose window has ended does not wait for a day that is past, in any form.
func TestAWindowThatEndedIsCalledOne(t *testing.T) {
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	for at, want := range map[time.Time]string{
		now.AddDate(0, 0, 3):  "key-9 waits for deletion on 2026-12-03",
		now.AddDate(0, 0, -1): "key-9 waits for deletion: its window ended on 2026-11-29, and a rescue succeeds only until KMS deletes it",
		now:                   "key-9 waits for deletion: its window ended on 2026-11-30, and a rescue succeeds only until KMS deletes it",
		{}:                    "key-9 waits for deletion, and the service gives no date",
	} {
		told := &Told{plan: &plan.Plan{Created: now, Dying: []plan.DyingKey{{ID: "key-9", DeleteAt: at}}}}
		if cases := told.junitPlan(); len(cases) != 1 || cases[0].Name != want {
			t.Errorf("JUnit: %+v, want %q", cases, want)
		}
		d := mdDoc{left: 1000}
		dyingMarkdown(&d, told.plan.Dying, now)
		if text := strings.ReplaceAll(d.String(), "`", ""); !strings.Contains(text, want) {
			t.Errorf("Markdown: %q, want %q", text, want)
		}
	}
}

package plan_test

import (
	"strings"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/state"
)

// What usage import learnt is cited: a key that was used lately is disabled with a word, and one that somebody asked for
// after that is not scheduled for deletion.
func TestAKeyThatSomebodyAskedForStays(t *testing.T) {
	w := newWorld(t)
	w.apply(`key "old" {}`)
	id := w.key("key.old").ID
	used := func(ago time.Duration, refused bool) {
		w.state.Uses = []state.Use{
			{KeyID: id, KeyVersion: "v1", Principal: "ram:user/alice", Operation: "Decrypt", Last: w.now.Add(-ago), Refused: refused},
			{KeyID: "another", Principal: "ram:user/bob", Operation: "Decrypt", Last: w.now},
		}
	}
	used(3*24*time.Hour, false)
	p := w.apply(limits + retire)
	if !warns(p, "Last used 3 days ago by ram:user/alice (Decrypt") || p.Changes[0].Action != plan.Retire {
		t.Fatalf("the first step: %+v", p.Warnings)
	}
	w.now = w.now.Add(8 * 24 * time.Hour)
	used(24*time.Hour, true)
	r := refusals(w.plan(config(t, limits+retire)), plan.GuardUsedSince)
	if len(r) != 1 || !strings.Contains(r[0].Reason, "Last asked for, in vain, yesterday by ram:user/alice") || !strings.Contains(refusalText(r[0]), "kmsplan usage forget "+id) {
		t.Fatalf("the second step: %+v", r)
	}
	used(60*24*time.Hour, false)
	if p := w.plan(config(t, limits+retire)); len(p.Refusals) != 0 || warns(p, "Last used") || p.Changes[0].Action != plan.Retire {
		t.Fatalf("used before it was disabled: %+v %+v", p.Refusals, p.Warnings)
	}
	w.state.Uses = nil
	if p := w.apply(limits + retire); len(p.Refusals) != 0 || !w.key("key.old").Dying() {
		t.Fatalf("when all is forgotten: %+v", p.Refusals)
	}
}

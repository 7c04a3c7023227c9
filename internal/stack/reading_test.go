package stack_test

import (
	"errors"
	"testing"

	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/plan/planfile"
)

// A plan that read nothing has a key updated that somebody has scheduled for deletion meanwhile. Before it is carried out
// everything is read, and what it says is refused.
func TestAPlanThatReadLittleIsReadAgain(t *testing.T) {
	r := newRig(t, aKey)
	r.apply()
	r.call("ScheduleKeyDeletion", map[string]any{"KeyId": r.idOf("key.k"), "PendingWindowInDays": 7})
	r.write("main.kms.hcl", gateway+with(aKey, "one", "two"))
	s := r.open()
	s.Reading(plan.ReadNothing)
	p := r.plan(s)
	if len(p.Changes) != 1 || p.Changes[0].Action != plan.Update {
		t.Fatalf("it plans %+v", p.Changes)
	}
	again, err := s.ReadAgain(t.Context(), p, plan.Scope{})
	if !errors.Is(err, planfile.ErrStale) {
		t.Errorf("read again it is %+v, %v", again.Plan, err)
	}
}

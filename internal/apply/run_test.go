package apply_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/apply"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/state"
)

const twoKeys = `
key "a" { description = "first" }
key "b" { description = "second" }
alias "a" {
  name = "alias/a"
  key  = key.a.id
}
output "id" { value = key.a.id }
`

func TestAnApplyIsRecordedAndTheNextOneIsIdle(t *testing.T) {
	s := newStack(t, twoKeys)
	report := s.mustApply(t)
	if report.Added != 3 || report.ExitCode(nil) != apply.ExitDone || report.State.Serial != 1 {
		t.Errorf("report %+v", report)
	}
	s.checkNothingLost(t)
	key, _ := state.Find(s.state(t), "key.a")
	alias, _ := state.Find(s.state(t), "alias.a")
	if alias.Attributes["key"] != key.ID || s.state(t).Outputs["id"] != key.ID {
		t.Errorf("the alias saw key %v, the output %v; it is %s", alias.Attributes["key"], s.state(t).Outputs["id"], key.ID)
	}
	if !key.Protected || alias.Protected || !slices.Equal(alias.DependsOn, []string{"key.a"}) || key.Gateway != "g" {
		t.Errorf("recorded %+v and %+v", key, alias)
	}
	calls := len(s.service.calls)
	if again := s.mustApply(t); again.State.Serial != 1 || len(s.service.calls) != calls {
		t.Errorf("a second apply made calls %v and left serial %d", s.service.calls[calls:], again.State.Serial)
	}
}

func TestWhatIsTakenAwayGoesAfterThoseThatUseIt(t *testing.T) {
	s := newStack(t, twoKeys)
	s.mustApply(t)
	s.service.calls = nil
	s.configure(t, `key "b" { description = "second" }`)
	s.input.Parallelism = 1
	report := s.mustApply(t)
	if want := []string{"Delete alias.a", "DisableKey key.a"}; !slices.Equal(s.service.calls, want) {
		t.Errorf("called %v, want %v", s.service.calls, want)
	}
	if report.Destroyed != 1 || report.Retired != 1 || s.state(t).Outputs != nil {
		t.Errorf("report %+v, outputs %v", report, s.state(t).Outputs)
	}
	if key, _ := state.Find(s.state(t), "key.a"); !key.Protected {
		t.Error("retiring a key dropped its guard")
	}
	s.checkNothingLost(t)
}

func TestAFailureTakesItsDependantsOnly(t *testing.T) {
	s := newStack(t, twoKeys)
	s.service.fault = func(operation, address string) fault {
		if operation == "Create" && address == "key.a" {
			return refuse
		}
		return none
	}
	var skipped []string
	s.input.Hooks.Skipped = func(st apply.Step, out apply.Outcome) {
		skipped = append(skipped, st.Addr.String()+": "+out.Reason)
	}
	report, err := s.apply(t)
	if err == nil || !strings.Contains(err.Error(), "key.a: ") || !strings.Contains(err.Error(), "Forbidden.NoPermission") {
		t.Errorf("error %v", err)
	}
	if report.Added != 1 || report.Failed != 1 || report.Skipped != 1 || report.ExitCode(err) != apply.ExitError {
		t.Errorf("report %+v", report)
	}
	if len(skipped) != 1 || !strings.Contains(skipped[0], "alias.a: it depends on key.a") {
		t.Errorf("skipped %v", skipped)
	}
	s.checkNothingLost(t)
	s.service.fault = nil
	s.mustApply(t)
	s.checkNothingLost(t)
}

func TestAFailedFollowUpLosesNothing(t *testing.T) {
	s := newStack(t, twoKeys)
	s.service.fault = func(operation, _ string) fault {
		if operation == "Follow" {
			return refuse
		}
		return none
	}
	report, err := s.apply(t)
	if err == nil || report.Failed != 2 {
		t.Errorf("report %+v, %v", report, err)
	}
	s.checkNothingLost(t)
	if key, _ := state.Find(s.state(t), "key.a"); s.state(t).Outputs["id"] != key.ID {
		t.Errorf("the output says %v, the key is %s", s.state(t).Outputs["id"], key.ID)
	}
}

func TestAStalePlanIsRefused(t *testing.T) {
	s := newStack(t, twoKeys)
	other := newStack(t, twoKeys)
	other.mustApply(t)
	s.mustApply(t)
	stale := s.plan(s.state(t))
	s.configure(t, twoKeys+`key "c" { description = "third" }`)
	s.mustApply(t)
	calls := len(s.service.calls)
	for name, p := range map[string]*plan.Plan{
		"an older serial": stale, "another stack": other.plan(other.state(t)), "a new stack": {Lineage: state.New().Lineage},
	} {
		s.input.Plan = p
		if _, err := apply.Run(t.Context(), s.input); !errors.Is(err, apply.ErrStalePlan) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(s.service.calls) != calls {
		t.Errorf("called %v", s.service.calls[calls:])
	}
}

func TestAPlanOfANewStackKeepsItsLineage(t *testing.T) {
	s := newStack(t, twoKeys)
	s.input.Plan = s.plan(s.state(t))
	if _, err := apply.Run(t.Context(), s.input); err != nil {
		t.Fatal(err)
	}
	if got := s.state(t).Lineage; got != s.input.Plan.Lineage {
		t.Errorf("stored lineage %s, planned under %s", got, s.input.Plan.Lineage)
	}
}

func TestARefusedPlanIsNotApplied(t *testing.T) {
	s := newStack(t, twoKeys)
	s.input.Plan = s.plan(s.state(t))
	s.input.Plan.Refusals = []plan.Refusal{{Guard: "key-vanished", Reason: "The key is gone."}}
	if _, err := apply.Run(t.Context(), s.input); !errors.Is(err, apply.ErrRefused) || len(s.service.calls) > 0 {
		t.Errorf("%v, calls %v", err, s.service.calls)
	}
}

func TestALockedStackIsLeftAlone(t *testing.T) {
	s := newStack(t, twoKeys)
	s.input.Plan = s.plan(s.state(t))
	lock, err := s.store.Lock(t.Context(), state.NewLockInfo("somebody", s.input.Now()))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = lock.Unlock() }()
	if _, err := apply.Run(t.Context(), s.input); !errors.Is(err, state.ErrLocked) || len(s.service.calls) > 0 {
		t.Errorf("%v, calls %v", err, s.service.calls)
	}
}

func TestAMovedObjectKeepsItsIdentity(t *testing.T) {
	s := newStack(t, twoKeys)
	s.mustApply(t)
	before, _ := state.Find(s.state(t), "key.b")
	s.configure(t, strings.ReplaceAll(twoKeys, `key "b"`, `key "moved"`))
	p := s.plan(s.state(t))
	p.Changes = slices.DeleteFunc(p.Changes, func(c plan.Change) bool { return c.Action == plan.Retire })
	for i := range p.Changes {
		if c := &p.Changes[i]; c.Addr.Name == "moved" {
			c.MovedFrom, c.Action, c.ID = c.Addr, plan.NoOp, before.ID
			c.MovedFrom.Name = "b"
		}
	}
	s.input.Plan = p
	if _, err := apply.Run(t.Context(), s.input); err != nil {
		t.Fatal(err)
	}
	after, ok := state.Find(s.state(t), "key.moved")
	if _, still := state.Find(s.state(t), "key.b"); still || !ok || after.ID != before.ID {
		t.Errorf("after the move: %+v", s.state(t).Resources)
	}
}

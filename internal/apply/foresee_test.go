package apply_test

import (
	"os"
	"reflect"
	"testing"

	"kmsplan.dev/kmsplan/internal/apply"
	"kmsplan.dev/kmsplan/internal/state"
)

// A plan finds out in memory what became of open calls: it writes nothing and waits for no lock, and its serial
// is the one that the state has once whoever applies has recorded the same.
func TestAPlanForeseesWhatRecoveryFinds(t *testing.T) {
	s := newStack(t, twoKeys)
	s.service.fault = func(operation, address string) fault {
		if operation == "Create" && address == "key.a" {
			return loseAnswer
		}
		return none
	}
	if report, err := s.apply(t); report.Unknown != 1 {
		t.Fatalf("report %+v, %v", report, err)
	}
	s.service.fault = nil
	before := map[string][]byte{}
	for _, name := range []string{s.store.Path(), s.store.Path() + ".journal"} {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		before[name] = data
	}
	lock, err := s.store.Lock(t.Context(), state.NewLockInfo("somebody", s.input.Now()))
	if err != nil {
		t.Fatal(err)
	}
	foreseen, err := apply.Foresee(t.Context(), s.input.Work)
	if err != nil || len(foreseen.Recovered) != 1 || foreseen.Recovered[0].Status != apply.Adopted || len(foreseen.Open) != 0 {
		t.Fatalf("foresaw %+v, %v", foreseen, err)
	}
	if err := lock.Unlock(); err != nil {
		t.Fatal(err)
	}
	for name, data := range before {
		if now, err := os.ReadFile(name); err != nil || !reflect.DeepEqual(now, data) {
			t.Errorf("%s was written: %v", name, err)
		}
	}
	s.input.Plan = s.plan(foreseen.State)
	report, err := apply.Run(t.Context(), s.input)
	if err != nil || report.Added != 1 { // the alias, which waited for its key
		t.Errorf("applying the plan: %+v, %v", report, err)
	}
	s.checkNothingLost(t)
}

// A plan that was made before the interrupted run is stale, whatever that run left to be recorded.
func TestAPlanFromBeforeAnInterruptedRunIsStale(t *testing.T) {
	s := newStack(t, `key "a" { description = "first" }`)
	s.mustApply(t)
	s.configure(t, twoKeys)
	early := s.plan(s.state(t))
	s.service.fault = func(operation, address string) fault {
		if operation == "Create" && address == "key.b" {
			return loseAnswer
		}
		return none
	}
	if report, _ := s.apply(t); report.Unknown != 1 {
		t.Fatalf("report %+v", report)
	}
	s.service.fault = nil
	s.input.Plan = early
	if _, err := apply.Run(t.Context(), s.input); err == nil {
		t.Error("it was applied")
	}
	s.mustApply(t)
	s.checkNothingLost(t)
}

// What an object succeeded stays recorded through its later changes, until it is retired.
func TestPredecessorsSurviveChanges(t *testing.T) {
	s := newStack(t, twoKeys)
	s.mustApply(t)
	st, v, err := s.store.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	old := []state.Predecessor{{ID: "key-0", Retire: "disabled"}}
	for i := range st.Resources {
		st.Resources[i].Predecessors = old
	}
	if _, err := s.store.CompareAndSwap(t.Context(), v, st.Next("test")); err != nil {
		t.Fatal(err)
	}
	s.configure(t, `key "a" { description = "another" }
key "b" { description = "another" }`)
	s.mustApply(t)
	for _, r := range s.state(t).Resources {
		if !reflect.DeepEqual(r.Predecessors, old) {
			t.Errorf("%s has the predecessors %+v", r.Address, r.Predecessors)
		}
	}
}

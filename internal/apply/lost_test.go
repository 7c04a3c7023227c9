package apply_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/apply"
	"kmsplan.dev/kmsplan/internal/resource"
	"kmsplan.dev/kmsplan/internal/state"
)

func TestALostAnswerIsUnknownThenAdopted(t *testing.T) {
	for name, f := range map[string]fault{"committed": loseAnswer, "never arrived": loseCall} {
		t.Run(name, func(t *testing.T) {
			s := newStack(t, twoKeys)
			s.service.fault = func(operation, address string) fault {
				if operation == "Create" && address == "key.a" {
					return f
				}
				return none
			}
			report, err := s.apply(t)
			if report.Unknown != 1 || report.ExitCode(err) != apply.ExitUnknown || len(report.Open) != 1 {
				t.Fatalf("report %+v, %v", report, err)
			}
			if !strings.Contains(err.Error(), "key.a: the outcome is unknown") {
				t.Errorf("error %v", err)
			}
			s.service.fault = nil
			var recovered []apply.RecoveredStatus
			s.input.Hooks.Recovered = func(r apply.Recovered) { recovered = append(recovered, r.Status) }
			s.mustApply(t)
			s.checkNothingLost(t)
			want := apply.Adopted
			if f == loseCall {
				want = apply.NeverHappened
			}
			if !slices.Equal(recovered, []apply.RecoveredStatus{want}) {
				t.Errorf("recovered %v, want %v", recovered, want)
			}
		})
	}
}

// pendingFor wraps a handler that cannot tell yet what became of a call.
type pendingFor struct {
	resource.Handler
	until time.Time
}

func (p pendingFor) Resolve(context.Context, *resource.Session, state.Intent) (resource.Resolution, error) {
	return resource.Resolution{Pending: true, Until: p.until}, nil
}

func TestNothingIsCreatedAgainWhileALateCommitIsPossible(t *testing.T) {
	s := newStack(t, `key "a" { description = "first" }`)
	s.service.fault = func(string, string) fault { return loseCall }
	if _, err := s.apply(t); err == nil {
		t.Fatal("a lost answer went unnoticed")
	}
	s.service.fault, s.service.calls = nil, nil
	known := s.input.Handlers
	s.input.Handlers = func(kind string) resource.Handler { return pendingFor{known(kind), s.input.Now().Add(time.Hour)} }
	for range 2 {
		report, err := s.apply(t)
		if report.Unknown != 1 || report.ExitCode(err) != apply.ExitUnknown || !strings.Contains(err.Error(), "2026-03-04T06:06:07Z") {
			t.Fatalf("report %+v, %v", report, err)
		}
		if len(s.service.calls) > 0 {
			t.Fatalf("called %v", s.service.calls)
		}
	}
	s.input.Handlers = known
	s.mustApply(t)
	s.checkNothingLost(t)
}

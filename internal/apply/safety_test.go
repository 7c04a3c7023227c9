package apply_test

import (
	"context"
	"errors"
	"strings"
	"syscall"
	"testing"

	"kmsplan.dev/kmsplan/internal/apply"
	"kmsplan.dev/kmsplan/internal/durable"
	"kmsplan.dev/kmsplan/internal/resource"
	"kmsplan.dev/kmsplan/internal/state"
	"kmsplan.dev/kmsplan/internal/state/local"
)

// A plan of another stack is stale, even where both are at the same serial; and one that changes files needs somebody
// who can.
func TestAPlanOfAnotherStackAtTheSameSerialIsStale(t *testing.T) {
	s := newStack(t, twoKeys)
	s.mustApply(t)
	other := *s.plan(s.state(t))
	other.Lineage = state.New().Lineage
	s.input.Plan = &other
	if _, err := apply.Run(t.Context(), s.input); !errors.Is(err, apply.ErrStalePlan) || !strings.Contains(err.Error(), "another stack") {
		t.Errorf("applied: %v", err)
	}
	s.configure(t, withFile)
	s.input.Plan = s.plan(s.state(t))
	calls := len(s.service.calls)
	if _, err := apply.Run(t.Context(), s.input); err == nil || !strings.Contains(err.Error(), "data.encrypt.f") || len(s.service.calls) > calls {
		t.Errorf("without a runner of files: %v, calls %q", err, s.service.calls[calls:])
	}
}

// Where the intent of a call cannot be made durable, the call is not made.
func TestNoCallIsMadeWithoutItsIntent(t *testing.T) {
	s := newStack(t, twoKeys)
	s.input.Plan = s.plan(s.state(t))
	fault, err := durable.ParseFault("EIO:sync:1+")
	if err != nil {
		t.Fatal(err)
	}
	if s.input.Store, err = local.Open(s.store.Path(), local.Options{Disk: fault}); err != nil {
		t.Fatal(err)
	}
	if _, err := apply.Run(t.Context(), s.input); !errors.Is(err, syscall.EIO) || len(s.service.calls) > 0 {
		t.Errorf("%v, calls %q", err, s.service.calls)
	}
}

// A scheme of fingerprints that another run took the place of is not recorded over it, and nothing is called.
func TestAFingerprintSchemeThatMovedOnIsNotReplaced(t *testing.T) {
	s := newStack(t, twoKeys)
	s.input.Plan = s.plan(s.state(t))
	seen := &state.FingerprintScheme{Name: state.SchemeKeyed, KeyID: "seen"}
	s.input.Scheme = &apply.SchemeChange{From: seen, To: &state.FingerprintScheme{Name: state.SchemeKeyed, KeyID: "new"}}
	if _, err := apply.Run(t.Context(), s.input); err == nil || !strings.Contains(err.Error(), "plan again") || len(s.service.calls) > 0 {
		t.Errorf("%v, calls %q", err, s.service.calls)
	}
}

// A call whose answer was lost and whose effect its handler saw is closed when the change is recorded.
func TestACallWhoseEffectWasSeenIsClosed(t *testing.T) {
	s := newStack(t, `key "a" { description = "first" }`)
	known := s.input.Handlers
	s.input.Handlers = func(kind string) resource.Handler { return verified{known(kind)} }
	report := s.mustApply(t)
	if len(report.Open) > 0 || report.Added != 1 {
		t.Errorf("left open: %+v", report)
	}
	if at, err := state.Look(t.Context(), s.store); err != nil || len(at.Open) > 0 {
		t.Errorf("open in the store: %+v, %v", at.Open, err)
	}
}

// verified loses the answer to a second call and sees its effect.
type verified struct{ resource.Handler }

func (v verified) Apply(ctx context.Context, s *resource.Session) (*state.Resource, error) {
	r, err := v.Handler.Apply(ctx, s)
	if err != nil {
		return r, err
	}
	in := state.NewIntent(s.Change.Addr.String(), "key", "Follow", r.ID, s.Intent, nil, s.Now())
	return r, errors.Join(s.Journal.Begin(in), s.Journal.End(in.ID, state.Result{Ambiguous: true, Error: "lost"}))
}

// When a call is made its intent is in the store's journal, and so is the result of every call before it that it builds on: of
// the same object, and of those that its object depends on.
func TestACallIsMadeWhenItsIntentAndWhatItBuildsOnAreDurable(t *testing.T) {
	s := newStack(t, `
key "k" { description = "first" }
alias "a" {
  name = "alias/a"
  key  = key.k.id
}`)
	looked := 0
	s.service.fault = func(operation, address string) fault {
		looked++
		entries, err := s.store.ReadJournal(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		st, open, err := state.Fold(state.New(), entries)
		if err != nil || len(open) != 1 || open[0].Operation != operation || open[0].Address != address {
			t.Errorf("when %s of %s is called, these calls are open in the journal: %+v, %v", operation, address, open, err)
		}
		if _, known := state.Find(st, "key.k"); known != (address != "key.k" || operation != "Create") {
			t.Errorf("when %s of %s is called, the journal knows %+v", operation, address, st.Resources)
		}
		return none
	}
	s.mustApply(t)
	if looked != 4 {
		t.Errorf("%d calls were looked at", looked)
	}
}

package apply_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/apply"
	"kmsplan.dev/kmsplan/internal/resource"
	"kmsplan.dev/kmsplan/internal/state"
)

func TestAnInterruptFinishesWhatIsUnderWay(t *testing.T) {
	for _, how := range []string{"stop channel", "cancelled context"} {
		t.Run(how, func(t *testing.T) {
			s := newStack(t, `
key "k" {
  for_each = toset(["1", "2", "3", "4", "5", "6", "7", "8"])
  description = each.key
}`)
			s.input.Plan = s.plan(s.state(t))
			s.input.Parallelism = 2
			s.service.block, s.service.inCall = make(chan struct{}), make(chan string)
			stop := make(chan struct{})
			s.input.Stop = stop
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var report apply.Report
			var err error
			finished := make(chan struct{})
			go func() {
				defer close(finished)
				report, err = apply.Run(ctx, s.input)
			}()
			underWay := func() {
				t.Helper()
				for range 2 {
					select {
					case <-s.service.inCall:
					case <-finished:
						t.Fatalf("it ended in the middle of a call: %v", err)
					}
				}
			}
			letGo := func() { s.service.block <- struct{}{}; s.service.block <- struct{}{} }
			underWay()
			if how == "stop channel" {
				close(stop)
			} else {
				cancel()
			}
			letGo()
			underWay() // the follow-up calls of the two that were under way
			letGo()
			<-finished
			if !errors.Is(err, apply.ErrInterrupted) || report.Added != 2 || report.Skipped != 6 || !report.Interrupted {
				t.Errorf("report %+v, %v", report, err)
			}
			s.service.block, s.service.inCall = nil, nil
			s.checkNothingLost(t)
		})
	}
}

// An interrupt that comes while the last step is under way leaves nothing undone: the run is done, and not said to have stopped short.
func TestAnInterruptAfterTheLastStepIsNone(t *testing.T) {
	s := newStack(t, `key "only" {}`)
	s.input.Plan = s.plan(s.state(t))
	s.service.inCall, s.service.block = make(chan string), make(chan struct{})
	stop := make(chan struct{})
	s.input.Stop = stop
	var report apply.Report
	var err error
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		report, err = apply.Run(t.Context(), s.input)
	}()
	<-s.service.inCall
	close(stop)
	for over := false; !over; {
		select {
		case s.service.block <- struct{}{}:
		case <-s.service.inCall:
		case <-finished:
			over = true
		}
	}
	if err != nil || report.Interrupted || report.Added != 1 || report.ExitCode(err) != apply.ExitDone {
		t.Errorf("report %+v, %v", report, err)
	}
}

func TestParallelismIsBoundedAndUsed(t *testing.T) {
	s := newStack(t, `
key "k" {
  count = 30
  description = "k"
}`)
	s.input.Plan = s.plan(s.state(t))
	s.input.Parallelism = 4
	s.service.inCall, s.service.block = make(chan string), make(chan struct{})
	var done sync.WaitGroup
	var err error
	done.Go(func() { _, err = apply.Run(t.Context(), s.input) })
	for range 4 { // four calls are inside at once
		<-s.service.inCall
	}
	go func() {
		for range s.service.inCall {
		}
	}()
	close(s.service.block)
	done.Wait()
	close(s.service.inCall)
	if err != nil || s.service.most != 4 {
		t.Errorf("%d calls at once, %v; want 4", s.service.most, err)
	}
}

func TestAnObjectThatTakesTooLongIsOfUnknownOutcome(t *testing.T) {
	s := newStack(t, `key "a" { description = "first" }`)
	known := s.input.Handlers
	s.input.Handlers = func(kind string) resource.Handler { return slow{known(kind)} }
	s.input.ChangeTimeout = time.Nanosecond
	report, err := s.apply(t)
	if !errors.Is(err, context.DeadlineExceeded) || report.Unknown != 1 {
		t.Errorf("report %+v, %v", report, err)
	}
}

// slow makes a call that ends with its deadline.
type slow struct{ resource.Handler }

func (slow) Apply(ctx context.Context, s *resource.Session) (*state.Resource, error) {
	in := state.NewIntent(s.Change.Addr.String(), "key", "Create", "", s.Intent, nil, s.Now())
	if err := s.Journal.Begin(in); err != nil {
		return nil, err
	}
	<-ctx.Done()
	return nil, errors.Join(ctx.Err(), s.Journal.End(in.ID, state.Result{Ambiguous: true, Error: "deadline"}))
}

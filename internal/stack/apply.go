package stack

import (
	"context"
	"errors"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/apply"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/resource"
)

// Applying is how a plan is carried out.
type Applying struct {
	Parallelism int                             // 0 = apply.DefaultParallelism
	Hooks       apply.Hooks                     // what happens while it happens
	Given       map[addr.Address]resource.Given // values that a person hands in
	Stop        <-chan struct{}                 // closed at the first interrupt: nothing new is started
}

// Apply carries a plan out; of one that a guard refuses, its rescues and nothing else. The report says what
// was done, whatever the error.
func (s *Stack) Apply(ctx context.Context, p *plan.Plan, how Applying) (apply.Report, error) {
	refused := p.Refused()
	if refused {
		p = p.Rescues()
	}
	if refused {
		return s.carryOut(ctx, p, how, true)
	}
	unprepared := s.prepareFingerprints(ctx, p.Lineage) // which holds up nothing else
	report, err := s.carryOut(ctx, p, how, false)
	if err == nil && unprepared == nil {
		s.State = report.State
		err = s.refingerprint(ctx)
		report.State = s.State
	}
	return report, errors.Join(err, unprepared)
}

func (s *Stack) carryOut(ctx context.Context, p *plan.Plan, how Applying, refused bool) (apply.Report, error) {
	if p == nil || !p.Differs() {
		return apply.Report{State: s.State}, nil
	}
	s.rememberPath()
	s.ignoreOnce()
	clients, err := s.connect(ctx)
	if err != nil {
		return apply.Report{}, err
	}
	w := s.work(ctx, clients, "apply", how.Hooks)
	if s.finger.fresh != nil {
		w.Scheme = &apply.SchemeChange{From: s.State.Scheme, To: s.finger.fresh}
	}
	return apply.Run(ctx, apply.Input{
		Work: w, Plan: p, Parallelism: how.Parallelism, Files: s.runFiles, Stop: how.Stop, KeepOutputs: refused, Given: how.Given,
	})
}

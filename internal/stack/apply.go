package stack

import (
	"context"

	"kmsplan.dev/kmsplan/internal/apply"
	"kmsplan.dev/kmsplan/internal/plan"
)

// Applying is how a plan is carried out.
type Applying struct {
	Parallelism int             // 0 = apply.DefaultParallelism
	Hooks       apply.Hooks     // what happens while it happens
	Stop        <-chan struct{} // closed at the first interrupt: nothing new is started
}

// Apply carries a plan out; of one that a guard refuses, its rescues and nothing else. The report says what
// was done, whatever the error.
func (s *Stack) Apply(ctx context.Context, p *plan.Plan, how Applying) (apply.Report, error) {
	refused := p.Refused()
	if refused {
		p = p.Rescues()
	}
	if p == nil || !p.Differs() {
		return apply.Report{State: s.State}, nil
	}
	s.ignoreOnce()
	clients, err := s.connect(ctx)
	if err != nil {
		return apply.Report{}, err
	}
	return apply.Run(ctx, apply.Input{
		Work: s.work(clients, "apply", how.Hooks), Plan: p, Parallelism: how.Parallelism, Files: s.runFiles, Stop: how.Stop, KeepOutputs: refused,
	})
}

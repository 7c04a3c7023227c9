package stack

import (
	"context"

	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/plan/planfile"
	"kmsplan.dev/kmsplan/internal/safety"
)

// Reading sets how much of the service the next survey reads.
func (s *Stack) Reading(how plan.Reading) { s.reading = how }

// ReadAgain surveys once more, in full, for a plan that was made without that, and leaves of it what is planned still.
// One that was made in full is left as it is. Errors: planfile.ErrStale, InvalidError.
func (s *Stack) ReadAgain(ctx context.Context, p *plan.Plan, scope plan.Scope) (Again, error) {
	if p.Reading == plan.ReadFull || safety.Off(safety.SavedReadsAgain) {
		return Again{Plan: p}, nil
	}
	s.reading = plan.ReadFull
	if err := s.Survey(ctx, "apply", scope); err != nil {
		return Again{}, err
	}
	now, _, err := s.planAt(ctx, scope, p.Created, s.gateways.now(ctx))
	if err != nil {
		return Again{}, err
	}
	both := planfile.Compare(p, now)
	return Again{Plan: both.Plan, Left: both.Left, LeftFiles: both.LeftFiles}, both.Err()
}

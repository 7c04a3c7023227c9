package stack

import (
	"context"
	"fmt"
	"slices"

	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/state"
	"kmsplan.dev/kmsplan/internal/version"
)

// Drift is what of the surveyed objects is not as this stack left it, whatever the configuration wants. Errors:
// InvalidError where a gateway leads elsewhere, so that nothing is known of its objects.
func (s *Stack) Drift(ctx context.Context, scope plan.Scope) (plan.Drifts, error) {
	if err := s.allKnown(); err != nil {
		return plan.Drifts{}, err
	}
	return plan.Drifted(plan.Input{
		Config: s.Config, State: s.State, Live: s.live, Now: s.gateways.now(ctx), Writer: version.Number, Scope: scope,
		Compare: s.compare(),
	}), nil
}

// Refresh records drift in the state, and what moved by itself; of the latter alone, a saved plan stays good. No object is
// touched.
func (s *Stack) Refresh(ctx context.Context, d plan.Drifts) error {
	if len(d.Drift)+len(d.Moved) == 0 {
		return nil
	}
	return s.options.locked(ctx, s.store, "refresh", func(at state.Position) error {
		if at.State.Serial != s.State.Serial || at.State.Lineage != s.State.Lineage {
			return hint(fmt.Errorf("record what has changed: somebody else wrote the state meanwhile (serial %d, and now %d)", s.State.Serial, at.State.Serial),
				"Nothing was recorded. Look again.")
		}
		next := plan.Recorded(s.Config, at.State, slices.Concat(d.Drift, d.Moved))
		if len(d.Drift) == 0 {
			next = next.NextCensus(version.Number)
		} else {
			next = next.Next(version.Number)
		}
		_, err := s.store.CompareAndSwap(ctx, at.Version, next)
		return err
	})
}

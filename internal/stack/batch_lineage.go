package stack

import (
	"context"
	"fmt"

	"kmsplan.dev/kmsplan/internal/batch"
	"kmsplan.dev/kmsplan/internal/safety"
	"kmsplan.dev/kmsplan/internal/state"
	"kmsplan.dev/kmsplan/internal/version"
)

// settledLineage is the lineage that every command finds; "" of a state that was never stored, which each reading gives another one.
func settledLineage(st state.State) string {
	if st.Serial == 0 && st.Journal == "" {
		return ""
	}
	return st.Lineage
}

// settle gives the stack of a batch a lineage that every later command finds: where its state was never stored, it is stored before the
// batch is there. A plan that was made before that is this stack's by all else that it says.
func (s *Stack) settle(ctx context.Context, p *PlannedBatch) error {
	st, err := s.remembered(ctx)
	if err != nil {
		return err
	}
	lineage := settledLineage(st)
	if lineage == "" {
		err = s.options.locked(ctx, s.store, "batch "+p.Spec.Address, func(at state.Position) (err error) {
			if lineage = settledLineage(at.State); lineage != "" {
				return nil // another command was first
			}
			lineage = at.State.Lineage
			_, err = s.store.CompareAndSwap(ctx, at.Version, at.State.NextCensus(version.Number))
			return err
		})
	}
	switch {
	case err != nil:
		return fmt.Errorf("store the state, which a batch needs: %w", err)
	case p.Spec.Stack != "" && p.Spec.Stack != lineage:
		return fmt.Errorf("the plan of %s is of the stack %s, and this one is %s: plan it anew", p.Spec.Address, p.Spec.Stack, lineage)
	}
	p.Spec.Stack = lineage
	return nil
}

// MayWork refuses a batch that another stack planned. One that had no state when its batches were opened may have one by now.
func (s *Stack) MayWork(ctx context.Context, b *Batch, spec batch.Spec) error {
	own := b.Spec.Stack
	if own == "" {
		st, err := s.remembered(ctx)
		if err != nil {
			return err
		}
		own = settledLineage(st)
	}
	if (spec.Stack != own || own == "") && !safety.Off(safety.BatchOwned) {
		return hint(fmt.Errorf("%s in its queue was planned by the stack %s, and this one %s: its target may be another's key", spec.Address, spec.Stack, called(own)),
			"Give each stack a queue of its own: another path, schema_name or ledger.")
	}
	return nil
}

func called(lineage string) string {
	if lineage == "" {
		return "has no state yet"
	}
	return "is " + lineage
}

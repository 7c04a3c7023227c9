package cli

import (
	"context"
	"fmt"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/lint"
	"kmsplan.dev/kmsplan/internal/stack"
)

// record fills in what the state has recorded, and what a saved plan saw waiting for deletion, where a flag asks for it.
func (a *app) record(ctx context.Context, o *lintOptions, in *lint.Input) error {
	if o.state {
		if err := a.recordState(ctx, in); err != nil {
			return err
		}
	}
	if o.plan == "" {
		return nil
	}
	saved, err := a.readPlan(ctx, &o.vars, stack.DefaultLockTimeout, o.plan)
	if err != nil {
		return err
	}
	for _, k := range saved.Plan.Dying {
		in.Waiting = append(in.Waiting, lint.Waiting{ID: k.ID, Addr: k.Addr, DeleteAt: k.DeleteAt})
	}
	return nil
}

// recordState reads the objects of the module's state.
func (a *app) recordState(ctx context.Context, in *lint.Input) error {
	stored, err := a.openState(0)
	if err != nil {
		return err
	}
	defer a.closing(stored.Close)
	st, _, err := stored.Read(ctx)
	if err != nil {
		return err
	}
	if d := st.Drill; d != nil {
		in.Drilled, in.DrillFailed = d.At, d.Failed
	}
	in.Recorded = []lint.Object{}
	for _, r := range st.Resources {
		at, err := addr.Parse(r.Address)
		if err != nil {
			return fmt.Errorf("read the state: %w", err)
		}
		in.Recorded = append(in.Recorded, lint.Object{Addr: at, ID: r.ID, Attributes: r.Attributes, Versions: r.Versions})
	}
	return nil
}

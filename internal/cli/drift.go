package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/stack"
)

// driftCommand compares the state with the service, and nothing else.
func (a *app) driftCommand() *cobra.Command {
	var o planOptions
	c := &cobra.Command{
		Use: "drift", Short: "Show what has changed outside of kmsplan", GroupID: groupState, Args: cobra.NoArgs,
		Long: `Compare what the last apply left behind with the live service, whatever the configuration wants
by now: attributes that somebody else changed, and objects that are gone. Nothing is changed and
nothing is recorded. Made for a schedule: what waits in the configuration is not drift.

Exit codes: 0 at rest; 2 when something has drifted; 1 on errors.`,
		RunE: func(c *cobra.Command, _ []string) error {
			return a.inspectDrift(c.Context(), &o, "drift", func(_ *stack.Stack, d plan.Drifts) error {
				if len(d.Drift) > 0 {
					return exit{exitChanges}
				}
				return nil
			})
		},
	}
	o.surveyFlags(c)
	o.formFlags.flags(c, "drift")
	return c
}

// refreshCommand records drift.
func (a *app) refreshCommand() *cobra.Command {
	var o planOptions
	c := &cobra.Command{
		Use: "refresh", Short: "Record in the state what has changed outside of kmsplan", GroupID: groupState, Args: cobra.NoArgs,
		Long: `Read the live service and record in the state what has changed outside of kmsplan, so that
it is not reported as drift again, and what moves by itself, such as the primary version after an
automatic rotation. No object is touched. What is gone stays recorded: the guard
that keeps a lost key from being replaced rests on it.

It is apply -refresh-only -auto-approve. plan -refresh-only shows what would be recorded.`,
		RunE: func(c *cobra.Command, _ []string) error {
			return a.applyRefresh(c.Context(), &o, true)
		},
	}
	o.surveyFlags(c)
	return c
}

// inspectDrift shows drift and goes on with it.
func (a *app) inspectDrift(ctx context.Context, o *planOptions, operation string, then func(*stack.Stack, plan.Drifts) error) error {
	if o.destroy {
		return usageError{errors.New("-destroy takes objects away and -refresh-only touches none; give one of both")}
	}
	if err := a.openPlanViews(o); err != nil {
		return err
	}
	if err := o.parseScope(); err != nil {
		return err
	}
	s, err := a.openStack(&o.vars, o.lockTimeout)
	if err != nil {
		return err
	}
	defer a.closing(s.Close)
	defer a.traced(o, s)
	if err := s.Survey(ctx, operation, o.scope); err != nil {
		return err
	}
	d, err := s.Drift(ctx, o.scope)
	if err != nil {
		return err
	}
	a.view.Drift(d)
	return then(s, d)
}

// planRefresh is plan -refresh-only.
func (a *app) planRefresh(ctx context.Context, o *planOptions, detailed bool, out string) error {
	if out != "" {
		return usageError{errors.New("a plan that only refreshes is not saved: apply -refresh-only looks again and records what it finds")}
	}
	return a.inspectDrift(ctx, o, "plan", func(_ *stack.Stack, d plan.Drifts) error {
		if len(d.Drift) == 0 {
			return nil
		}
		a.view.Notef("this plan only refreshes: apply -refresh-only records these differences in the state, and no object is touched")
		if detailed {
			return exit{exitChanges}
		}
		return nil
	})
}

// applyRefresh is apply -refresh-only.
func (a *app) applyRefresh(ctx context.Context, o *planOptions, approve bool) error {
	return a.inspectDrift(ctx, o, "apply", func(s *stack.Stack, d plan.Drifts) error {
		if len(d.Drift) > 0 && !approve {
			if err := a.askApproval(o, s.Config.Workspace); err != nil {
				return err
			}
		}
		if err := s.Refresh(ctx, d); err != nil {
			return fmt.Errorf("refresh: %w", err)
		}
		if len(d.Drift) > 0 {
			a.view.Refreshed(d)
		}
		return nil
	})
}

package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/durable"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/plan/planfile"
	"kmsplan.dev/kmsplan/internal/stack"
)

// planCommand shows what apply would do.
func (a *app) planCommand() *cobra.Command {
	var o planOptions
	var detailed bool
	var out string
	c := &cobra.Command{
		Use: "plan", Short: "Show what apply would do", GroupID: groupDeclare, Args: cobra.NoArgs,
		Long: `Compare the configuration with the state and the live service, and show what apply would
do. Nothing is changed. A file that cannot be used is a warning, and holds up nothing else.

Exit codes: 0, or 2 with -detailed-exitcode when something is not as it is declared; 1 on
errors; 3 when a guard refuses the plan.`,
		RunE: func(c *cobra.Command, _ []string) error {
			return a.runPlan(c.Context(), &o, detailed, out)
		},
	}
	o.flags(c)
	c.Flags().BoolVar(&detailed, "detailed-exitcode", false, "exit 2 when there are changes")
	c.Flags().Bool("lock", true, "accepted for Terraform's sake: a plan takes no lock on the state")
	c.Flags().StringVar(&out, "out", "", "save the plan to `FILE` for apply")
	return c
}

func (a *app) runPlan(ctx context.Context, o *planOptions, detailed bool, out string) error {
	if o.refreshOnly {
		return a.planRefresh(ctx, o, detailed, out)
	}
	if err := a.openPlanViews(o); err != nil {
		return err
	}
	if err := a.apartFromInto(out); err != nil {
		return err
	}
	s, p, err := a.makePlan(ctx, o, "plan")
	if s != nil {
		defer a.closing(s.Close)
	}
	if err != nil {
		return err
	}
	a.view.Plan(p)
	if p.Refused() {
		return exit{exitRefused}
	}
	if out != "" {
		if err := a.savePlan(s, p, o.targets, out); err != nil {
			return err
		}
	}
	if detailed && p.Differs() {
		return exit{exitChanges}
	}
	return nil
}

// makePlan opens the stack, surveys it and plans.
func (a *app) makePlan(ctx context.Context, o *planOptions, operation string) (*stack.Stack, *plan.Plan, error) {
	if err := o.parseTargets(); err != nil {
		return nil, nil, err
	}
	s, err := a.openStack(&o.vars, o.lockTimeout)
	if err != nil {
		return nil, nil, err
	}
	if err := s.Survey(ctx, operation, o.targets...); err != nil {
		return s, nil, err
	}
	p, warnings, err := s.Plan(ctx, o.targets)
	a.view.Diagnostics(warnings, s.Config.Files)
	return s, p, err
}

func (o *planOptions) parseTargets() error {
	o.targets = nil
	for _, text := range o.targetTexts {
		t, err := addr.ParseTarget(text)
		if err != nil {
			return usageError{fmt.Errorf("-target: %w", err)}
		}
		o.targets = append(o.targets, t)
	}
	return nil
}

// savePlan writes a plan whole or not at all, readable by its owner only.
func (a *app) savePlan(s *stack.Stack, p *plan.Plan, targets []addr.Address, name string) error {
	if err := a.planPlace(s.Config, name); err != nil {
		return fmt.Errorf("save the plan: %w", err)
	}
	file, err := s.Saved(p, targets)
	if err != nil {
		return fmt.Errorf("save the plan: %w", err)
	}
	var b bytes.Buffer
	if err := file.Encode(&b); err != nil {
		return err
	}
	if err := durable.WriteFile(a.path(name), b.Bytes(), 0o600); err != nil {
		return fmt.Errorf("save the plan: %w", err)
	}
	a.view.Saved(name)
	return nil
}

// readPlan reads a saved plan.
func (a *app) readPlan(name string) (*planfile.File, error) {
	f, err := os.Open(a.path(name))
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("the plan file %s does not exist; make one with kmsplan plan -out %s", name, name)
	}
	if err != nil {
		return nil, fmt.Errorf("open the plan file: %w", err)
	}
	defer f.Close()
	saved, err := planfile.Decode(f)
	if err != nil {
		return nil, fmt.Errorf("read the plan file %s: %w", name, err)
	}
	return saved, nil
}

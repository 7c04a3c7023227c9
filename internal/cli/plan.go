package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/stack"
)

// planCommand shows what apply would do.
func (a *app) planCommand() *cobra.Command {
	var o planOptions
	var detailed bool
	var save saving
	c := &cobra.Command{
		Use: "plan", Short: "Show what apply would do", GroupID: groupDeclare, Args: cobra.NoArgs,
		Long: `Compare the configuration with the state and the live service, and show what apply would
do. Nothing is changed. A file that cannot be used is a warning, and holds up nothing else.

Exit codes: 0, or 2 with -detailed-exitcode when something is not as it is declared; 1 on
errors; 3 when a guard refuses the plan.

A saved plan holds no secret. Who wants it unreadable all the same says -encrypt, or plan = true
in the encryption block; then apply and show need the right to decrypt under that key.`,
		RunE: func(c *cobra.Command, _ []string) error {
			save.said = c.Flags().Changed("encrypt")
			return a.runPlan(c.Context(), &o, detailed, save)
		},
	}
	o.flags(c)
	o.formFlags.flags(c, "plan")
	c.Flags().BoolVar(&detailed, "detailed-exitcode", false, "exit 2 when there are changes")
	c.Flags().Bool("lock", true, "accepted for Terraform's sake: a plan takes no lock on the state")
	c.Flags().StringVar(&o.generate, "generate-config-out", "", "first write blocks for import blocks that have none to a new `FILE` of the module")
	c.Flags().StringVar(&save.out, "out", "", "save the plan to `FILE` for apply")
	c.Flags().BoolVar(&save.encrypt, "encrypt", false, "encrypt the saved plan under the key of the encryption block")
	return c
}

func (a *app) runPlan(ctx context.Context, o *planOptions, detailed bool, save saving) error {
	if save.encrypt && save.out == "" {
		return usageError{errors.New("-encrypt is about the plan that is saved; name its file with -out=FILE")}
	}
	if o.refreshOnly {
		return a.planRefresh(ctx, o, detailed, save.out)
	}
	if err := a.openPlanViews(o); err != nil {
		return err
	}
	if err := a.apart("-out", save.out); err != nil {
		return err
	}
	if err := a.generateConfig(ctx, o); err != nil {
		return err
	}
	s, p, err := a.makePlan(ctx, o, "plan", save.possible)
	if s != nil {
		defer a.closing(s.Close)
		defer a.traced(o, s)
	}
	if err != nil {
		return err
	}
	a.view.Plan(p)
	a.view.Diagnostics(plan.Problems(p.Checks), s.Config.Files)
	if len(p.Held()) > 0 {
		return exit{exitError} // nothing is saved: who applies plans again
	}
	if p.Refused() {
		return exit{exitRefused}
	}
	if save.out != "" {
		if err := a.savePlan(ctx, s, p, o.scope, save); err != nil {
			return err
		}
	}
	if detailed && p.Differs() {
		return exit{exitChanges}
	}
	return nil
}

// makePlan opens the stack, surveys it and plans, unless one of first, asked before anything is called, refuses.
func (a *app) makePlan(ctx context.Context, o *planOptions, operation string, first ...func(*stack.Stack) error) (*stack.Stack, *plan.Plan, error) {
	if err := o.parseScope(); err != nil {
		return nil, nil, err
	}
	reading, err := o.reading()
	if err != nil {
		return nil, nil, err
	}
	s, err := a.openStack(&o.vars, o.lockTimeout)
	if err != nil {
		return nil, nil, err
	}
	for _, refuses := range first {
		if err := refuses(s); err != nil {
			return s, nil, err
		}
	}
	s.Reading(reading)
	if err := s.Survey(ctx, operation, o.scope); err != nil {
		return s, nil, err
	}
	if o.destroy {
		s.Destroy()
	}
	p, warnings, err := s.Plan(ctx, o.scope)
	a.view.Diagnostics(warnings, s.Config.Files)
	return s, p, err
}

// reading reads -refresh, which is no word for plans that take things away or are made to look.
func (o *planOptions) reading() (plan.Reading, error) {
	how, err := plan.ParseReading(o.refresh)
	switch {
	case err != nil:
		return how, usageError{err}
	case how != plan.ReadFull && (o.destroy || o.refreshOnly):
		return how, usageError{fmt.Errorf("-refresh=%s leaves the service unread, and -destroy and -refresh-only need all of it", how)}
	}
	return how, nil
}

// parseScope reads -target and -exclude.
func (o *planOptions) parseScope() (err error) {
	if len(o.targetTexts) > 0 && len(o.excludeTexts) > 0 {
		return usageError{errors.New("-target says what a plan is about and -exclude what it is not; give one of both")}
	}
	if o.scope.Targets, err = scopeAddresses("-target", o.targetTexts); err != nil {
		return err
	}
	o.scope.Excludes, err = scopeAddresses("-exclude", o.excludeTexts)
	return err
}

func scopeAddresses(flag string, texts []string) (out []addr.Address, err error) {
	for _, text := range texts {
		a, err := addr.ParseTarget(text)
		if err != nil {
			return nil, usageError{fmt.Errorf("%s: %w", flag, err)}
		}
		out = append(out, a)
	}
	return out, nil
}

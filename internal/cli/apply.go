package cli

import (
	"bufio"
	"context"
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"kmsplan.dev/kmsplan/internal/apply"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/stack"
	"kmsplan.dev/kmsplan/internal/view"
)

// applyCommand carries a plan out.
func (a *app) applyCommand() *cobra.Command {
	var o planOptions
	var approve bool
	var parallelism int
	c := &cobra.Command{
		Use: "apply [PLANFILE]", Short: "Create, update and rescue what the configuration declares", GroupID: groupDeclare,
		Args: cobra.MaximumNArgs(1),
		Long: `Plan, ask for approval, and carry the plan out; or carry out a plan saved with plan -out,
without asking. The first interrupt starts nothing new and finishes what is under way.

Exit codes: 0 done; 1 error; 2 when the outcome of a call is unknown (the next plan or
apply finds out); 3 when a guard refuses the plan.`,
		RunE: func(c *cobra.Command, args []string) error {
			return a.runApply(c.Context(), &o, approve, parallelism, args)
		},
	}
	o.flags(c)
	c.Flags().BoolVar(&approve, "auto-approve", false, "do not ask for approval")
	c.Flags().IntVar(&parallelism, "parallelism", apply.DefaultParallelism, "how many objects to work on at once")
	return c
}

func (a *app) runApply(ctx context.Context, o *planOptions, approve bool, parallelism int, args []string) error {
	if parallelism < 1 {
		return usageError{errors.New("-parallelism must be at least 1")}
	}
	if err := a.openViews(o.streamFlags); err != nil {
		return err
	}
	s, p, err := a.planToApply(ctx, o, args)
	if s != nil {
		defer a.closing(s.Close)
	}
	if err != nil {
		return err
	}
	saved := len(args) == 1
	if saved {
		a.view.Approved(p)
	} else {
		a.view.Plan(p)
	}
	if p.Refused() {
		if p.Rescues() == nil {
			return exit{exitRefused}
		}
	} else if !p.Differs() {
		a.view.Applied(apply.Report{State: s.State})
		return nil
	}
	if !saved && !approve && !p.Empty() {
		if err := a.askApproval(o); err != nil {
			return err
		}
	}
	return a.carryOut(ctx, s, p, parallelism)
}

// planToApply makes the plan, or reads a saved one and binds it to configuration and state.
func (a *app) planToApply(ctx context.Context, o *planOptions, args []string) (*stack.Stack, *plan.Plan, error) {
	if len(args) == 0 {
		return a.makePlan(ctx, o, "apply")
	}
	p, err := a.readPlan(args[0])
	if err != nil {
		return nil, nil, err
	}
	s, err := a.openStack(&o.vars, o.lockTimeout)
	if err != nil {
		return nil, nil, err
	}
	if err := p.Bound(s.Config); err != nil {
		return s, nil, err
	}
	return s, p, s.Survey(ctx, "apply")
}

// askApproval takes nothing but the word yes.
func (a *app) askApproval(o *planOptions) error {
	if !o.input || o.json {
		return withHint(errors.New("approval is needed, and nobody can be asked"), "Add -auto-approve, or apply a plan saved with plan -out.")
	}
	a.view.Ask()
	line, err := bufio.NewReader(a.proc.Stdin).ReadString('\n')
	if strings.TrimSpace(line) == "yes" {
		return nil
	}
	if err != nil && line == "" {
		return withHint(errors.New("approval is needed, and standard input has none"), "Add -auto-approve, or apply a plan saved with plan -out.")
	}
	a.view.Cancelled()
	return exit{exitError}
}

// carryOut runs the plan and shows what became of it.
func (a *app) carryOut(ctx context.Context, s *stack.Stack, p *plan.Plan, parallelism int) error {
	stop, done := a.patient()
	defer done()
	report, err := s.Apply(ctx, p, stack.Applying{Parallelism: parallelism, Hooks: view.Hooks(a.view), Stop: stop})
	if err != nil && len(report.Outcomes) == 0 && !report.Interrupted {
		return err // nothing was begun
	}
	if err != nil || report.Failed+report.Skipped+report.Unknown > 0 {
		a.view.Unfinished(report, err)
		code := report.ExitCode(err)
		if p.Refused() {
			code = gravest(code, exitRefused)
		}
		return exit{code}
	}
	if p.Refused() {
		a.view.Rescued(report)
		return exit{exitRefused}
	}
	a.view.Applied(report)
	return nil
}

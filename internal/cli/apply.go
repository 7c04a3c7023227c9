package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"kmsplan.dev/kmsplan/internal/apply"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/stack"
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

func (a *app) runApply(ctx context.Context, o *planOptions, approve bool, parallelism int, args []string) (err error) {
	if parallelism < 1 {
		return usageError{errors.New("-parallelism must be at least 1")}
	}
	ui, err := a.openUI(o)
	if err != nil {
		return err
	}
	defer ui.close(&err)
	s, p, err := a.planToApply(ctx, o, args)
	if s != nil {
		defer a.closing(s.Close)
	}
	if err != nil {
		return a.failed(err)
	}
	saved := len(args) == 1
	if !saved || !ui.human {
		ui.plan(p)
	}
	if p.Refused() {
		if saved && ui.human {
			a.term.Refusals(p.Refusals) // the lines had them with the plan
		}
		return exit{exitRefused}
	}
	if p.Empty() {
		return a.applied(ui, s, apply.Report{State: s.State})
	}
	if !saved && !approve {
		if err := a.askApproval(o); err != nil {
			return a.failed(err)
		}
	}
	return a.carryOut(ctx, ui, s, p, parallelism)
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
	a.term.Printf("\nDo you want to perform these actions?\n  kmsplan will perform the actions described above.\n  Only 'yes' will be accepted to approve.\n\n  Enter a value: ")
	line, err := bufio.NewReader(a.proc.Stdin).ReadString('\n')
	a.term.Printf("\n")
	if strings.TrimSpace(line) == "yes" {
		return nil
	}
	if err != nil && line == "" {
		return withHint(errors.New("approval is needed, and standard input has none"), "Add -auto-approve, or apply a plan saved with plan -out.")
	}
	a.term.Printf("Apply cancelled.\n")
	return exit{exitError}
}

// carryOut runs the plan and shows what became of it.
func (a *app) carryOut(ctx context.Context, ui *ui, s *stack.Stack, p *plan.Plan, parallelism int) error {
	stop, done := a.patient()
	defer done()
	report, err := s.Apply(ctx, p, stack.Applying{Parallelism: parallelism, Hooks: ui.hooks(), Stop: stop})
	if err != nil && len(report.Outcomes) == 0 && !report.Interrupted {
		return a.failed(err) // nothing was begun
	}
	if err != nil || report.Failed+report.Skipped+report.Unknown > 0 {
		ui.applyFailed(report, err)
		return exit{report.ExitCode(err)}
	}
	return a.applied(ui, s, report)
}

// applied prints the closing sentence and the outputs.
func (a *app) applied(ui *ui, s *stack.Stack, report apply.Report) error {
	ui.applied(report)
	if ui.human && len(report.State.Outputs) > 0 {
		a.term.Printf("\nOutputs:\n\n")
		a.term.Outputs(report.State.Outputs)
	}
	return nil
}

// hooks are the receivers of what apply does.
func (u *ui) hooks() apply.Hooks {
	switch {
	case u.lines == nil:
		return u.app.term.NewApplying().Hooks()
	case !u.human:
		return u.lines.Hooks()
	}
	return joinHooks(u.app.term.NewApplying().Hooks(), u.lines.Hooks())
}

func (u *ui) applied(r apply.Report) {
	if u.human {
		u.app.term.Applied(r)
	}
	if u.lines != nil {
		u.lines.Applied(r)
	}
}

// applyFailed shows what failed, what was skipped, and that the rest was recorded.
func (u *ui) applyFailed(r apply.Report, err error) {
	summary := "Apply did not finish"
	if r.Unknown > 0 {
		summary = "Apply ended with an unknown outcome"
	}
	detail := fmt.Errorf("%w", orNothing(err, r))
	counts := fmt.Sprintf("Done and recorded: %d added, %d changed, %d destroyed. Failed: %d, skipped: %d, unknown: %d. Nothing was rolled back; apply again to go on.",
		r.Added, r.Changed, r.Destroyed, r.Failed, r.Skipped, r.Unknown)
	if u.human {
		u.app.term.Error(summary, detail, counts)
	}
	if u.lines != nil {
		u.lines.Error(summary, detail, counts)
		u.lines.Applied(r)
	}
}

func orNothing(err error, r apply.Report) error {
	if err != nil {
		return err
	}
	return fmt.Errorf("%d objects failed, %d were skipped", r.Failed, r.Skipped)
}

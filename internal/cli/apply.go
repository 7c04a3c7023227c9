package cli

import (
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
	var o applyOptions
	c := &cobra.Command{
		Use: "apply [PLANFILE]", Short: "Create, update and rescue what the configuration declares", GroupID: groupDeclare,
		Args: cobra.MaximumNArgs(1),
		Long: `Plan, ask for approval, and carry the plan out; or, without asking, what a plan saved with
plan -out has and a plan made now has too. A saved plan needs no -var for plain variables.
Batches whose blocks say start = "apply" are started once all else is done, one after the
other: those of a local queue are worked on here, others are left to kmsplan worker.
The first interrupt starts nothing new and finishes what is under way.

Exit codes: 0 done; 1 error, also when a file could not be used and all else was done; 2 when
the outcome of a call is unknown (the next plan or apply finds out), or when something is
planned now that the saved plan does not have, or a batch it started left objects over; 3 when a guard refuses the plan: then objects
that wait for deletion are rescued, and nothing else is called. Of several, 1 before 3 before 2.`,
		RunE: func(c *cobra.Command, args []string) error {
			return a.runApply(c.Context(), &o, args)
		},
	}
	o.planOptions.flags(c)
	o.flags(c)
	a.unprovedFlag(c)
	return c
}

// destroyCommand is apply -destroy.
func (a *app) destroyCommand() *cobra.Command {
	o := applyOptions{planOptions: planOptions{destroy: true}}
	c := &cobra.Command{
		Use: "destroy", Short: "Take away all that the state holds, as far as nothing protects it", GroupID: groupDeclare, Args: cobra.NoArgs,
		Long: `Plan to take away every object of the state, ask for approval, and carry the plan out. It is
apply -destroy; plan -destroy shows the plan.

What is protected (keys and secrets are, unless their blocks say otherwise) refuses the whole plan,
with the ways to let it go. A key that is not protected is retired step by step: disabled, and a
soak later scheduled for deletion by another destroy. On an emulator everything goes at once.
Files stay where they are.

Exit codes are those of apply.`,
		RunE: func(c *cobra.Command, args []string) error {
			return a.runApply(c.Context(), &o, args)
		},
	}
	o.surveyFlags(c)
	o.shownFlags(c)
	o.flags(c)
	return c
}

// applyOptions are the flags of commands that carry a plan out.
type applyOptions struct {
	planOptions
	approve     bool
	parallelism int
}

// flags adds those that are not of the plan.
func (o *applyOptions) flags(c *cobra.Command) {
	c.Flags().BoolVar(&o.approve, "auto-approve", false, "do not ask for approval")
	c.Flags().IntVar(&o.parallelism, "parallelism", apply.DefaultParallelism, "how many objects to work on at once")
}

func (a *app) runApply(ctx context.Context, o *applyOptions, args []string) error {
	if o.parallelism < 1 {
		return usageError{errors.New("-parallelism must be at least 1")}
	}
	if o.refreshOnly {
		if len(args) == 1 {
			return usageError{errors.New("-refresh-only looks again, and a saved plan is made already; give one of both")}
		}
		return a.applyRefresh(ctx, &o.planOptions, o.approve)
	}
	if err := a.openPlanViews(&o.planOptions); err != nil {
		return err
	}
	var due []plan.Batch
	var err error
	if len(args) == 1 {
		due, err = a.applySaved(ctx, o, args[0])
	} else {
		due, err = a.applyNew(ctx, o)
	}
	if err != nil {
		return err
	}
	return a.startDue(ctx, o, due) // the stack is closed: each of them opens its own
}

// applyNew plans, asks and carries the plan out. It returns the batches that are to be started then.
func (a *app) applyNew(ctx context.Context, o *applyOptions) ([]plan.Batch, error) {
	s, p, err := a.makePlan(ctx, &o.planOptions, "apply")
	if s != nil {
		defer a.closing(s.Close)
		defer a.traced(&o.planOptions, s)
	}
	if err != nil {
		return nil, err
	}
	a.view.Plan(p)
	a.view.Diagnostics(plan.Problems(p.Checks), s.Config.Files)
	if !p.Empty() && !o.approve && (!p.Refused() || p.Rescues() != nil) {
		if err := a.askApproval(&o.planOptions, s.Config.Workspace); err != nil {
			return nil, err
		}
	}
	again, err := s.ReadAgain(ctx, p, o.scope)
	if err != nil {
		return nil, err
	}
	a.left(again)
	err = a.carryOut(ctx, s, again.Plan, o.parallelism)
	if again.More() {
		err = exit{gravest(exitChanges, a.exitCode(err))}
	}
	return again.Plan.StartedBatches(), err
}

// applySaved carries out what a saved plan has and a plan made now has too, and returns the batches that are to be started then.
func (a *app) applySaved(ctx context.Context, o *applyOptions, name string) ([]plan.Batch, error) {
	if o.destroy {
		return nil, usageError{errors.New("-destroy makes another plan, and a saved plan is made already; plan with -destroy and -out")}
	}
	if len(o.targetTexts) > 0 {
		return nil, usageError{errors.New("-target narrows a plan when it is made, and a saved plan is made already; plan again with -target and -out")}
	}
	if len(o.excludeTexts) > 0 {
		return nil, usageError{errors.New("-exclude leaves something out of a plan when it is made, and a saved plan is made already; plan again with -exclude and -out")}
	}
	saved, err := a.readPlan(ctx, &o.vars, o.lockTimeout, name)
	if err != nil {
		return nil, err
	}
	s, err := a.opened(stack.Open, &o.vars, o.lockTimeout, saved.Binding.Variables...)
	if err != nil {
		return nil, err
	}
	defer a.closing(s.Close)
	defer a.traced(&o.planOptions, s)
	if err := s.Accepts(saved); err != nil {
		return nil, err
	}
	if err := s.Survey(ctx, "apply", saved.Binding.Scope); err != nil {
		return nil, err
	}
	again, err := s.Confirm(ctx, saved)
	if err != nil {
		return nil, err
	}
	a.view.Approved(again.Plan)
	a.left(again)
	err = a.carryOut(ctx, s, again.Plan, o.parallelism)
	if err == nil {
		a.view.Waiting(again.Plan.Batches)
	}
	if again.More() {
		err = exit{gravest(exitChanges, a.exitCode(err))}
	}
	return again.Plan.StartedBatches(), err
}

// left names what is planned now and was not when the plan was saved.
func (a *app) left(again stack.Again) {
	for _, c := range again.Left {
		a.view.Notef("not done, because the saved plan does not have it: %s %s; plan again", c.Action.Sign(), c.Addr)
	}
	for _, f := range again.LeftFiles {
		a.view.Notef("not done, because the saved plan does not have it: %s %s of %s; plan again", f.Action.Sign(), f.Path, f.Addr)
	}
}

// askApproval takes nothing but the word yes.
func (a *app) askApproval(o *planOptions, workspace string) error {
	if !o.input || o.json {
		return withHint(errors.New("approval is needed, and nobody can be asked"), "Add -auto-approve, or apply a plan saved with plan -out.")
	}
	a.view.Ask(workspace)
	yes, err := a.readYes()
	if err != nil {
		return withHint(err, "Add -auto-approve, or apply a plan saved with plan -out.")
	}
	if !yes {
		a.view.Cancelled()
		return exit{exitError}
	}
	return nil
}

// readYes reads an answer, of which only yes is one.
func (a *app) readYes() (bool, error) {
	line, err := a.answers().ReadString('\n')
	if err != nil && line == "" {
		return false, errors.New("approval is needed, and standard input has none")
	}
	return strings.TrimSpace(line) == "yes", nil
}

// askYes asks before a command on the state itself changes it.
func (a *app) askYes(question string, approve, input bool) error {
	if approve {
		return nil
	}
	if !input || !a.asks() {
		return withHint(errors.New("approval is needed, and nobody can be asked"), "Add -auto-approve.")
	}
	a.view.Result(nil, "", question+" Only 'yes' is accepted:")
	yes, err := a.readYes()
	switch {
	case err != nil:
		return withHint(err, "Add -auto-approve.")
	case !yes:
		a.view.Result(nil, "Cancelled. Nothing was changed.")
		return exit{exitError}
	}
	return nil
}

// checks warns of what checks say when all is done; what else does not hold is among the errors.
func (a *app) checks(s *stack.Stack, r apply.Report) {
	for _, c := range r.Checks {
		if c.Soft() {
			a.view.Diagnostics(c.Diagnostics(), s.Config.Files)
		}
	}
}

// carryOut runs the plan and shows what became of it.
func (a *app) carryOut(ctx context.Context, s *stack.Stack, p *plan.Plan, parallelism int) error {
	if p.Refused() && p.Rescues() == nil {
		return exit{exitRefused}
	}
	stop, done := a.patient()
	defer done()
	return a.carriedOut(ctx, s, p, stack.Applying{Parallelism: parallelism, Hooks: a.reaching(view.Hooks(a.view)), Stop: stop})
}

// carriedOut runs a plan, or the rescues of one that is refused, and shows what became of it.
func (a *app) carriedOut(ctx context.Context, s *stack.Stack, p *plan.Plan, how stack.Applying) error {
	report, err := s.Apply(ctx, p, how)
	a.checks(s, report)
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

package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/resource"
	"kmsplan.dev/kmsplan/internal/stack"
	"kmsplan.dev/kmsplan/internal/view"
)

// exitsOfAsked stands under the help of every command that asks for something of single objects.
const exitsOfAsked = `
Exit codes: 0 done; 1 error; 2 when the outcome of a call is unknown (the next command finds out);
3 when a guard refuses.`

// askOptions are the flags of commands that ask for something of single objects, in place of what the configuration says.
type askOptions struct {
	planOptions
	approve bool
	dryRun  bool
}

func (o *askOptions) flags(c *cobra.Command) {
	o.vars.flags(c)
	lockTimeoutFlag(c, &o.lockTimeout)
	o.shownFlags(c)
	o.streamFlags.flags(c)
	c.Flags().Lookup("input").Usage = "ask for approval; -input=false never asks"
	c.Flags().BoolVar(&o.approve, "auto-approve", false, "do not ask for approval")
	c.Flags().BoolVar(&o.dryRun, "dry-run", false, "show the plan, and do nothing")
	c.Flags().BoolVar(&o.trace, "trace-calls", false, "say how many calls went to each quota, and how long they waited for it")
}

// asking is a plan of what was asked for, until it is carried out.
type asking struct {
	app   *app
	o     *askOptions
	stack *stack.Stack
	plan  *plan.Plan
}

// ask opens the stack and plans what is asked of single objects.
func (a *app) ask(ctx context.Context, o *askOptions, asks []plan.Request) (*asking, error) {
	k, err := a.surveyed(ctx, o, asks)
	if err != nil {
		return nil, err
	}
	if err := k.planned(ctx, asks); err != nil {
		k.close()
		return nil, err
	}
	return k, nil
}

// surveyed opens the stack, and reads what a plan of what is asked looks at.
func (a *app) surveyed(ctx context.Context, o *askOptions, asks []plan.Request) (*asking, error) {
	if err := a.openPlanViews(&o.planOptions); err != nil {
		return nil, err
	}
	s, err := a.openStack(&o.vars, o.lockTimeout)
	if err != nil {
		return nil, err
	}
	k := &asking{app: a, o: o, stack: s}
	if err := s.Survey(ctx, o.operation(), stack.ScopeOf(asks)); err != nil {
		k.close()
		return nil, err
	}
	return k, nil
}

// planned makes the plan and shows it.
func (k *asking) planned(ctx context.Context, asks []plan.Request) error {
	p, warnings, err := k.stack.PlanAsked(ctx, asks)
	k.app.view.Diagnostics(warnings, k.stack.Config.Files)
	if err != nil {
		return err
	}
	k.plan = p
	k.app.view.Plan(p)
	return nil
}

// operation is whether the survey settles what earlier runs left open, or only looks.
func (o *askOptions) operation() string {
	if o.dryRun {
		return "plan"
	}
	return "apply"
}

func (k *asking) close() {
	k.app.traced(&k.o.planOptions, k.stack)
	k.app.closing(k.stack.Close)
}

// carryOut asks for approval, does what was planned, and says what follows of it.
func (k *asking) carryOut(ctx context.Context, given map[addr.Address]resource.Given) error {
	a, p := k.app, k.plan
	switch {
	case p.Refused() && (k.o.dryRun || p.Rescues() == nil):
		return exit{exitRefused}
	case k.o.dryRun || p.Empty():
		k.then("as soon as it is done: ")
		return nil
	case !k.o.approve:
		if err := a.askApproval(&k.o.planOptions, k.stack.Config.Workspace); err != nil {
			return err
		}
	}
	return k.apply(ctx, given)
}

func (k *asking) apply(ctx context.Context, given map[addr.Address]resource.Given) error {
	stop, done := k.app.patient()
	defer done()
	err := k.app.carriedOut(ctx, k.stack, k.plan, stack.Applying{Hooks: view.Hooks(k.app.view), Stop: stop, Given: given})
	if err == nil {
		k.then("")
	}
	return err
}

// then says what follows.
func (k *asking) then(begin string) {
	if k.plan.Empty() || k.plan.Refused() {
		return
	}
	for _, text := range k.plan.Then {
		k.app.view.Notef("%s%s", begin, text)
	}
}

// objectAddress reads the address of one object: a key or a secret, in whatever module and instance.
func objectAddress(text, kind string) (addr.Address, error) {
	at, err := addr.Parse(text)
	switch {
	case err != nil:
		return at, usageError{fmt.Errorf("%w; an address is %s.NAME, as kmsplan state list shows it", err, kind)}
	case at.Data || at.Kind != kind:
		return at, usageError{fmt.Errorf("%s is no %s; kmsplan state list shows the addresses of this stack", text, kind)}
	}
	return at, nil
}

// objectAddressOfAny is objectAddress of a key or a secret.
func objectAddressOfAny(text string) (addr.Address, error) {
	at, err := objectAddress(text, plan.KindKey)
	if err != nil {
		return objectAddress(text, plan.KindSecret)
	}
	return at, nil
}

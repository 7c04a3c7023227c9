package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/stack"
)

// rescueCommand takes objects out of their deletion windows.
func (a *app) rescueCommand() *cobra.Command {
	var o askOptions
	var all bool
	c := &cobra.Command{
		Use: "rescue [ADDRESS | ID …]", Short: "Take keys and secrets out of their deletion window", GroupID: groupCare,
		Long: `Cancel the deletion of keys and secrets, and do nothing else: objects of this stack by their
addresses, others of the region by their ids (a key's id, a secret's name), -all for every one. Without
an argument it lists what waits for deletion. A guard or a freeze never stands in the way of a rescue.

kmsplan apply rescues what is declared by itself. What a removed block takes away is taken away again by
the next apply: change that block too.
` + exitsOfAsked,
		RunE: func(c *cobra.Command, args []string) error {
			if all && len(args) > 0 {
				return usageError{errors.New("-all rescues everything that waits for deletion; name objects or say -all")}
			}
			return a.rescue(c.Context(), &o, args, all)
		},
	}
	c.Flags().BoolVar(&all, "all", false, "rescue everything that waits for deletion in the regions of this stack, managed or not")
	o.flags(c)
	return c
}

func (a *app) rescue(ctx context.Context, o *askOptions, names []string, all bool) error {
	list := !all && len(names) == 0
	if list {
		a.answerIn(o.json)
	} else if err := a.openPlanViews(&o.planOptions); err != nil {
		return err
	}
	s, err := a.openStack(&o.vars, o.lockTimeout)
	if err != nil {
		return err
	}
	k := &asking{app: a, o: o, stack: s}
	defer k.close()
	operation := o.operation()
	if list {
		operation = "plan"
	}
	if err := s.Survey(ctx, operation, plan.Scope{}); err != nil {
		return err
	}
	p, _, err := s.Plan(ctx, plan.Scope{})
	if err != nil {
		return err
	}
	dying := s.Dying(p)
	if list {
		a.listDying(dying)
		return nil
	}
	chosen, err := chooseDying(dying, names, all)
	if err != nil {
		return err
	}
	return k.rescueChosen(ctx, chosen)
}

// listDying says what could be rescued.
func (a *app) listDying(dying []stack.Dying) {
	if dying == nil {
		dying = []stack.Dying{}
	}
	lines := []string{"Nothing waits for deletion in the regions of this stack."}
	if len(dying) > 0 {
		lines = lines[:0]
	}
	for _, d := range dying {
		lines = append(lines, dyingLine(d))
	}
	a.view.Result(dying, lines...)
	if len(dying) > 0 {
		a.view.Notef("kmsplan rescue ADDRESS, kmsplan rescue ID or kmsplan rescue -all takes them out of their deletion window")
	}
}

func dyingLine(d stack.Dying) string {
	who := "not managed by this stack"
	if d.Address != "" {
		who = d.Address
	}
	when := "at a time that the service does not say"
	if !d.DeleteAt.IsZero() {
		when = "on " + d.DeleteAt.UTC().Format(time.RFC3339)
	}
	return fmt.Sprintf("%s %s (%s), gateway %q: deleted %s", d.Kind, d.ID, who, d.Gateway, when)
}

// chooseDying finds what the arguments name. An address of this stack that is alive is no mistake: there is nothing to do.
func chooseDying(dying []stack.Dying, names []string, all bool) ([]stack.Dying, error) {
	if all {
		return dying, nil
	}
	var chosen []stack.Dying
	for _, name := range names {
		found := slices.IndexFunc(dying, func(d stack.Dying) bool {
			return name == d.Address || name == d.ID || strings.HasSuffix(name, ":key/"+d.ID)
		})
		if found >= 0 {
			chosen = append(chosen, dying[found])
			continue
		}
		at, err := objectAddressOfAny(name)
		if err != nil {
			return nil, withHint(fmt.Errorf("%s is no address of a key or a secret, and nothing of that id waits for deletion in the regions of this stack", name),
				"kmsplan rescue without an argument lists what does.")
		}
		chosen = append(chosen, stack.Dying{Kind: at.Kind, Addr: at, Address: at.String()})
	}
	return chosen, nil
}

// rescueChosen rescues the managed objects by a plan, and then the others.
func (k *asking) rescueChosen(ctx context.Context, chosen []stack.Dying) error {
	var asks []plan.Request
	var others []stack.Dying
	for _, d := range chosen {
		if d.Address == "" {
			others = append(others, d)
			continue
		}
		asks = append(asks, plan.Request{Addr: d.Addr, Act: plan.ActRescue})
	}
	if len(asks) > 0 {
		if err := k.planned(ctx, asks); err != nil {
			return err
		}
	}
	for _, d := range others {
		k.app.view.Notef("to be rescued: %s", dyingLine(d))
	}
	if len(asks) == 0 && len(others) == 0 {
		k.app.view.Notef("nothing waits for deletion in the regions of this stack")
		return nil
	}
	return k.rescueBoth(ctx, others)
}

func (k *asking) rescueBoth(ctx context.Context, others []stack.Dying) error {
	if len(others) == 0 {
		return k.carryOut(ctx, nil)
	}
	if k.o.dryRun {
		return nil
	}
	if !k.o.approve {
		if err := k.app.askApproval(&k.o.planOptions, k.stack.Config.Workspace); err != nil {
			return err
		}
		k.o.approve = true
	}
	var failed []error
	for _, d := range others {
		if err := k.stack.RescueUnmanaged(ctx, d); err != nil {
			failed = append(failed, err)
			continue
		}
		k.app.view.Notef("%s %s: rescued", d.Kind, d.ID)
	}
	if k.plan != nil {
		failed = append(failed, k.carryOut(ctx, nil))
	}
	return errors.Join(failed...)
}

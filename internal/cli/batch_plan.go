package cli

import (
	"context"

	"github.com/spf13/cobra"

	"kmsplan.dev/kmsplan/internal/stack"
	"kmsplan.dev/kmsplan/internal/view"
)

// batchPlanOptions are the flags of batch plan.
type batchPlanOptions struct {
	batchFlags
	streamFlags
	out      string
	unread   bool
	detailed bool
}

func (a *app) batchPlanCommand() *cobra.Command {
	var o batchPlanOptions
	c := &cobra.Command{
		Use: "plan ADDRESS", Short: "List a batch's objects, and show what it would do and what that takes", Args: cobra.ExactArgs(1),
		Long: `List the objects of a batch, read their headers, and show them by key and version, with what is to do, the calls of
KMS, and how long they take at the batch's share of the quota. The key's primary version of now is the target. A store
that is to be written is tried out first, with objects of its own that go again. The manifest is written below
.kmsplan/batch, where batch start finds it, or to the file of -out. Nothing of the objects changes.

Exit codes: 0 planned; 1 error; 2 with -detailed-exitcode, when there is something to do.`,
		Example: `  kmsplan batch plan batch.archive`,
		RunE:    func(c *cobra.Command, args []string) error { return a.batchPlan(c.Context(), &o, args[0]) },
	}
	o.batchFlags.flags(c)
	o.streamFlags.flags(c)
	f := c.Flags()
	f.StringVar(&o.out, "out", "", "write the plan to `FILE`, for batch start -plan")
	f.BoolVar(&o.unread, "no-headers", false, "read no headers: quick, and nothing is known of keys and versions")
	f.BoolVar(&o.detailed, "detailed-exitcode", false, "exit with 2 when there is something to do")
	return c
}

func (a *app) batchPlan(ctx context.Context, o *batchPlanOptions, address string) error {
	if err := a.openViews(o.streamFlags); err != nil {
		return err
	}
	ctx, done := a.interruptible(ctx)
	defer done()
	return a.withBatch(ctx, &o.batchFlags, address, func(s *stack.Stack, b *stack.Batch) error {
		if o.out != "" {
			if err := a.placesOf(s.Config)(o.out); err != nil {
				return err
			}
		}
		p, err := a.planBatch(ctx, s, b, stack.BatchPlanning{Out: a.pathOrNone(o.out), Unread: o.unread})
		if err != nil {
			return err
		}
		a.view.BatchPlan(p.Plan)
		from := ""
		if o.out != "" {
			from = "-plan " + o.out + " "
		}
		a.view.Notef("the plan is in %s; start it with kmsplan batch start %s%s", s.PlanFile(p), from, typed(address))
		if o.detailed && p.Todo > 0 {
			return exit{exitChanges}
		}
		return nil
	})
}

// planBatch plans, and shows how far the listing is.
func (a *app) planBatch(ctx context.Context, s *stack.Stack, b *stack.Batch, o stack.BatchPlanning) (*stack.PlannedBatch, error) {
	l := view.Listing{Address: b.Spec.Address, Began: a.now()}
	o.Listed = func(n int64) {
		if l.Objects = n; n%64 == 0 {
			l.At = a.now()
			a.view.Listing(l)
		}
	}
	p, err := s.PlanBatch(ctx, b, o)
	l.At, l.End = a.now(), true
	a.view.Listing(l)
	return p, err
}

// pathOrNone is path for a flag that may be empty.
func (a *app) pathOrNone(name string) string {
	if name == "" {
		return ""
	}
	return a.path(name)
}

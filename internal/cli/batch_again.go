package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"kmsplan.dev/kmsplan/internal/batch"
	"kmsplan.dev/kmsplan/internal/batch/queue"
	"kmsplan.dev/kmsplan/internal/stack"
)

func (a *app) batchVerifyCommand() *cobra.Command {
	var o batchStartOptions
	c := &cobra.Command{
		Use: "verify ADDRESS", Short: "Open every object of a batch's source, and prove under which keys they are", Args: cobra.ExactArgs(1),
		Long: `List the objects of a batch anew and open the wrap of each, in a batch of its own that writes nothing. Where none fails,
the state holds the proof that objects are under the keys that their headers name, for whoever retires a key.
` + exitsOfBatches,
		RunE: func(c *cobra.Command, args []string) error { return a.batchVerify(c.Context(), &o, args[0]) },
	}
	o.flags(c)
	return c
}

func (a *app) batchVerify(ctx context.Context, o *batchStartOptions, address string) error {
	return a.withStarting(ctx, o, address, func(g *starting) error {
		g.batch = g.batch.Verifying()
		r, err := g.queue.Record(ctx, g.address)
		switch {
		case err == nil && !r.Status.Over() && r.Spec.Action != batch.Verify:
			return unfinished(r)
		case err == nil && !r.Status.Over():
			return g.approved(ctx, r)
		case err != nil && !errors.Is(err, queue.ErrNone):
			return err
		}
		g.plan, err = a.planBatch(ctx, g.stack, g.batch, stack.BatchPlanning{Out: g.stack.PlanPlace(g.address, "verify")})
		if err != nil {
			return err
		}
		if r, err = g.create(ctx); err != nil {
			return err
		}
		return g.approved(ctx, r)
	})
}

func unfinished(r batch.Record) error {
	at := typed(r.Spec.Address)
	return withHint(fmt.Errorf("%s is %s, and not over", r.Spec.Address, r.Status), "Go on with kmsplan batch start "+at+", or end it with kmsplan batch cancel "+at+".")
}

func (a *app) batchRetryCommand() *cobra.Command {
	var o batchStartOptions
	c := &cobra.Command{
		Use: "retry-failed ADDRESS", Short: "Try the objects again that failed, as a batch of their own", Args: cobra.ExactArgs(1),
		Long: `Read the headers anew of the objects that failed in the last batch of an address, and create a batch of them alone, paused;
approved, it is worked on as by batch start. It proves nothing of the other objects: batch verify does.
` + exitsOfBatches,
		RunE: func(c *cobra.Command, args []string) error { return a.batchRetry(c.Context(), &o, args[0]) },
	}
	o.flags(c)
	return c
}

func (a *app) batchRetry(ctx context.Context, o *batchStartOptions, address string) error {
	return a.withStarting(ctx, o, address, func(g *starting) error {
		r, err := g.queue.Record(ctx, g.address)
		switch {
		case err != nil:
			return asNone(err, g.address)
		case !r.Status.Over():
			return unfinished(r)
		case r.Spec.Action == batch.Verify:
			return withHint(fmt.Errorf("the last batch of %s verified, which is done anew as a whole", g.address), "Mend the objects that batch report names, then: kmsplan batch verify "+typed(g.address))
		}
		if err := g.frozen(g.batch.Spec.Action); err != nil {
			return err
		}
		names, err := failedNames(ctx, g.queue, g.address)
		if err != nil {
			return err
		}
		if len(names) == 0 {
			a.view.Result(nil, "No object of "+g.address+" failed: nothing to try again.")
			return nil
		}
		g.batch = g.batch.Again()
		g.plan, err = a.planBatch(ctx, g.stack, g.batch, stack.BatchPlanning{Names: names, Out: g.stack.PlanPlace(g.address, "retry")})
		if err != nil {
			return err
		}
		if r, err = g.create(ctx); err != nil {
			return err
		}
		return g.approved(ctx, r)
	})
}

// failedNames are the objects that failed, in ascending order.
func failedNames(ctx context.Context, q queue.Queue, address string) (names []string, err error) {
	err = q.Failures(ctx, address, func(f batch.Failure) error { names = append(names, f.Object); return nil })
	slices.Sort(names)
	return slices.Compact(names), err
}

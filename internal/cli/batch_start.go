package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/batch"
	"kmsplan.dev/kmsplan/internal/batch/queue"
	"kmsplan.dev/kmsplan/internal/batch/queue/shards"
	"kmsplan.dev/kmsplan/internal/batch/quota"
	"kmsplan.dev/kmsplan/internal/kind"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/stack"
	"kmsplan.dev/kmsplan/internal/view"
)

// exitsOfBatches stands under the help of what works on batches.
const exitsOfBatches = `
Exit codes: 0 every object is done; 1 error, or a batch that paused or was cancelled for another reason than its
objects; 2 objects are left over: they failed, or the batch is paused; 3 a guard refuses, such as a freeze.`

// batchStartOptions are the flags of batch start, and of what starts batches of its own.
type batchStartOptions struct {
	batchFlags
	streamFlags
	approve, input bool
	detach         bool
	apart          bool // leave it to workers where its queue has some
	plan           string
	parallel       int
	unread         bool
}

func (o *batchStartOptions) flags(c *cobra.Command) {
	o.batchFlags.flags(c)
	o.streamFlags.flags(c)
	f := c.Flags()
	f.BoolVar(&o.approve, "auto-approve", false, "do not ask for approval")
	f.BoolVar(&o.input, "input", true, "ask for approval; -input=false never asks")
	f.BoolVar(&o.detach, "detach", false, "leave the work to kmsplan worker, and do not watch")
	f.IntVar(&o.parallel, "parallel", 2, "work on `N` chunks at once, of a local queue")
}

func (a *app) batchStartCommand() *cobra.Command {
	var o batchStartOptions
	c := &cobra.Command{
		Use: "start ADDRESS", Short: "Create a batch, and once it is approved work on it or watch its workers", Args: cobra.ExactArgs(1),
		Long: `Plan a batch, or take the plan that batch plan left where it still fits, and create the batch, paused. Once that is
approved it runs. A batch of a local queue is worked on here until it is done; other queues have workers (kmsplan worker)
which are watched. A batch that is there and not over is gone on with, where it stands.

The first interrupt finishes what was begun and records it; the same command goes on.
` + exitsOfBatches,
		Example: `  kmsplan batch start batch.archive
  kmsplan batch start -auto-approve batch.archive`,
		RunE: func(c *cobra.Command, args []string) error { return a.batchStart(c.Context(), &o, args[0]) },
	}
	o.flags(c)
	c.Flags().StringVar(&o.plan, "plan", "", "take the plan in `FILE`, which batch plan -out wrote")
	c.Flags().BoolVar(&o.unread, "no-headers", false, "plan without reading headers")
	return c
}

// starting is a batch on its way from its plan to its end.
type starting struct {
	app     *app
	o       *batchStartOptions
	stack   *stack.Stack
	batch   *stack.Batch
	at      addr.Address
	queue   queue.Queue
	address string
	plan    *stack.PlannedBatch
}

// withStarting opens a batch and its queue.
func (a *app) withStarting(ctx context.Context, o *batchStartOptions, address string, work func(*starting) error) error {
	if err := a.openViews(o.streamFlags); err != nil {
		return err
	}
	return a.startingIn(ctx, o, address, work)
}

// startingIn is withStarting where the views are chosen already.
func (a *app) startingIn(ctx context.Context, o *batchStartOptions, address string, work func(*starting) error) error {
	return a.withBatch(ctx, &o.batchFlags, address, func(s *stack.Stack, b *stack.Batch) error {
		q, err := b.OpenQueue(ctx, shards.Shard{})
		if err != nil {
			return fmt.Errorf("%s: open the queue: %w", b.Spec.Address, err)
		}
		defer a.closing(q.Close)
		at, err := batchAddress(address)
		if err != nil {
			return err
		}
		return work(&starting{app: a, o: o, stack: s, batch: b, at: at, queue: q, address: b.Spec.Address})
	})
}

func (a *app) batchStart(ctx context.Context, o *batchStartOptions, address string) error {
	if err := a.openViews(o.streamFlags); err != nil {
		return err
	}
	return a.startWith(ctx, o, address)
}

// startWith starts a batch, or goes on with it.
func (a *app) startWith(ctx context.Context, o *batchStartOptions, address string) error {
	return a.startingIn(ctx, o, address, func(g *starting) error {
		r, err := g.queue.Record(ctx, g.address)
		switch {
		case err == nil && !r.Status.Over():
			a.view.Notef("going on with %s of %s: %d of %d objects are dealt with", g.address, r.Created.Format(time.RFC3339), r.Tally.Objects, r.Spec.Objects)
		case err != nil && !errors.Is(err, queue.ErrNone):
			return err
		default:
			if err := g.planned(ctx); err != nil {
				return err
			}
			if r, err = g.create(ctx); err != nil {
				return err
			}
		}
		return g.approved(ctx, r)
	})
}

// planned takes the plan that is there, or plans.
func (g *starting) planned(ctx context.Context) (err error) {
	if err := g.frozen(g.batch.Spec.Action); err != nil {
		return err
	}
	why := ""
	if g.plan, why, err = g.stack.SavedBatchPlan(ctx, g.batch, g.app.pathOrNone(g.o.plan)); err != nil {
		return err
	}
	if g.plan != nil {
		g.app.view.Notef("taking the plan of %s in %s", g.plan.Spec.Planned.Format(time.RFC3339), g.stack.PlanFile(g.plan))
		return nil
	}
	if why != "" {
		g.app.view.Notef("planning anew: %s", why)
	}
	g.plan, err = g.app.planBatch(ctx, g.stack, g.batch, stack.BatchPlanning{Unread: g.o.unread})
	return err
}

// create shows the plan and makes the batch of it, paused.
func (g *starting) create(ctx context.Context) (batch.Record, error) {
	g.app.view.BatchPlan(g.plan.Plan)
	return g.stack.CreateBatch(ctx, g.queue, g.plan)
}

// frozen refuses what writes objects while a freeze lasts.
func (g *starting) frozen(action batch.Action) error {
	if !action.Writes() {
		return nil
	}
	list := plan.FrozenBatch(g.stack.Config, g.at, g.app.now())
	if len(list) == 0 {
		return nil
	}
	g.app.view.Refusals(list)
	return exit{exitRefused}
}

// approved resumes a batch once somebody says yes, and sees to its end.
func (g *starting) approved(ctx context.Context, r batch.Record) error {
	if err := g.frozen(r.Spec.Action); err != nil {
		return err
	}
	if err := g.stack.MayWork(ctx, g.batch, r.Spec); err != nil {
		return err
	}
	if r.Status == batch.Paused {
		if !g.o.approve {
			g.app.view.Notef("%s is created and paused%s; start it with kmsplan batch start %s", g.address, reasonOf(r), typed(g.address))
		}
		if err := g.app.askYes(fmt.Sprintf("Run %s on %d objects now?", g.address, r.Spec.Objects-r.Tally.Objects), g.o.approve, g.o.input && !g.o.json); err != nil {
			return err
		}
		var err error
		if r, err = g.queue.Change(ctx, g.address, queue.Change{Status: batch.Running}); err != nil {
			return err
		}
	}
	switch {
	case r.Status.Over():
	case g.batch.Queue == kind.QueueLocal && !g.left():
		if err := g.work(ctx); err != nil {
			return err
		}
	case g.left():
		g.app.view.Notef("%s runs as soon as a worker does: kmsplan worker; kmsplan batch watch %s shows how far it is", g.address, typed(g.address))
		r, err := g.queue.Record(ctx, g.address)
		if alone := unattended(g.batch, r); err == nil && alone != "" {
			g.app.view.Notef("%s: %s", g.address, alone)
		}
		return err
	default:
		g.app.view.Notef("%s is worked on by whoever runs kmsplan worker; this only watches", g.address)
		if err := g.app.watchBatch(ctx, g.batch, g.queue); err != nil {
			return err
		}
	}
	return g.end(ctx)
}

func reasonOf(r batch.Record) string {
	if r.Reason == "" {
		return ""
	}
	return " (" + r.Reason + ")"
}

// work works on the batch here, until it is done or the first interrupt.
func (g *starting) work(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stop, done := g.app.patient()
	defer done()
	w, err := g.stack.BatchWorker(ctx, stack.BatchWorking{Address: g.at, Once: true, Parallel: g.o.parallel, Failed: func(address string, chunk int, err error) {
		g.app.view.Notef("%s: chunk %d comes again: %v", address, chunk, err)
	}, Paused: func(_ string, err error) { cancel(err) }})
	if err != nil {
		return err
	}
	defer g.app.closing(w.Close)
	watched := make(chan struct{})
	watching, end := context.WithCancel(context.WithoutCancel(ctx))
	go func() { defer close(watched); g.app.progress(watching, g.queue, g.address) }()
	go func() {
		select {
		case <-stop:
			cancel(errDrained)
		case <-watching.Done():
		}
	}()
	g.app.frugal()
	err = w.Work(ctx)
	end()
	<-watched
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, errDrained) {
		return errors.Join(err, cause)
	}
	return err
}

var errDrained = errors.New("interrupted")

// end says what became of a batch.
func (g *starting) end(ctx context.Context) error {
	ctx = context.WithoutCancel(ctx)
	r, err := g.queue.Record(ctx, g.address)
	if err != nil {
		return err
	}
	if r.Status.Over() {
		if err := g.stack.EndedBatch(ctx, g.queue, r); err != nil {
			return err
		}
	}
	g.app.view.Batching(view.Batching{Record: r, Began: g.app.now(), At: g.app.now(), End: true})
	g.app.view.Result(nil, endLines(r)...)
	if r.Status != batch.Done || r.Tally.Failed > 0 {
		return exit{exitChanges}
	}
	return nil
}

// rateOf is the rate of calls as it is.
func rateOf(ctx context.Context, q queue.Queue, r batch.Record) float64 {
	now, _, err := q.Bucket(r.Spec.Target.Gateway, quota.Symmetric).Rate(ctx)
	if err != nil {
		return 0
	}
	return now
}

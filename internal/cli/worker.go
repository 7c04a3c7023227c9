package cli

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"kmsplan.dev/kmsplan/internal/batch/queue/shards"
	"kmsplan.dev/kmsplan/internal/durable"
	"kmsplan.dev/kmsplan/internal/kind"
	"kmsplan.dev/kmsplan/internal/stack"
	"kmsplan.dev/kmsplan/internal/view"
)

// workerOptions are the flags of worker.
type workerOptions struct {
	batchFlags
	streamFlags
	working stack.BatchWorking
	shard   string
	migrate bool
	grant   string
	page    workerPage
}

func (a *app) workerCommand() *cobra.Command {
	var o workerOptions
	c := &cobra.Command{
		Use: "worker [ADDRESS]", Short: "Work on the module's batches that run, until it is told to end", GroupID: groupBatches, Args: cobra.MaximumNArgs(1),
		Long: `Take chunks of the module's batches that run, or of one, and do them, until a signal ends it: SIGTERM and the first
interrupt finish what was begun and record it. Any number of workers may run, on one machine or on many; together they
keep to the batch's rate. A batch that another stack planned, or whose source is another place here, is refused.

-once ends when nothing is left to do for this worker. Exit codes are then: 0 nothing is left; 1 an error, such as a batch
that fails everywhere and was paused; 2 objects are left over: a batch is paused, or an interrupt came first. Objects that
failed are no work that is left: kmsplan batch report names them. -shard 3/10 is the fourth of ten workers of a queue of shards. -migrate makes or
upgrades the tables of queues in PostgreSQL, and works on nothing; -grant ROLE prints, for the owner to run, the least
rights of the role that workers have there: on the queue, on the columns of a source, and on a state. -listen 127.0.0.1:8322 serves a page for people who
would rather look; with -token-file, whoever has the token may pause, resume, cancel and set the rate there.`,
		Example: `  kmsplan worker
  kmsplan worker -once -parallel 4 batch.archive
  kmsplan worker -migrate -grant worker | psql
  kmsplan worker -once -shard 3/10 -ledger s3://jobs/archive batch.archive`,
		RunE: func(c *cobra.Command, args []string) error { return a.worker(c.Context(), &o, args) },
	}
	o.batchFlags.flags(c)
	o.streamFlags.flags(c)
	f := c.Flags()
	f.BoolVar(&o.working.Once, "once", false, "end when nothing is left to do")
	f.StringVar(&o.working.Queue, "queue", "", "only batches of `KIND` of queue: local, postgres or shards")
	f.IntVar(&o.working.Parallel, "parallel", 2, "work on `N` chunks at once")
	f.StringVar(&o.shard, "shard", "", "be the worker `INDEX/SHARDS` of queues of shards, the index from 0")
	f.StringVar(&o.working.Ledger, "ledger", "", "the `PLACE` of queues of shards, instead of what the module says")
	o.page.flags(f)
	f.StringVar(&o.grant, "grant", "", "print the least rights in PostgreSQL of a worker's `ROLE`, as GRANT statements, and end; after -migrate, if that is given")
	f.BoolVar(&o.migrate, "migrate", false, "make or upgrade the tables of queues in PostgreSQL, and end")
	return c
}

func (a *app) worker(ctx context.Context, o *workerOptions, args []string) (err error) {
	if err := a.openViews(o.streamFlags); err != nil {
		return err
	}
	if err := o.check(args); err != nil {
		return err
	}
	return a.withBatches(&o.batchFlags, func(s *stack.Stack) error {
		o.working.Failed = func(address string, chunk int, err error) {
			a.view.Notef("%s: chunk %d comes again: %v", address, chunk, err)
		}
		var stuck pausedHere
		o.working.Paused = func(address string, err error) {
			a.view.Notef("%s is paused: %v. Once that is mended, kmsplan batch resume %s goes on", address, err, typed(address))
			stuck.add(address)
		}
		w, err := s.BatchWorker(ctx, o.working)
		if err != nil {
			return err
		}
		defer a.closing(w.Close)
		if o.migrate || o.grant != "" {
			return a.prepareWork(ctx, w, o)
		}
		a.frugal()
		interrupted, err := a.workAs(ctx, w, &o.page)
		if err != nil || !o.working.Once {
			return err
		}
		if err := stuck.err(); err != nil {
			return err
		}
		return a.leftOver(ctx, w, interrupted)
	})
}

// prepareWork brings the tables of queues up to this version, and prints what a role needs of them.
func (a *app) prepareWork(ctx context.Context, w *stack.BatchWorker, o *workerOptions) error {
	if o.migrate {
		places, err := w.Migrate(ctx)
		for _, place := range places {
			a.view.Notef("the tables in %s are of this version", place)
		}
		if err != nil {
			return err
		}
	}
	if o.grant == "" {
		return nil
	}
	grants, err := w.Grants(ctx, o.grant)
	if err != nil {
		return err
	}
	if len(grants) == 0 {
		return errors.New("-grant: neither a queue, nor a source of the module's batches, nor its state is in PostgreSQL")
	}
	var list []view.Granted
	for _, g := range grants {
		list = append(list, view.Granted(g))
	}
	a.view.Granting(o.grant, list)
	return nil
}

// check reads what the flags say.
func (o *workerOptions) check(args []string) (err error) {
	if len(args) > 0 {
		if o.working.Address, err = batchAddress(args[0]); err != nil {
			return err
		}
	}
	if o.shard != "" {
		if o.working.Shard, err = shards.ParseShard(o.shard); err != nil {
			return usageError{err}
		}
	}
	if err := o.page.check(); err != nil {
		return err
	}
	switch {
	case o.working.Parallel < 1:
		return usageError{errors.New("-parallel is a number of chunks, from 1")}
	case strings.ContainsAny(o.grant, "\x00\r\n"):
		return usageError{errors.New("-grant is the name of a role, on one line")}
	case o.migrate && o.working.Queue == "":
		o.working.Queue = kind.QueuePostgres
	case o.shard != "" && o.working.Queue == "":
		o.working.Queue = kind.QueueShards
	}
	switch o.working.Queue {
	case "", kind.QueueLocal, kind.QueuePostgres, kind.QueueShards:
		return nil
	}
	return usageError{fmt.Errorf("-queue %q: write local, postgres or shards", o.working.Queue)}
}

// frugal has a process that works for long take little memory. It lets go of the pages of the program that served its start, and the
// garbage collector keeps less than it otherwise would: what a worker holds is small and stays so, and every worker of a machine
// holds it. GOGC says otherwise, as in every program in Go.
func (a *app) frugal() {
	const percent = 25 // more than what is in use; Go's default is 100
	if a.getenv("GOGC") == "" {
		debug.SetGCPercent(percent)
	}
	durable.ReleaseImage()
}

// workAs works until the first interrupt, and reports whether it came.
func (a *app) workAs(ctx context.Context, w *stack.BatchWorker, p *workerPage) (interrupted bool, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	closePage, err := a.servePage(ctx, w, p)
	if err != nil {
		return false, err
	}
	defer closePage()
	stop, done := a.patient()
	defer done()
	go func() {
		select {
		case <-stop:
			cancel()
		case <-ctx.Done():
		}
	}()
	a.view.Notef("working on batches in %s", strings.Join(w.Places(), ", "))
	err = w.Work(ctx)
	return ctx.Err() != nil, err
}

package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"kmsplan.dev/kmsplan/internal/batch"
	"kmsplan.dev/kmsplan/internal/batch/queue"
	"kmsplan.dev/kmsplan/internal/stack"
	"kmsplan.dev/kmsplan/internal/view"
)

// lookEvery is how often a batch is looked at that others work on.
const lookEvery = time.Second

// progress shows how far a batch is until ctx ends.
func (a *app) progress(ctx context.Context, q queue.Queue, address string) {
	t := time.NewTicker(lookEvery)
	defer t.Stop()
	p := progressing{app: a, queue: q, address: address}
	for {
		if _, err := p.look(ctx); err != nil {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
	}
}

// progressing is one who looks at a batch.
type progressing struct {
	app     *app
	queue   queue.Queue
	address string
	began   time.Time
	before  batch.Tally
	pace    pace
}

func (p *progressing) look(ctx context.Context) (batch.Record, error) {
	r, err := p.queue.Record(ctx, p.address)
	if err != nil {
		return r, err
	}
	now := p.app.now()
	if p.began.IsZero() {
		p.began, p.before = now, r.Tally
	}
	used := p.pace.of(now, r.Tally.Calls)
	p.app.view.Batching(view.Batching{Record: r, Now: rateOf(ctx, p.queue, r), Used: used, Began: p.began, At: now, Before: p.before.Objects})
	return r, nil
}

// watchPatience is how long a queue may be away, as its database is while it restarts, until who watches gives up.
const watchPatience = 2 * time.Minute

// watchBatch watches a batch until it is over or paused, or the first interrupt, which leaves it to its workers.
func (a *app) watchBatch(ctx context.Context, b *stack.Batch, q queue.Queue) error {
	address := b.Spec.Address
	stop := a.stop.claim()
	t := time.NewTicker(lookEvery)
	defer t.Stop()
	p := progressing{app: a, queue: q, address: address}
	heard, away, alone := time.Now(), false, ""
	for {
		r, err := p.look(ctx)
		switch {
		case err == nil && r.Status != batch.Running:
			return nil
		case err == nil:
			heard, away = time.Now(), false
			if now := unattended(b, r); now != alone {
				if alone = now; alone != "" {
					a.view.Notef("%s: %s", address, alone)
				}
			}
		case errors.Is(err, queue.ErrNone) || ctx.Err() != nil || time.Since(heard) > watchPatience:
			return err
		case !away:
			away = true
			a.view.Notef("the queue does not answer, and is asked again: %v", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-stop:
			a.view.Notef("%s goes on without this; kmsplan batch watch %s watches it again", address, typed(address))
			return nil
		case <-t.C:
		}
	}
}

func (a *app) batchWatchCommand() *cobra.Command {
	var o batchFlags
	var streams streamFlags
	c := &cobra.Command{
		Use: "watch ADDRESS", Short: "Show how far a batch is until it is done or paused", Args: cobra.ExactArgs(1),
		Long: "Show how far a batch is, until it is done, paused or cancelled. An interrupt ends the watching, not the batch.\n" + exitsOfBatches,
		RunE: func(c *cobra.Command, args []string) error {
			if err := a.openViews(streams); err != nil {
				return err
			}
			return a.withQueue(c.Context(), &o, args[0], func(s *stack.Stack, b *stack.Batch, q queue.Queue) error {
				if err := a.watchBatch(c.Context(), b, q); err != nil {
					return asNone(err, b.Spec.Address)
				}
				return (&starting{app: a, stack: s, batch: b, queue: q, address: b.Spec.Address}).end(c.Context())
			})
		},
	}
	o.flags(c)
	streams.flags(c)
	return c
}

// asNone says what to do where there is no such batch.
func asNone(err error, address string) error {
	if errors.Is(err, queue.ErrNone) {
		return withHint(fmt.Errorf("%s was never started", address), "Plan it with kmsplan batch plan "+typed(address)+", and start it with kmsplan batch start "+typed(address)+".")
	}
	return err
}

// endLines sum a batch up.
func endLines(r batch.Record) []string {
	t := r.Tally
	lines := []string{fmt.Sprintf("%s is %s%s: %d of %d objects, %d written, %d at the target already, %d newer, %d opened, %d gone, %d failed; %d calls.",
		r.Spec.Address, r.Status, reasonOf(r), t.Objects, r.Spec.Objects, t.Written, t.Already, t.Newer, t.Opened, t.Gone, t.Failed, t.Calls)}
	at := typed(r.Spec.Address)
	switch {
	case r.Status == batch.Running:
		lines = append(lines, "It is not done; go on with kmsplan batch start "+at+", or have kmsplan worker work on it.")
	case r.Status == batch.Paused:
		lines = append(lines, "Go on with kmsplan batch start "+at+"; kmsplan batch report "+at+" names what failed.")
	case t.Failed > 0:
		lines = append(lines, "kmsplan batch report "+at+" names what failed, and kmsplan batch retry-failed "+at+" tries those objects again.")
	}
	return lines
}

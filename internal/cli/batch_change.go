package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"kmsplan.dev/kmsplan/internal/batch"
	"kmsplan.dev/kmsplan/internal/batch/queue"
	"kmsplan.dev/kmsplan/internal/batch/quota"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/stack"
)

// changing are the flags of what changes a batch.
type changing struct {
	batchFlags
	json   bool
	reason string
}

func (o *changing) flags(c *cobra.Command) {
	o.batchFlags.flags(c)
	jsonFlag(c, &o.json)
}

// change changes a batch, and shows what it is doing then.
func (a *app) change(ctx context.Context, o *changing, address string, to func(*stack.Stack, *stack.Batch) (queue.Change, error)) error {
	a.answerIn(o.json)
	return a.withQueue(ctx, &o.batchFlags, address, func(s *stack.Stack, b *stack.Batch, q queue.Queue) error {
		before, err := q.Record(ctx, b.Spec.Address)
		if err != nil {
			return asNone(err, b.Spec.Address)
		}
		if before.Status.Over() {
			return withHint(fmt.Errorf("%s is %s", b.Spec.Address, before.Status), "kmsplan batch start "+typed(b.Spec.Address)+" plans and starts it anew.")
		}
		c, err := to(s, b)
		if err != nil {
			return err
		}
		r, err := q.Change(ctx, b.Spec.Address, c)
		if err != nil {
			return err
		}
		if c.Rate != nil {
			if err := q.Bucket(r.Spec.Target.Gateway, quota.Symmetric).Set(ctx, r.Rate.PerSecond(b.Quota)); err != nil {
				return err
			}
		}
		if r.Status.Over() {
			if err := s.EndedBatch(ctx, q, r); err != nil {
				return err
			}
		}
		now := batchStatus{r, rateOf(ctx, q, r), unattended(b, r)}
		a.view.Result(now, batchLines(now)...)
		return nil
	})
}

func (a *app) batchPauseCommand() *cobra.Command {
	var o changing
	c := &cobra.Command{
		Use: "pause ADDRESS", Short: "Have a batch's workers stop after what they have begun", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return a.change(c.Context(), &o, args[0], func(s *stack.Stack, _ *stack.Batch) (queue.Change, error) {
				return queue.Change{Status: batch.Paused, Reason: by("paused", s, o.reason)}, nil
			})
		},
	}
	o.flags(c)
	c.Flags().StringVar(&o.reason, "reason", "", "why, for whoever looks: `TEXT`")
	return c
}

// by says who did it, and why.
func by(what string, s *stack.Stack, reason string) string {
	text := what + " by " + s.Operator()
	if reason != "" {
		text += ": " + reason
	}
	return text
}

func (a *app) batchResumeCommand() *cobra.Command {
	var o changing
	c := &cobra.Command{
		Use: "resume ADDRESS", Short: "Let a paused batch run, for workers that are there", Args: cobra.ExactArgs(1),
		Long: `Let a paused batch run: workers that are there, or come, go on with it. kmsplan batch start does that too, and works on a
batch of a local queue itself. A freeze refuses it (exit code 3).`,
		RunE: func(c *cobra.Command, args []string) error {
			return a.change(c.Context(), &o, args[0], func(s *stack.Stack, b *stack.Batch) (queue.Change, error) {
				at, err := batchAddress(args[0])
				if err != nil {
					return queue.Change{}, err
				}
				if list := plan.FrozenBatch(s.Config, at, a.now()); len(list) > 0 && b.Spec.Action.Writes() {
					a.view.Refusals(list)
					return queue.Change{}, exit{exitRefused}
				}
				return queue.Change{Status: batch.Running}, nil
			})
		},
	}
	o.flags(c)
	return c
}

func (a *app) batchCancelCommand() *cobra.Command {
	var o changing
	var approve, input bool
	c := &cobra.Command{
		Use: "cancel ADDRESS", Short: "End a batch for good; what is done stays done", Args: cobra.ExactArgs(1),
		Long: `End a batch for good. What is done stays done, and a batch that is started anew skips it. Asks, unless -auto-approve is given.`,
		RunE: func(c *cobra.Command, args []string) error {
			return a.change(c.Context(), &o, args[0], func(s *stack.Stack, b *stack.Batch) (queue.Change, error) {
				err := a.askYes("Cancel "+b.Spec.Address+" for good?", approve, input)
				return queue.Change{Status: batch.Cancelled, Reason: by("cancelled", s, o.reason)}, err
			})
		},
	}
	o.flags(c)
	c.Flags().StringVar(&o.reason, "reason", "", "why, for whoever looks: `TEXT`")
	c.Flags().BoolVar(&approve, "auto-approve", false, "do not ask for approval")
	c.Flags().BoolVar(&input, "input", true, "ask for approval; -input=false never asks")
	return c
}

func (a *app) batchRateCommand() *cobra.Command {
	var o changing
	var to batch.Rate
	c := &cobra.Command{
		Use: "rate ADDRESS", Short: "Change how many calls a second all workers of a batch make together", Args: cobra.ExactArgs(1),
		Long: `Change the rate of a batch while it runs: a share of the gateway's quota, or a number of calls a second, which is a
ceiling. Batches of one queue and one gateway share one rate: the last that was set holds.`,
		Example: `  kmsplan batch rate -share 0.2 batch.archive`,
		RunE: func(c *cobra.Command, args []string) error {
			if to == (batch.Rate{}) {
				return usageError{errors.New("say -share, above 0 and at most 1, or -calls-per-second")}
			}
			if err := to.Check(); err != nil {
				return usageError{err}
			}
			return a.change(c.Context(), &o, args[0], func(*stack.Stack, *stack.Batch) (queue.Change, error) {
				return queue.Change{Rate: &to}, nil
			})
		},
	}
	o.flags(c)
	c.Flags().Float64Var(&to.Share, "share", 0, "the `PART` of the gateway's quota, such as 0.2")
	c.Flags().Float64Var(&to.CallsPerSecond, "calls-per-second", 0, "at most `N` calls a second, from 0.1")
	return c
}

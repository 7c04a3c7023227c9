package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/kind"
	"kmsplan.dev/kmsplan/internal/stack"
)

// batchCommand groups the commands on batches.
func (a *app) batchCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "batch", Short: "Plan, start and watch jobs over many objects", GroupID: groupBatches, Args: noSuchSubcommand,
		Long: `A batch brings many objects (files, objects of a bucket, values of a column) under a key: the batch blocks of the
module say which. A batch is planned, which shows what it takes, and created paused; workers do it chunk by chunk, and
what is done is skipped whenever it is begun again.`,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(
		a.batchPlanCommand(), a.batchStartCommand(), a.batchStatusCommand(), a.batchWatchCommand(), a.batchPauseCommand(), a.batchResumeCommand(),
		a.batchCancelCommand(), a.batchRetryCommand(), a.batchRateCommand(), a.batchVerifyCommand(), a.batchReportCommand(),
	)
	return c
}

// batchFlags are those of every command on batches.
type batchFlags struct {
	vars        variables
	lockTimeout time.Duration
}

func (f *batchFlags) flags(c *cobra.Command) {
	f.vars.flags(c)
	lockTimeoutFlag(c, &f.lockTimeout)
}

// batchAddress reads the address of one batch.
func batchAddress(text string) (addr.Address, error) {
	at, err := addr.Parse(text)
	switch {
	case err != nil:
		return at, usageError{fmt.Errorf("%w; an address is batch.NAME, or batch.NAME[\"KEY\"] of one that has instances", err)}
	case at.Data || at.Kind != kind.BatchKind:
		return at, usageError{fmt.Errorf("%s is no batch; the address of one is batch.NAME", text)}
	}
	return at, nil
}

// withBatches opens the stack for work on its batches: their calls take turns.
func (a *app) withBatches(f *batchFlags, work func(*stack.Stack) error) error {
	a.batchTurns = true
	s, err := a.openStack(&f.vars, f.lockTimeout)
	if err != nil {
		return err
	}
	defer a.closing(s.Close)
	return work(s)
}

// withBatch is withBatches for one that is evaluated, with its target.
func (a *app) withBatch(ctx context.Context, f *batchFlags, address string, work func(*stack.Stack, *stack.Batch) error) error {
	at, err := batchAddress(address)
	if err != nil {
		return err
	}
	return a.withBatches(f, func(s *stack.Stack) error {
		b, err := s.Batch(ctx, at)
		if err != nil {
			return err
		}
		return work(s, b)
	})
}

// typed is an address as it is typed in a shell.
func typed(address string) string {
	if strings.ContainsAny(address, `["]`) {
		return "'" + address + "'"
	}
	return address
}

package cli

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"kmsplan.dev/kmsplan/internal/emulator/control"
)

// timeLayout is how the emulator's commands print times: UTC, seconds.
const timeLayout = time.RFC3339

// emulatorClockCommand reads and moves the virtual clock.
func (a *app) emulatorClockCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "clock", Short: "Read and move the emulator's clock", Args: noSuchSubcommand,
		Long: `The emulator lives by a virtual clock: rotations, deletions and expiries are due by it, and
fire in their order when it moves.`,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(
		a.clockVerb("show", "Print the clock", cobra.NoArgs, func(ctx context.Context, k *control.Client, _ []string) (control.Clock, error) {
			return k.Clock(ctx)
		}),
		a.clockVerb("set TIME", "Set the clock (RFC 3339); forward fires what is due", cobra.ExactArgs(1), func(ctx context.Context, k *control.Client, args []string) (control.Clock, error) {
			t, err := time.Parse(time.RFC3339, args[0])
			if err != nil {
				return control.Clock{}, usageError{fmt.Errorf("%q is no time; write it as 2026-11-24T08:00:00Z", args[0])}
			}
			return k.SetClock(ctx, t)
		}),
		a.clockVerb("advance DURATION", "Move the clock forward, for example by 90d, and print what fired", cobra.ExactArgs(1), func(ctx context.Context, k *control.Client, args []string) (control.Clock, error) {
			return k.Advance(ctx, args[0])
		}),
		a.clockVerb("freeze", "Stop the clock", cobra.NoArgs, func(ctx context.Context, k *control.Client, _ []string) (control.Clock, error) {
			return k.Freeze(ctx)
		}),
		a.clockVerb("resume", "Let the clock run at real time", cobra.NoArgs, func(ctx context.Context, k *control.Client, _ []string) (control.Clock, error) {
			return k.Resume(ctx)
		}),
		a.clockVerb("run RATE", "Let the clock run, RATE virtual seconds per second", cobra.ExactArgs(1), func(ctx context.Context, k *control.Client, args []string) (control.Clock, error) {
			rate, err := strconv.ParseFloat(args[0], 64)
			if err != nil {
				return control.Clock{}, usageError{fmt.Errorf("%q is no rate; write a number such as 1000", args[0])}
			}
			return k.Run(ctx, rate)
		}),
	)
	return c
}

// clockVerb is one clock command; each prints the clock and what fired.
func (a *app) clockVerb(use, short string, args cobra.PositionalArgs, do func(context.Context, *control.Client, []string) (control.Clock, error)) *cobra.Command {
	s := &steering{}
	return a.steer(&cobra.Command{Use: use, Short: short, Args: args}, s, func(ctx context.Context, client *control.Client, args []string) error {
		clock, err := do(ctx, client, args)
		if err != nil {
			return err
		}
		var lines []string
		for _, f := range clock.Fired {
			lines = append(lines, fmt.Sprintf("%s  %-22s  %s  %s", f.At.UTC().Format(timeLayout), f.Event, f.Resource, f.Detail))
		}
		a.view.Result(clock, append(lines, clockText(clock))...)
		return nil
	})
}

func clockText(c control.Clock) string {
	text := c.Now.UTC().Format(timeLayout)
	switch {
	case c.Frozen:
		text += " (frozen)"
	case c.Rate != 0 && c.Rate != 1:
		text += fmt.Sprintf(" (%g virtual seconds per second)", c.Rate)
	}
	return text
}

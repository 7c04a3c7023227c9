package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"
)

// recoverCommand resolves what interrupted runs left open.
func (a *app) recoverCommand() *cobra.Command {
	var vars variables
	var stream streamFlags
	var lockTimeout time.Duration
	c := &cobra.Command{
		Use: "recover", Short: "Find out what became of calls that an interrupted run left open", GroupID: groupState, Args: cobra.NoArgs,
		Long: `Fold an interrupted run's journal into the state and resolve its open calls: a key whose
creation took effect is found by its intent tag and adopted. apply does this by itself, and plan
in memory. Objects that carry this stack's tags and that its state does not know, as of a request that
was delivered twice, are listed with the ways on; nothing is done to them.`,
		RunE: func(c *cobra.Command, _ []string) error {
			return a.recoverOpen(c.Context(), &vars, stream, lockTimeout)
		},
	}
	vars.flags(c)
	stream.flags(c)
	lockTimeoutFlag(c, &lockTimeout)
	return c
}

func (a *app) recoverOpen(ctx context.Context, vars *variables, stream streamFlags, lockTimeout time.Duration) error {
	if err := a.openViews(stream); err != nil {
		return err
	}
	s, err := a.openStack(vars, lockTimeout)
	if err != nil {
		return err
	}
	defer a.closing(s.Close)
	got, err := s.Recover(ctx)
	if err != nil {
		return err
	}
	a.view.Recovery(got)
	if len(got.Open) > 0 || len(got.Strays) > 0 {
		return exit{exitChanges}
	}
	return nil
}

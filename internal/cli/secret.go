package cli

import (
	"context"

	"github.com/spf13/cobra"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/resource"
)

// secretCommand groups the commands on the versions of one secret.
func (a *app) secretCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "secret", Short: "Put, promote, roll back and rotate a secret's value", GroupID: groupCare, Args: noSuchSubcommand,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(a.secretPutCommand(), a.secretPromoteCommand(), a.secretRollbackCommand(), a.secretRotateCommand())
	return c
}

func (a *app) secretPutCommand() *cobra.Command {
	var o askOptions
	var from string
	c := &cobra.Command{
		Use: "put ADDRESS", Short: "Give a secret another value, which becomes the current version", Args: cobra.ExactArgs(1),
		Long: `Store a value as a new version, which becomes the current one. The value comes from a file, from
standard input, or from a prompt that does not show it; never from the command line. Its bytes are
kept as they are, a line break at the end among them.

A value that the configuration declares is not put again while it stays the same: the command says
what the next plan does. A current version that this stack did not write is kept by a guard.
` + exitsOfAsked,
		RunE: func(c *cobra.Command, args []string) error {
			at, err := objectAddress(args[0], plan.KindSecret)
			if err != nil {
				return err
			}
			if from == "-" && !o.approve && !o.dryRun {
				return withHint(usageError{errStdinTwice}, "Add -auto-approve, or give the value in a file.")
			}
			return a.putSecret(c.Context(), &o, at, from)
		},
	}
	c.Flags().StringVar(&from, "value-file", "", "read the value from `FILE`; - is standard input")
	o.flags(c)
	return c
}

// putSecret reads the value once it is clear that it may be put.
func (a *app) putSecret(ctx context.Context, o *askOptions, at addr.Address, from string) error {
	k, err := a.ask(ctx, o, []plan.Request{{Addr: at, Act: plan.ActPut}})
	if err != nil {
		return err
	}
	defer k.close()
	if k.plan.Refused() || o.dryRun {
		return k.carryOut(ctx, nil)
	}
	value, err := a.secretValue(at, from, o.input && !o.json)
	if err != nil {
		return err
	}
	defer value.Zero()
	return k.carryOut(ctx, map[addr.Address]resource.Given{at: {Value: value}})
}

func (a *app) secretPromoteCommand() *cobra.Command {
	var o askOptions
	c := &cobra.Command{
		Use: "promote ADDRESS VERSION", Short: "Make a version of a secret the current one", Args: cobra.ExactArgs(2),
		Long: `Move the stage ACSCurrent to a version that the secret has; the one that was current becomes
ACSPrevious. A current version that others wrote is taken as this stack's own by promoting it.
` + exitsOfAsked,
		RunE: func(c *cobra.Command, args []string) error {
			return a.askOfSecret(c.Context(), &o, args[0], plan.Request{Act: plan.ActPromote, Version: args[1]})
		},
	}
	o.flags(c)
	return c
}

func (a *app) secretRollbackCommand() *cobra.Command {
	var o askOptions
	c := &cobra.Command{
		Use: "rollback ADDRESS", Short: "Make the previous version of a secret the current one", Args: cobra.ExactArgs(1),
		Long: `Move the stage ACSCurrent to the version that holds ACSPrevious. The two change places, so that
another rollback takes it back.
` + exitsOfAsked,
		RunE: func(c *cobra.Command, args []string) error {
			return a.askOfSecret(c.Context(), &o, args[0], plan.Request{Act: plan.ActRollback})
		},
	}
	o.flags(c)
	return c
}

func (a *app) secretRotateCommand() *cobra.Command {
	var o askOptions
	c := &cobra.Command{
		Use: "rotate ADDRESS", Short: "Give a secret a fresh value, made by KMS or by kmsplan", Args: cobra.ExactArgs(1),
		Long: `Let the one who makes a secret's values make another: KMS for a managed secret (RotateSecret),
kmsplan for one with a generate block. A value that its author writes is put, not rotated.
` + exitsOfAsked,
		RunE: func(c *cobra.Command, args []string) error {
			return a.askOfSecret(c.Context(), &o, args[0], plan.Request{Act: plan.ActRotate})
		},
	}
	o.flags(c)
	return c
}

// askOfSecret does one act on one secret.
func (a *app) askOfSecret(ctx context.Context, o *askOptions, address string, ask plan.Request) (err error) {
	if ask.Addr, err = objectAddress(address, plan.KindSecret); err != nil {
		return err
	}
	k, err := a.ask(ctx, o, []plan.Request{ask})
	if err != nil {
		return err
	}
	defer k.close()
	return k.carryOut(ctx, nil)
}

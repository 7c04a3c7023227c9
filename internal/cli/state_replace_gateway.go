package cli

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"kmsplan.dev/kmsplan/internal/stack"
)

// stateReplaceGatewayCommand tells the state that a gateway block has another name.
func (a *app) stateReplaceGatewayCommand() *cobra.Command {
	var approve, input, asJSON bool
	var lockTimeout time.Duration
	c := &cobra.Command{
		Use: "replace-gateway OLD NEW", Short: "Tell the state that a gateway block has another name", Args: cobra.ExactArgs(2),
		Long: `Give every object that the state has on the gateway OLD the gateway NEW: after the block was renamed,
or split, or joined with another. NEW is a gateway block of the module; OLD need not be one any more.
The objects are not touched. First the block is asked for what is there: unless it leads to the account,
the region and the instance in which the objects are, nothing is changed, with exit code 3.`,
		Example: `  kmsplan state replace-gateway dev hangzhou`,
		RunE: func(c *cobra.Command, args []string) error {
			a.answerIn(asJSON)
			stored, err := a.openState(lockTimeout)
			if err != nil {
				return err
			}
			err = a.replaceGateway(c, stored, args[0], args[1], func(question string) error { return a.askYes(question, approve || asJSON, input) })
			return errors.Join(err, stored.Close())
		},
	}
	lockTimeoutFlag(c, &lockTimeout)
	f := c.Flags()
	f.BoolVar(&approve, "auto-approve", false, "do not ask for approval")
	f.BoolVar(&input, "input", true, "ask for approval; -input=false never asks")
	f.BoolVar(&asJSON, "json", false, "print JSON, and do not ask")
	return c
}

func (a *app) replaceGateway(c *cobra.Command, stored *stack.Stored, from, to string, ask func(string) error) error {
	planned, err := stored.Regateway(c.Context(), from, to)
	var elsewhere *stack.ElsewhereError
	if errors.As(err, &elsewhere) {
		a.view.Error("Refused", elsewhere,
			"Correct the block's region, instance or credentials, and say it again.",
			"Objects that shall be managed in another place are declared there; kmsplan state rm ADDRESS lets go of those here.")
		return exit{exitRefused}
	}
	if err != nil {
		return err
	}
	if err := ask(fmt.Sprintf("Give %d objects the gateway %q in place of %q?", len(planned.Objects), to, from)); err != nil {
		return err
	}
	if err := stored.ReplaceGateway(c.Context(), planned); err != nil {
		return err
	}
	a.view.Result(map[string]any{"from": from, "to": to, "objects": planned.Objects},
		fmt.Sprintf("%d objects are on the gateway %q now. Next: kmsplan plan", len(planned.Objects), to))
	return nil
}

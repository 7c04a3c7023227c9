package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
)

// doctorCommand checks what can be checked without changing anything.
func (a *app) doctorCommand() *cobra.Command {
	var vars variables
	var asJSON bool
	c := &cobra.Command{
		Use: "doctor", Short: "Check credentials, certificates, clocks and reachability of every gateway", GroupID: groupTools, Args: cobra.NoArgs,
		Long: `For every gateway block: which credentials are used, whether the endpoints answer and how far
the clocks are apart, what the instance's CA is, and when CA and ClientKey expire. Nothing is changed.
Exits 1 when something is wrong.`,
		RunE: func(c *cobra.Command, _ []string) error { return a.doctor(c.Context(), &vars, asJSON) },
	}
	vars.flags(c)
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

func (a *app) doctor(ctx context.Context, vars *variables, asJSON bool) error {
	gateways, err := a.openGateways(vars, nil)
	if err != nil {
		return err
	}
	defer a.closing(gateways.Close)
	all := gateways.Examine(ctx)
	if asJSON {
		if err := a.term.Value(all); err != nil {
			return err
		}
	}
	bad := false
	for _, f := range all {
		bad = bad || !f.OK
		if !asJSON {
			a.term.Finding(f.OK, fmt.Sprintf("gateway %q: %s", f.Gateway, f.Check), f.Detail)
		}
	}
	if bad {
		return exit{exitError}
	}
	return nil
}

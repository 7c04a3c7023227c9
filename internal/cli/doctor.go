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

// finding is one line of a doctor's report.
type finding struct {
	Gateway string `json:"gateway"`
	Check   string `json:"check"`
	OK      bool   `json:"ok"`
	Detail  string `json:"detail"`
}

func (a *app) doctor(ctx context.Context, vars *variables, asJSON bool) error {
	cfg, err := a.loadGateways(vars)
	if err != nil {
		return err
	}
	gateways := a.newGateways(cfg, defaultLockTimeout)
	defer a.closing(gateways.close)
	var all []finding
	bad := 0
	for _, b := range cfg.Gateways {
		for _, f := range gateways.examine(ctx, b.Name) {
			all = append(all, f)
			if !f.OK {
				bad++
			}
		}
	}
	if asJSON {
		if err := a.term.Value(all); err != nil {
			return err
		}
	} else {
		for _, f := range all {
			a.term.Finding(f.OK, fmt.Sprintf("gateway %q: %s", f.Gateway, f.Check), f.Detail)
		}
	}
	if bad > 0 {
		return exit{exitError}
	}
	return nil
}

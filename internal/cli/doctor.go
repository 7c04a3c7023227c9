package cli

import (
	"context"
	"slices"

	"github.com/spf13/cobra"

	"kmsplan.dev/kmsplan/internal/stack"
	"kmsplan.dev/kmsplan/internal/view"
)

// doctorCommand checks what can be checked without changing anything.
func (a *app) doctorCommand() *cobra.Command {
	var vars variables
	var asJSON bool
	c := &cobra.Command{
		Use: "doctor", Short: "Check credentials, certificates, clocks and reachability of every gateway, and that the state opens", GroupID: groupTools, Args: cobra.NoArgs,
		Long: `For every gateway block: which credentials are used, whether the endpoints answer and how far
the clocks are apart, what the instance's CA is, and when CA and ClientKey expire. Then it opens the state, its journal and
the oldest of the states that are kept, and says under which key each is sealed. Nothing is changed.
Exits 1 when something is wrong.`,
		RunE: func(c *cobra.Command, _ []string) error { return a.doctor(c.Context(), &vars, asJSON) },
	}
	vars.flags(c)
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

func (a *app) doctor(ctx context.Context, vars *variables, asJSON bool) error {
	a.answerIn(asJSON)
	gateways, err := a.openGateways(vars, nil)
	if err != nil {
		return err
	}
	defer a.closing(gateways.Close)
	all := append(gateways.Examine(ctx), gateways.ExamineState(ctx)...)
	findings := make([]view.Finding, len(all))
	for i, f := range all {
		findings[i] = view.Finding(f)
	}
	a.view.Findings(findings)
	if slices.ContainsFunc(all, func(f stack.Finding) bool { return !f.OK }) {
		return exit{exitError}
	}
	return nil
}

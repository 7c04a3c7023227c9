package cli

import (
	"github.com/spf13/cobra"

	"kmsplan.dev/kmsplan/internal/stack"
)

// validateCommand checks the configuration without calling anything.
func (a *app) validateCommand() *cobra.Command {
	var asJSON bool
	vars := &variables{}
	c := &cobra.Command{
		Use: "validate", Short: "Check the configuration, without calling anything", GroupID: groupDeclare, Args: cobra.NoArgs,
		Long: `Check the module's files: syntax, references, types, and the rules of KMS itself (which
specs rotate, ranges, name patterns). Nothing is called and no state is read. Variables
that have no value are taken as unknown.`,
		RunE: func(c *cobra.Command, _ []string) error {
			a.answerIn(asJSON)
			cfg, diags := a.load(vars, true)
			if !diags.HasErrors() {
				diags = append(diags, stack.Misplaced(cfg, a.options(0))...)
			}
			a.view.Validated(diags, cfg.Files)
			if diags.HasErrors() {
				return exit{exitError}
			}
			return nil
		},
	}
	vars.flags(c)
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON in the form of Terraform's validate -json")
	return c
}

package cli

import (
	"context"

	"github.com/spf13/cobra"

	"kmsplan.dev/kmsplan/internal/staged"
)

// checkStagedCommand finds plaintext that is about to be committed.
func (a *app) checkStagedCommand() *cobra.Command {
	var o lintOptions
	c := &cobra.Command{
		Use: "check-staged", Short: "Find files in git's index that should be encrypted and are not", GroupID: groupFiles, Args: cobra.NoArgs,
		Long: `Look at git's index, not at the work tree: files that kmsplan { files { … } } means, the sources and
outputs of data blocks, and documents whose values are sealed, wherever they are. Nothing is called
and nothing is opened. For a hook before a commit, and for pipelines; docs/git.md lists the rules.

Exit codes: 0 nothing found; 2 findings; 1 error, also when the module does not load.`,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := a.openLintViews(&o); err != nil {
				return err
			}
			return a.checkStaged(c.Context(), &o)
		},
	}
	o.vars.flags(c)
	c.Flags().BoolVar(&o.json, "json", false, "print one JSON document, as -format json")
	o.formFlags.flags(c, "check-staged")
	return c
}

func (a *app) checkStaged(ctx context.Context, o *lintOptions) error {
	cfg, diags := a.load(&o.vars, true)
	if diags.HasErrors() {
		a.view.Diagnostics(diags, cfg.Files)
		return exit{exitError}
	}
	r, setup, err := a.gitSetup(ctx)
	if err != nil {
		return err
	}
	report, err := staged.Check(ctx, staged.Input{Repository: r, Config: cfg, Module: setup.Module})
	if err != nil {
		return err
	}
	a.view.Linted(report, nil) // without sources: they are what must not be shown
	if len(report.Findings) > 0 {
		return exit{exitChanges}
	}
	return nil
}

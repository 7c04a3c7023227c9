package cli

import (
	"github.com/spf13/cobra"

	"kmsplan.dev/kmsplan/internal/version"
)

// versionCommand prints which kmsplan this is.
func (a *app) versionCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use: "version", Short: "Print the version", GroupID: groupTools, Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			a.answerIn(asJSON)
			a.view.Result(map[string]string{"kmsplan_version": version.Number, "build": version.String(), "platform": version.Platform()},
				"kmsplan "+version.String(), "on "+version.Platform())
			return nil
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

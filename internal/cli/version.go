package cli

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"kmsplan.dev/kmsplan/internal/version"
)

// versionCommand prints which kmsplan this is.
func (a *app) versionCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use: "version", Short: "Print the version", GroupID: groupTools, Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if !asJSON {
				a.term.Printf("kmsplan %s\non %s\n", version.String(), version.Platform())
				return nil
			}
			b, err := json.MarshalIndent(map[string]string{"kmsplan_version": version.Number, "build": version.String(), "platform": version.Platform()}, "", "  ")
			if err != nil {
				return fmt.Errorf("render the version: %w", err)
			}
			a.term.Printf("%s\n", b)
			return nil
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

package cli

import (
	"github.com/spf13/cobra"

	"kmsplan.dev/kmsplan/internal/ops"
	"kmsplan.dev/kmsplan/internal/view"
)

// inspectCommand shows what envelopes say of themselves.
func (a *app) inspectCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use: "inspect FILE.enc …", Short: "Show an envelope's key, version, context and size, without opening it", GroupID: groupFiles,
		Long: `Show what each envelope's header says: its KMS key and key version, encryption context, suite
and size. Nothing is called and nothing is proved: decrypt or verify proves.`,
		Args: needFiles,
		RunE: func(_ *cobra.Command, args []string) error {
			a.answerIn(asJSON)
			var all []view.Envelope
			for _, name := range args {
				h, size, err := ops.Inspect(a.path(name))
				if err != nil {
					return err
				}
				all = append(all, view.EnvelopeOf(name, h, size))
			}
			a.view.Inspect(all)
			return nil
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

package cli

import (
	"github.com/spf13/cobra"

	"kmsplan.dev/kmsplan/internal/plan"
)

// rotateCommand makes new versions of keys.
func (a *app) rotateCommand() *cobra.Command {
	var o askOptions
	c := &cobra.Command{
		Use: "rotate ADDRESS …", Short: "Give keys a new version now", GroupID: groupCare, Args: cobra.MinimumNArgs(1),
		Long: `Give each key a new version, which becomes the primary one: what is encrypted from now on is under
that. Every earlier version stays for decryption, and files stay under the version that they have;
the command says which they are, and kmsplan run rewraps them. A rotation_policy block rotates by itself.

Asymmetric keys, keys with imported material and keys that are not enabled are refused, each with
the reason. Nothing else about a key is changed, whatever its block says by now.
` + exitsOfAsked,
		RunE: func(c *cobra.Command, args []string) error {
			var asks []plan.Request
			for _, text := range args {
				at, err := objectAddress(text, plan.KindKey)
				if err != nil {
					return err
				}
				asks = append(asks, plan.Request{Addr: at, Act: plan.ActRotate})
			}
			k, err := a.ask(c.Context(), &o, asks)
			if err != nil {
				return err
			}
			defer k.close()
			return k.carryOut(c.Context(), nil)
		},
	}
	o.flags(c)
	return c
}

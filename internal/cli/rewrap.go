package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"kmsplan.dev/kmsplan/internal/ops"
)

// rewrapCommand brings envelopes under a key's primary version.
func (a *app) rewrapCommand() *cobra.Command {
	var vars variables
	var t ops.Target
	var asJSON bool
	var choosing choosing
	var identities []string
	c := &cobra.Command{
		Use: "rewrap -key KEY FILE.enc|DIR …", Short: "Wrap envelopes' data keys under a key's primary version; bodies stay as they are", GroupID: groupFiles,
		Long: `Unwrap each envelope's data key and wrap it under KEY's primary version: after a rotation, or
to move to another key. Only headers are rewritten, so the cost does not depend on size. The new
wrap is opened once before the old one goes.

Rewrapping changes who can open a file from now on. If a data key leaked, kmsplan
reencrypt gives the file another; old copies stay openable.

-identity opens the data key where the old KMS key does not any more; the new one wraps it.`,
		Args: needFiles,
		RunE: func(c *cobra.Command, args []string) error {
			if t.Key == "" {
				return usageError{errors.New("-key is required: an id, alias/NAME or an ARN")}
			}
			files, err := a.chosen(&choosing, args, &vars, ops.Choice{Sealed: true, AnyName: true})
			if err != nil {
				return err
			}
			if anyStream(files.Files) != "" {
				return usageError{errors.New("rewrap changes files where they are; name them (a file called - is ./-)")}
			}
			a.answerIn(asJSON)
			if choosing.dryRun {
				return a.foresee("rewrap", files, inTheirPlace, func(path, _ string) error {
					return ops.ForeseeOpen(path, ops.Foresight{Rewritten: true, Identities: len(identities) > 0})
				})
			}
			follow := following{app: a, vars: &vars}
			defer follow.record(c.Context(), "rewrap")
			return a.eachFile(c.Context(), &vars, identities, files, func(ctx context.Context, engine *ops.Engine, name string, progress progressOf) (fileDone, error) {
				progress("rewrapping")
				got, changed, err := engine.Rewrap(ctx, a.path(name), t)
				status := "current"
				switch {
				case err != nil:
					return fileDone{}, err
				case changed:
					status = "rewrapped"
					follow.add(name, got)
					a.view.Notef("rewrapped %s under version %s of %s", name, got.KeyVersion, ops.KeyID(got.KeyARN))
				default:
					a.view.Notef("%s is current", name)
				}
				return doneWith(status, "", got), nil
			})
		},
	}
	vars.flags(c)
	jsonFlag(c, &asJSON)
	openWithFlag(c, &identities)
	a.gatewayFromFlag(c)
	choosing.flags(c)
	choosing.dryRunFlag(c)
	c.Flags().StringVar(&t.Key, "key", "", "the KMS `KEY`: id, alias/NAME or ARN (required)")
	c.Flags().StringVar(&t.Gateway, "gateway", "", "the gateway block to use (default: the first)")
	c.Flags().StringVar(&t.Version, "version", "", "the key `VERSION` that must result; files already under it are skipped without a call")
	return c
}

// inTheirPlace is where the output of a command goes that changes files where they are.
func inTheirPlace(string) (string, error) { return "", nil }

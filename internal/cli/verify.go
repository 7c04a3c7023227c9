package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"kmsplan.dev/kmsplan/internal/ops"
)

// verifyCommand authenticates envelopes to their last byte.
func (a *app) verifyCommand() *cobra.Command {
	d := &decryption{}
	c := &cobra.Command{
		Use: "verify FILE.enc|DIR …", Short: "Authenticate envelopes to the last byte, writing nothing", GroupID: groupFiles, Args: needFiles,
		Long: "Authenticate each envelope to its last byte and write nothing. A dash reads standard input.",
		RunE: func(c *cobra.Command, args []string) error {
			unseal, err := d.unseal()
			if err != nil {
				return err
			}
			files, err := a.chosen(&d.choosing, args, &d.vars, ops.Choice{Sealed: true, AnyName: true})
			if err != nil {
				return err
			}
			a.answerIn(d.json)
			if d.choosing.dryRun {
				return a.foresee("verify", files, inTheirPlace, func(path, _ string) error {
					return ops.ForeseeOpen(path, ops.Foresight{Unseal: unseal, Identities: len(d.identities) > 0})
				})
			}
			return a.eachFile(c.Context(), &d.vars, d.identities, files, func(ctx context.Context, engine *ops.Engine, name string, progress progressOf) (fileDone, error) {
				got, err := a.verify(ctx, engine, name, unseal, progress("verifying"))
				if err == nil {
					a.view.Result(nil, fmt.Sprintf("%s: good, %d bytes of plaintext", name, got.Plaintext))
				}
				return doneWith("good", "", got), err
			})
		},
	}
	d.vars.flags(c)
	repeated(c.Flags(), &d.context, "context", "demand that the context has `NAME=VALUE` and nothing else; repeatable")
	openWithFlag(c, &d.identities)
	a.gatewayFromFlag(c)
	d.choosing.flags(c)
	d.choosing.dryRunFlag(c)
	jsonFlag(c, &d.json)
	return c
}

// verify authenticates one envelope; - is standard input.
func (a *app) verify(ctx context.Context, engine *ops.Engine, name string, u ops.Unseal, p ops.Progress) (ops.Envelope, error) {
	if isStream(name) {
		in, done, err := a.openStream(name)
		if err != nil {
			return ops.Envelope{}, err
		}
		defer done()
		return engine.VerifyStream(ctx, in, u, p)
	}
	return engine.Verify(ctx, a.path(name), u, p)
}

package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
)

// verifyCommand authenticates envelopes to their last byte.
func (a *app) verifyCommand() *cobra.Command {
	d := &decryption{}
	c := &cobra.Command{
		Use: "verify FILE.enc …", Short: "Authenticate envelopes to the last byte, writing nothing", GroupID: groupFiles, Args: needFiles,
		RunE: func(c *cobra.Command, args []string) error {
			unseal, err := d.unseal()
			if err != nil {
				return err
			}
			engine, done, err := a.openEngine(&d.vars, d.identities...)
			if err != nil {
				return err
			}
			defer done()
			ctx, cancel := a.interruptible(c.Context())
			defer cancel()
			progress := a.term.NewFileProgress(a.now)
			return a.eachFile(ctx, args, func(ctx context.Context, name string) error {
				defer progress.Done()
				got, err := engine.Verify(ctx, a.path(name), unseal, progress.Of("verifying", name))
				if err == nil {
					a.view.Result(got, fmt.Sprintf("%s: good, %d bytes of plaintext", name, got.Plaintext))
				}
				return err
			})
		},
	}
	d.vars.flags(c)
	c.Flags().StringArrayVar(&d.context, "context", nil, "demand that the context has `NAME=VALUE` and nothing else; repeatable")
	c.Flags().StringArrayVar(&d.identities, "identity", nil, "an age identity `FILE`, for break-glass; repeatable")
	return c
}

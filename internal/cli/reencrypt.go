package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"kmsplan.dev/kmsplan/internal/ops"
)

// reencryption is what reencrypt was asked to do.
type reencryption struct {
	vars  variables
	anew  ops.Anew
	scope string
	// identities open files whose old KMS key does not any more.
	identities []string
	again      bool
	json       bool
	choosing   choosing
}

// reencryptCommand encrypts envelopes and documents anew.
func (a *app) reencryptCommand() *cobra.Command {
	r := &reencryption{}
	c := &cobra.Command{
		Use: "reencrypt FILE.enc|DIR …", Short: "Encrypt envelopes and documents anew in their place, under new data keys", GroupID: groupFiles,
		Long: `Give each file a new data key and encrypt it anew, whole and in its place: after a data key, or what
opens one, may have leaked. Suite, context and format stay, and so does the KMS key unless -key names
another. The new content is read back and held against the old plaintext before it takes its place.
-identity opens what the old KMS key does not any more.

Whoever kept the old file and its data key still opens the old file: change the secrets in it, too.

A run over several files that was interrupted goes on within a day where it stopped: the same command
skips what it did, without a call. -again does those files anew as well.`,
		Example: `  kmsplan reencrypt -r config
  kmsplan reencrypt -key alias/orders-2 -recipient age1… dist/app.yaml.enc`,
		Args: needFiles, RunE: func(c *cobra.Command, args []string) error { return a.reencrypt(c.Context(), r, args) },
	}
	r.vars.flags(c)
	f := c.Flags()
	f.StringVar(&r.anew.Key, "key", "", "the KMS `KEY` to encrypt under: id, alias/NAME or ARN (default: the file's own)")
	f.StringVar(&r.anew.Gateway, "gateway", "", "the gateway block to use (default: the first)")
	repeated(f, &r.anew.Recipients, "recipient", "also encrypt to the age public key `age1…`, for break-glass; repeatable")
	f.BoolVar(&r.anew.Drop, "drop-recipients", false, "let nobody open the files but who may use the KMS key and -recipient")
	a.scopeFlags(c, &r.scope)
	f.BoolVar(&r.again, "again", false, "go on with no run that was interrupted: encrypt every file anew")
	openWithFlag(c, &r.identities)
	a.gatewayFromFlag(c)
	r.choosing.flags(c)
	r.choosing.dryRunFlag(c)
	jsonFlag(c, &r.json)
	a.unprovedFlag(c)
	return c
}

func (a *app) reencrypt(ctx context.Context, r *reencryption, args []string) (err error) {
	if r.anew.Scope, err = ops.ParseScope(r.scope); err != nil {
		return usageError{err}
	}
	files, err := a.chosen(&r.choosing, args, &r.vars, ops.Choice{Sealed: true, AnyName: true})
	if err != nil {
		return err
	}
	if anyStream(files.Files) != "" {
		return usageError{errors.New("reencrypt changes files where they are; name them (a file called - is ./-)")}
	}
	a.answerIn(r.json)
	if r.choosing.dryRun {
		return a.foresee("reencrypt", files, inTheirPlace, func(path, _ string) error {
			return ops.ForeseeOpen(path, ops.Foresight{Rewritten: true, Identities: len(r.identities) > 0})
		})
	}
	note, err := a.goOn("reencrypt", "-again", r.again, len(files.Files), r.anew.Gateway, r.anew.Key, r.anew.Recipients, r.anew.Drop)
	if err != nil {
		return err
	}
	if note != nil {
		r.anew.Done = note.Done
		defer func() { err = errors.Join(err, note.Close(err == nil)) }()
	}
	place := a.outputPlaces(&r.vars)
	follow := following{app: a, vars: &r.vars}
	defer follow.record(ctx, "reencrypt")
	return a.eachFile(ctx, &r.vars, r.identities, files, func(ctx context.Context, engine *ops.Engine, name string, progress progressOf) (fileDone, error) {
		if err := place(name); err != nil {
			return fileDone{}, err
		}
		got, changed, err := engine.Reencrypt(ctx, a.path(name), r.anew, progress("reencrypting"))
		switch {
		case err != nil:
			return fileDone{}, err
		case !changed:
			a.view.Notef("%s was encrypted anew before the interruption", name)
			return doneWith("current", "", got), nil
		}
		follow.add(name, got)
		if note != nil {
			note.Add(got.Commitment)
		}
		a.view.Notef("encrypted %s anew under %s", name, ops.KeyID(got.KeyARN))
		return doneWith("reencrypted", "", got), nil
	})
}

package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"kmsplan.dev/kmsplan/internal/durable"
	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/ops"
)

// decryption is what decrypt was asked to do.
type decryption struct {
	vars       variables
	output     string
	context    []string
	identities []string
	inPlace    bool
	json       bool
	values     bool
	extract    string
	format     string // of what -extract reads
	force      bool
	keepMode   bool
	choosing   choosing
}

// decryptCommand opens envelopes.
func (a *app) decryptCommand() *cobra.Command {
	d := &decryption{}
	c := &cobra.Command{
		Use: "decrypt FILE.enc|DIR …", Short: "Decrypt envelopes", GroupID: groupFiles,
		Long: `Decrypt each FILE.enc into FILE (or -o OUTPUT for a single one). The plaintext appears, mode
0600, only after the envelope was authenticated to its last byte. A dash reads standard
input or writes standard output; then the whole envelope is authenticated first, and
nothing is written if it is not good.

-context NAME=VALUE demands that the envelope was made for that context.`,
		Example: `  kmsplan decrypt dist/app.yaml.enc -o run/app.yaml
  kmsplan decrypt -context app=orders -o - dist/app.yaml.enc | app -config /dev/stdin`,
		Args: needFiles, RunE: func(c *cobra.Command, args []string) error { return a.decrypt(c.Context(), d, args) },
	}
	d.vars.flags(c)
	c.Flags().StringVarP(&d.output, "output", "o", "", "write the plaintext to `FILE`, or - for standard output")
	repeated(c.Flags(), &d.context, "context", "demand that the context has `NAME=VALUE` and nothing else; repeatable")
	openWithFlag(c, &d.identities)
	c.Flags().BoolVar(&d.inPlace, "in-place", false, "put the plaintext, mode 0600, in the place of FILE")
	c.Flags().BoolVar(&d.force, "force", false, "also replace a FILE that holds something else than FILE.enc")
	c.Flags().BoolVar(&d.keepMode, "keep-mode", false, "let an executable stay one, for its owner: mode 0700")
	c.Flags().BoolVar(&d.values, "values", false, "of what is found in directories, take only documents whose values are sealed one by one")
	c.Flags().StringVar(&d.extract, "extract", "", "print the value at `PATH` alone, such as db.hosts[0]; of a document, or of a file whose name says its format")
	valueFormatFlag(c, &d.format, "-extract")
	a.gatewayFromFlag(c)
	d.choosing.flags(c)
	d.choosing.dryRunFlag(c)
	jsonFlag(c, &d.json)
	return c
}

func (a *app) decrypt(ctx context.Context, d *decryption, args []string) (err error) {
	unseal, err := d.unseal()
	if err != nil {
		return err
	}
	if d.format != "" && d.extract == "" {
		return usageError{errors.New("-format is about the value that -extract prints; a file is decrypted as it is")}
	}
	if d.extract != "" {
		return a.extractValue(ctx, d, args, unseal)
	}
	want := ops.Choice{Sealed: true, InPlace: d.inPlace}
	if d.values {
		want.Values = &ops.Values{}
	}
	files, err := a.chosen(&d.choosing, args, &d.vars, want)
	if err != nil {
		return err
	}
	switch stream := anyStream(files.Files); {
	case d.output != "" && len(files.Files) > 1:
		return usageError{errors.New("-o takes one file; without it each FILE.enc becomes FILE")}
	case d.inPlace && (d.output != "" || stream != ""):
		return usageError{errors.New("-in-place puts each file in its own place: leave -o and - out")}
	}
	if err := a.answerFiles(d.json, d.output == "-" || d.output == "" && slices.Contains(files.Files, "-")); err != nil {
		return err
	}
	target := a.plainPlaces(d)
	if d.choosing.dryRun {
		return a.foresee("decrypt", files, target, func(path, output string) error {
			return ops.ForeseeDecrypt(path, output, ops.Foresight{Unseal: unseal, Identities: len(d.identities) > 0})
		})
	}
	run := a.goOnDecrypting(d, len(files.Files))
	defer func() { err = run.close(err) }()
	follow := following{app: a, vars: &d.vars}
	defer follow.record(ctx, "decrypt")
	return a.eachFile(ctx, &d.vars, d.identities, files, func(ctx context.Context, engine *ops.Engine, name string, progress progressOf) (fileDone, error) {
		output, err := target(name)
		if err != nil {
			return fileDone{}, err
		}
		if isStream(name) || output == "-" {
			got, err := a.decryptStream(ctx, engine, name, output, unseal)
			return doneWith("decrypted", d.output, got), err
		}
		got, done, err := run.decrypting(name, output, func() (ops.Envelope, error) {
			return engine.DecryptFile(ctx, a.path(name), a.path(output), unseal, progress("decrypting"))
		})
		if done {
			return doneWith("current", output, got), nil
		}
		if got.Same {
			a.view.Notef("%s holds what is in %s already", output, name)
			return doneWith("current", output, got), nil
		}
		if err == nil {
			if d.inPlace {
				follow.over(name)
			}
			a.view.Notef("decrypted %s", into(name, output))
		}
		return doneWith("decrypted", output, got), err
	})
}

// goOnDecrypting goes on with a run that writes FILE; one in place sees by the files what is done.
func (a *app) goOnDecrypting(d *decryption, files int) goingOn {
	if d.inPlace {
		files = 0
	}
	return a.goOnBeside("decrypt", d.force, files, d.context, d.keepMode)
}

// plainPlaces says where each file's plaintext goes.
func (a *app) plainPlaces(d *decryption) func(name string) (string, error) {
	place := a.outputPlaces(&d.vars, hcl.OwnedConfig, hcl.OwnedVars) // a module's own files may be kept encrypted
	return func(name string) (string, error) {
		if d.inPlace {
			return name, place(name)
		}
		if d.output == "" && name == "-" {
			return "-", nil
		}
		output, err := plaintextName(name, d.output)
		if err != nil {
			return "", err
		}
		return output, place(output)
	}
}

// unseal is what the flags demand of an envelope.
func (d *decryption) unseal() (ops.Unseal, error) {
	u := ops.Unseal{InPlace: d.inPlace, KeepMode: d.keepMode, Unasked: !d.force && !d.inPlace && d.output == ""}
	var err error
	if len(d.context) > 0 {
		u.Context, err = parsePairs("context", d.context)
	}
	return u, err
}

// plaintextName is where an envelope's plaintext goes.
func plaintextName(name, output string) (string, error) {
	if output != "" {
		return output, nil
	}
	if trimmed, ok := strings.CutSuffix(name, ops.Suffix); ok {
		return trimmed, nil
	}
	return "", usageError{fmt.Errorf("%s does not end in %s; say with -o where its plaintext goes", name, ops.Suffix)}
}

// decryptStream decrypts where one end is not a file with a name.
func (a *app) decryptStream(ctx context.Context, engine *ops.Engine, name, output string, u ops.Unseal) (got ops.Envelope, err error) {
	write := func(w io.Writer) (err error) {
		if name == "-" {
			got, err = engine.DecryptStream(ctx, w, a.proc.Stdin, u, nil)
			return err
		}
		got, err = a.decryptNamed(ctx, engine, w, name, u)
		return err
	}
	if output == "" || output == "-" {
		err = write(a.proc.Stdout)
	} else {
		err = ops.WriteFile(a.path(output), ops.PrivateMode, write)
	}
	return got, err
}

func (a *app) decryptNamed(ctx context.Context, engine *ops.Engine, w io.Writer, name string, u ops.Unseal) (got ops.Envelope, err error) {
	f, err := os.Open(a.path(name))
	if err != nil {
		return got, fmt.Errorf("open %s: %w", name, durable.Reason(err))
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return got, fmt.Errorf("look at %s: %w", name, durable.Reason(err))
	}
	if !info.Mode().IsRegular() {
		return engine.DecryptStream(ctx, w, f, u, nil)
	}
	if got, err = engine.DecryptVerified(ctx, w, f, info.Size(), u, nil); err != nil {
		return got, fmt.Errorf("decrypt %s: %w", name, err)
	}
	return got, nil
}

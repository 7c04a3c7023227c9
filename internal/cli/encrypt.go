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

	"kmsplan.dev/kmsplan/internal/document"
	"kmsplan.dev/kmsplan/internal/durable"
	"kmsplan.dev/kmsplan/internal/envelope"
	"kmsplan.dev/kmsplan/internal/ops"
)

// encryption is what encrypt was asked to do.
type encryption struct {
	vars       variables
	key        string
	gateway    string
	output     string
	context    []string
	recipients []string
	suite      string
	scope      string
	again      bool
	values     bool
	format     string
	only       []string
	except     []string
	inPlace    bool
	force      bool
	json       bool
	choosing   choosing
}

// encryptCommand encrypts files into envelopes.
func (a *app) encryptCommand() *cobra.Command {
	e := &encryption{}
	c := &cobra.Command{
		Use: "encrypt -key KEY FILE|DIR …", Short: "Encrypt files into envelopes", GroupID: groupFiles,
		Long: `Encrypt each FILE into FILE.enc (or -o OUTPUT for a single one), a kmsplan envelope whose
data key is wrapped by a KMS key. A dash reads standard input and writes standard output.

The key is an id, an alias or an ARN; the gateway is a gateway block of the module in the
working directory. -context NAME=VALUE binds the file to what it is for: KMS itself
refuses to open it under another context.

With -values the file stays a configuration file: its values are sealed one by one, and
names, order, comments and every byte beside them stay as they are. The format is told by
the name: .yaml, .json, .toml, .env, .ini, .cfg, .properties, .tfvars and their kin.`,
		Example: `  kmsplan encrypt -key alias/orders -context app=orders config/app.yaml
  tar c data | kmsplan encrypt -key alias/backup - > data.tar.enc
  kmsplan encrypt -key alias/orders -values -only 'PASSWORD|TOKEN' -in-place .env`,
		Args: needFiles, RunE: func(c *cobra.Command, args []string) error { return a.encrypt(c.Context(), e, args) },
	}
	e.vars.flags(c)
	f := c.Flags()
	f.StringVar(&e.key, "key", "", "the KMS `KEY`: id, alias/NAME or ARN (required)")
	f.StringVar(&e.gateway, "gateway", "", "the gateway block to use (default: the first)")
	f.StringVarP(&e.output, "output", "o", "", "write the envelope to `FILE`")
	repeated(f, &e.context, "context", "bind the envelope to `NAME=VALUE`; repeatable")
	repeated(f, &e.recipients, "recipient", "also encrypt to the age public key `age1…`, for break-glass; repeatable")
	f.StringVar(&e.suite, "suite", "AES_256_GCM", "the body's cipher: AES_256_GCM or SM4_GCM")
	a.scopeFlags(c, &e.scope)
	f.BoolVar(&e.values, "values", false, "seal the values one by one and leave names, order and comments readable")
	f.StringVar(&e.format, "format", "", "with -values, the `FORMAT`: "+strings.Join(document.Names(), ", ")+" (default: by the name)")
	repeated(f, &e.only, "only", "with -values, seal values below a name that the regular expression `RE` finds; repeatable (default: all)")
	repeated(f, &e.except, "except", "with -values, leave values below a name that `RE` finds; repeatable")
	f.BoolVar(&e.inPlace, "in-place", false, "put the encrypted file in the place of FILE")
	f.BoolVar(&e.force, "force", false, "also replace a FILE.enc that is no envelope, or is of another context")
	f.BoolVar(&e.again, "again", false, "also encrypt what is an envelope or an age file already")
	e.choosing.flags(c)
	e.choosing.dryRunFlag(c)
	jsonFlag(c, &e.json)
	a.unprovedFlag(c)
	return c
}

// scopeFlags say how many files share a data key.
func (a *app) scopeFlags(c *cobra.Command, scope *string) {
	c.Flags().StringVar(scope, "scope", "file", "how many files share a data key: file, directory or run")
	c.Flags().IntVar(&a.scopeFiles, "scope-files", ops.DefaultFilesPerKey, "with -scope directory or run, let at most `N` files share a data key; who gets hold of one opens them all")
}

// unprovedFlag is that of the commands that make data keys.
func (a *app) unprovedFlag(c *cobra.Command) {
	c.Flags().BoolVar(&a.unproved, "unproved", false, "do not open each new data key once before it encrypts anything: one call less, and no right to decrypt needed")
}

// seal turns the flags into what the engine takes.
func (e *encryption) seal() (ops.Seal, error) {
	if e.key == "" {
		return ops.Seal{}, usageError{errors.New("-key is required: an id, alias/NAME or an ARN")}
	}
	ec, err := parsePairs("context", e.context)
	if err != nil {
		return ops.Seal{}, err
	}
	scope, err := ops.ParseScope(e.scope)
	if err != nil {
		return ops.Seal{}, usageError{err}
	}
	s := ops.Seal{Gateway: e.gateway, Key: e.key, Context: ec, Recipients: e.recipients, Scope: scope, Again: e.again}
	if err := e.documents(&s); err != nil {
		return s, err
	}
	switch e.suite {
	case "AES_256_GCM":
	case "SM4_GCM":
		s.Suite = envelope.SM4
	default:
		return s, usageError{fmt.Errorf("-suite %q is not known; write AES_256_GCM or SM4_GCM", e.suite)}
	}
	return s, nil
}

// documents says which values are sealed, where they are one by one.
func (e *encryption) documents(s *ops.Seal) error {
	s.InPlace = e.inPlace
	s.Unasked = !e.force && !e.inPlace && e.output == ""
	if !e.values {
		if e.format != "" || len(e.only)+len(e.except) > 0 {
			return usageError{errors.New("-format, -only and -except need -values, which seals values one by one")}
		}
		return nil
	}
	s.Values = &ops.Values{Format: e.format, Rules: document.Rules{Only: e.only, Except: e.except}}
	if err := s.Values.Rules.Check(); err != nil {
		return usageError{fmt.Errorf("-%w", err)}
	}
	if e.format != "" {
		if _, err := document.ByName(e.format); err != nil {
			return usageError{fmt.Errorf("-format: %w", err)}
		}
	}
	return nil
}

// parsePairs reads repeated NAME=VALUE flags.
func parsePairs(flag string, list []string) (map[string]string, error) {
	out := map[string]string{}
	for _, text := range list {
		name, value, ok := strings.Cut(text, "=")
		if !ok || name == "" {
			return nil, usageError{fmt.Errorf("-%s %q: write NAME=VALUE", flag, text)}
		}
		if _, twice := out[name]; twice {
			return nil, usageError{fmt.Errorf("-%s names %q twice", flag, name)}
		}
		out[name] = value
	}
	return out, nil
}

func (a *app) encrypt(ctx context.Context, e *encryption, args []string) (err error) {
	seal, err := e.seal()
	if err != nil {
		return err
	}
	files, err := a.chosen(&e.choosing, args, &e.vars, ops.Choice{InPlace: e.inPlace, Values: seal.Values})
	if err != nil {
		return err
	}
	if err := a.encryptable(e, files.Files); err != nil {
		return err
	}
	if err := a.answerFiles(e.json, e.output == "-" || e.output == "" && slices.Contains(files.Files, "-")); err != nil {
		return err
	}
	target := a.sealedPlaces(e)
	if e.choosing.dryRun {
		return a.foresee("encrypt", files, target, func(path, output string) error { return ops.ForeseeEncrypt(path, output, seal) })
	}
	run := a.goOnEncrypting(e, len(files.Files))
	defer func() { err = run.close(err) }()
	follow := following{app: a, vars: &e.vars}
	defer follow.record(ctx, "encrypt")
	return a.eachFile(ctx, &e.vars, nil, files, func(ctx context.Context, engine *ops.Engine, name string, progress progressOf) (fileDone, error) {
		output, err := target(name)
		if err != nil {
			return fileDone{}, err
		}
		if isStream(name) || e.output == "-" {
			got, err := a.encryptStream(ctx, engine, name, e.output, seal)
			return doneWith("encrypted", e.output, got), err
		}
		_, err = os.Lstat(a.path(output))
		there := err == nil
		got, done, err := run.encrypting(name, output, func() (ops.Envelope, error) {
			return engine.EncryptFile(ctx, a.path(name), a.path(output), seal, progress("encrypting"))
		})
		if done {
			return doneWith("current", output, got), nil
		}
		if err == nil {
			if there {
				follow.over(output)
			}
			a.view.Notef("encrypted %s%s", into(name, output), writtenAnew(got))
		}
		return doneWith("encrypted", output, got), err
	})
}

// goOnEncrypting goes on with a run that writes FILE.enc; one in place sees by the files what is done.
func (a *app) goOnEncrypting(e *encryption, files int) goingOn {
	if e.inPlace {
		files = 0
	}
	return a.goOnBeside("encrypt", e.force, files, e.gateway, e.key, e.context, e.recipients, e.suite, e.again)
}

// encryptable refuses files that the flags do not fit.
func (a *app) encryptable(e *encryption, files []string) error {
	stream := anyStream(files)
	switch {
	case e.inPlace && (e.output != "" || stream != ""):
		return usageError{errors.New("-in-place puts each file in its own place: leave -o and - out")}
	case e.values && !e.inPlace && e.output == "" && stream != "-":
		return usageError{errors.New("-values needs -in-place, or -o FILE: the file keeps its format, so FILE.enc would mislead")}
	case e.output != "" && len(files) > 1:
		return usageError{errors.New("-o takes one file; without it each FILE becomes FILE.enc")}
	case e.output == "" && stream != "" && stream != "-":
		return usageError{fmt.Errorf("%s is a stream and has no name to put the envelope beside; say with -o where it goes", stream)}
	}
	return nil
}

// sealedPlaces says where each file's envelope goes.
func (a *app) sealedPlaces(e *encryption) func(name string) (string, error) {
	place := a.outputPlaces(&e.vars)
	return func(name string) (string, error) {
		output := e.output
		switch {
		case e.inPlace:
			output = name
		case output == "" && name == "-":
			output = "-"
		case output == "":
			output = name + ops.Suffix
		}
		return output, place(output)
	}
}

// encryptStream encrypts where one end is not a file with a name.
func (a *app) encryptStream(ctx context.Context, engine *ops.Engine, name, output string, seal ops.Seal) (got ops.Envelope, err error) {
	in, size := a.proc.Stdin, int64(envelope.UnknownSize)
	if name != "-" {
		f, err := os.Open(a.path(name))
		if err != nil {
			return got, fmt.Errorf("open %s: %w", name, durable.Reason(err))
		}
		defer f.Close()
		in = f
	}
	if output != "" && output != "-" {
		err = ops.WriteFile(a.path(output), 0o644, func(w io.Writer) error {
			got, err = engine.EncryptStream(ctx, w, in, size, output, seal, nil)
			return err
		})
		return got, err
	}
	return engine.EncryptStream(ctx, a.proc.Stdout, in, size, name, seal, nil)
}

// closing shows what went wrong while something was closed.
func (a *app) closing(closer func() error) {
	if err := closer(); err != nil {
		a.view.Notef("%v", err)
	}
}

// writtenAnew says why no value of a document that was there kept its ciphertext.
func writtenAnew(got ops.Envelope) string {
	if got.Anew == "" {
		return ""
	}
	return ", all of it anew: " + got.Anew
}

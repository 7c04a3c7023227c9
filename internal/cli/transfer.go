package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/ops"
	"kmsplan.dev/kmsplan/internal/transfer"
)

// transferCommand moves what is encrypted under shared keys to keys of an instance.
func (a *app) transferCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "transfer", Short: "Move what is encrypted under keys of KMS 1.0 to a key of a KMS 3.0 instance", GroupID: groupFiles,
		Long: `Find ciphertexts under shared keys in files, and bring them under a key of an instance: kmsplan's
envelopes, and the ciphertexts of KMS wherever they stand in a file, in base64 (a member of JSON, a cell
of CSV, a value of any other text) or as they are, and messages of the vendor's encryption clients for
Java and Python likewise. Everything else in a file keeps its bytes.

A ciphertext is opened, encrypted under the new key, and that is opened and compared, before the old
one goes. A file is the whole old or the whole new one: where one ciphertext of it cannot be moved, none is.

  1. kmsplan transfer plan -key KEY DIR      what is there, what it takes, and the blocks that move the aliases
  2. move the aliases, so that nothing new comes under the old keys
  3. kmsplan transfer run -key KEY DIR       again after an interrupt: what is done stays done
  4. kmsplan transfer verify -key KEY DIR    opens everything under the new key; exits 2 while anything is left`,
		Args: noSuchSubcommand, RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(
		a.transferWork("plan", "Say what is under shared keys, what moving it takes, and which blocks move the aliases; nothing is changed", transfer.Plan),
		a.transferWork("run", "Move it: opened under the new key before the old ciphertext goes", transfer.Run),
		a.transferWork("verify", "Open everything under the new key, and name what is left under the old ones", transfer.Verify),
	)
	return c
}

// transferring is the flags of one.
type transferring struct {
	vars     variables
	job      transfer.Job
	gateway  string
	context  []string
	columns  []string
	manifest string
	report   string
	journal  string
	json     bool
	do       int
}

func (a *app) transferWork(name, short string, do int) *cobra.Command {
	t := &transferring{do: do}
	c := &cobra.Command{
		Use: name + " -key KEY PATH …", Short: short,
		Long: short + `.

PATH is a file or a directory, which is searched whole. -manifest FILE names files instead, or says more of
them: CSV with a heading, or JSON, of path, column, context, context_columns and digest. A column is a heading of CSV
or the name of a member of JSON; without one the whole file is searched.

The encryption context is -context or the manifest's, with pairs whose values stand in other columns of the
same row: -context-column tenant=tenant_id, or context_columns. Its digest is found out by trying: raw, as the
shared gateway and the vendor's Go and Java clients have it, or in hexadecimal, as those for Python
and PHP do, which only an instance with a client key opens. What is written has the raw one.`,
		RunE: func(c *cobra.Command, args []string) error { return a.transfer(c.Context(), t, args) },
	}
	t.vars.flags(c)
	jsonFlag(c, &t.json)
	f := c.Flags()
	f.StringVar(&t.job.To, "key", "", "the new `KEY`, of an instance: id, alias/NAME or ARN (required)")
	repeated(f, &t.job.From, "from", "a `KEY` that is left; repeatable (default: every symmetric key of the region that is in no instance)")
	f.StringVar(&t.gateway, "gateway", "", "the gateway block to use (default: the first)")
	repeated(f, &t.context, "context", "the encryption context, `NAME=VALUE`; repeatable")
	repeated(f, &t.columns, "context-column", "a pair of the context whose value stands in another column of the row, `NAME=COLUMN`; repeatable")
	f.StringVar(&t.job.Digest, "digest", "", "how the context was digested: raw or hex (default: tried)")
	f.StringVar(&t.manifest, "manifest", "", "read where ciphertexts are from `FILE`: CSV or JSON")
	f.StringVar(&t.report, "report", "", "write a line of JSON for each ciphertext to `FILE`")
	if do == transfer.Run {
		f.StringVar(&t.job.Way, "way", transfer.WayReEncrypt, "reencrypt: by ReEncrypt on the shared gateway; instance: decrypted there and encrypted by the instance")
		f.StringVar(&t.journal, "journal", filepath.Join(".kmsplan", "transfer.jsonl"), "remember in `FILE` what ciphertexts became, for the run after an interrupt")
	}
	return c
}

func (t *transferring) check(args []string) (err error) {
	switch {
	case t.job.To == "":
		return usageError{errors.New("-key is required: the new key, of an instance")}
	case len(args) == 0 && t.manifest == "":
		return usageError{errors.New("name files or directories, or a -manifest")}
	case t.job.Digest != "" && t.job.Digest != transfer.DigestRaw && t.job.Digest != transfer.DigestHex:
		return usageError{fmt.Errorf("-digest is raw or hex, not %q", t.job.Digest)}
	case t.job.Way != "" && t.job.Way != transfer.WayReEncrypt && t.job.Way != transfer.WayInstance:
		return usageError{fmt.Errorf("-way is reencrypt or instance, not %q", t.job.Way)}
	}
	if t.job.Context, err = parsePairs("context", t.context); err != nil {
		return err
	}
	if t.job.Columns, err = parsePairs("context-column", t.columns); err != nil {
		return err
	}
	for name, column := range t.job.Columns {
		if _, twice := t.job.Context[name]; twice || column == "" {
			return usageError{fmt.Errorf("-context-column %s=%s: name a column, and each pair of the context once", name, column)}
		}
	}
	return nil
}

func (a *app) transfer(ctx context.Context, t *transferring, args []string) error {
	if err := t.check(args); err != nil {
		return err
	}
	a.answerIn(t.json)
	if t.manifest != "" {
		content, err := a.readSecret(t.manifest)
		if err != nil {
			return fmt.Errorf("-manifest: %w", err)
		}
		if t.job.Rows, err = transfer.Manifest(content); err != nil {
			return fmt.Errorf("-manifest %s: %w", t.manifest, err)
		}
	}
	files, items, err := a.transferFiles(args, t.job.Rows)
	if err != nil {
		return err
	}
	gateways, err := a.openGateways(&t.vars, nil)
	if err != nil {
		return err
	}
	defer a.closing(gateways.Close)
	engine := gateways.Engine()
	defer engine.Close()
	t.job.Gateways = func(ctx context.Context, operation, via string) (kms.Caller, kms.Operation, error) {
		return gateways.Caller(ctx, t.gateway, operation, via)
	}
	follow := following{app: a, vars: &t.vars}
	defer follow.record(ctx, "transfer")
	t.job.Files, t.job.Envelopes = filesAt{a, engine}, envelopesAt{a, engine, t.gateway, &follow}
	if t.journal != "" {
		if t.job.Journal, err = transfer.OpenJournal(a.path(t.journal)); err != nil {
			return err
		}
		defer a.closing(t.job.Journal.Close)
	}
	ctx, cancel := a.interruptible(ctx)
	defer cancel()
	job := t.job.Start()
	if err := job.Survey(ctx); err != nil {
		return err
	}
	for i, name := range files {
		if ctx.Err() != nil {
			for _, left := range files[i:] {
				items = append(items, transfer.Item{Path: left, Status: transfer.StatusNotBegun})
			}
			break
		}
		items = append(items, job.File(ctx, name, t.do)...)
	}
	return a.transferred(t, job, items, len(files))
}

// filesAt and envelopesAt are the files of the working directory.
type filesAt struct {
	app    *app
	engine *ops.Engine
}

func (f filesAt) Exchange(ctx context.Context, path string, limit int64, change func([]byte) ([]byte, error)) error {
	return f.engine.Exchange(ctx, f.app.path(path), limit, change)
}

type envelopesAt struct {
	app     *app
	engine  *ops.Engine
	gateway string
	follow  *following
}

func (e envelopesAt) KeyOf(path string) (key, version string, ok bool) {
	h, _, err := ops.Inspect(e.app.path(path))
	if err != nil {
		return "", "", false
	}
	for _, k := range h.KMSStanzas() {
		key, version = ops.KeyID(k.KeyARN), k.KeyVersionID
		break
	}
	return key, version, true
}

func (e envelopesAt) Rewrap(ctx context.Context, path, key string) (string, error) {
	got, changed, err := e.engine.Rewrap(ctx, e.app.path(path), ops.Target{Key: key, Gateway: e.gateway})
	if changed && err == nil {
		e.follow.add(path, got)
	}
	return got.KeyVersion, err
}

func (e envelopesAt) Verify(ctx context.Context, path string) error {
	_, err := e.engine.Verify(ctx, e.app.path(path), ops.Unseal{}, nil)
	return err
}

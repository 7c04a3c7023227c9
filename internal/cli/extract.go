package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"kmsplan.dev/kmsplan/internal/document"
	"kmsplan.dev/kmsplan/internal/ops"
	"kmsplan.dev/kmsplan/internal/suggest"
)

// extractValue writes one value of an encrypted file, its bytes and nothing else, to standard output or into -o FILE. The
// file is proved whole first.
func (a *app) extractValue(ctx context.Context, d *decryption, files []string, u ops.Unseal) error {
	if len(files) != 1 || isStream(files[0]) || d.inPlace || d.json || d.choosing.dryRun {
		return usageError{errors.New("-extract prints one value of one FILE: leave further files, -, -in-place, -dry-run and -json out")}
	}
	engine, done, err := a.openEngine(&d.vars, d.identities...)
	if err != nil {
		return err
	}
	defer done()
	opened, err := engine.Open(ctx, a.path(files[0]), u)
	if err != nil {
		return fmt.Errorf("decrypt %s: %w", files[0], err)
	}
	defer opened.Close()
	value, err := valueAt(files[0], d.format, opened, d.extract)
	if err != nil {
		return fmt.Errorf("-extract of %s: %w", files[0], err)
	}
	if d.output == "" || d.output == "-" {
		_, err = io.WriteString(a.proc.Stdout, value)
		return err
	}
	if err := a.outputPlaces(&d.vars)(d.output); err != nil {
		return err
	}
	return ops.WriteFile(a.path(d.output), ops.PrivateMode, func(w io.Writer) error {
		_, err := io.WriteString(w, value)
		return err
	})
}

// valueAt is the value at a path of an opened file.
func valueAt(name, format string, o *ops.Opened, path string) (string, error) {
	f, err := formatOf(name, format, o)
	if err != nil {
		return "", err
	}
	found, names, err := document.Find(f, o.Plain, path)
	switch {
	case err != nil:
		return "", err
	case found == nil:
		return "", fmt.Errorf("it has no value %s%s", path, suggest.Clause(path, names))
	case found.Null:
		return "", fmt.Errorf("%s is null", path)
	}
	return found.Text, nil
}

// valueFormatFlag says what kind of file an envelope holds whose name does not say it; of what is the flag it is about.
func valueFormatFlag(c *cobra.Command, format *string, of string) {
	if of != "" {
		of = "with " + of + ", "
	}
	c.Flags().StringVar(format, "format", "", of+"the `FORMAT` of an envelope's plaintext: "+strings.Join(document.Names(), ", ")+" (default: by the name)")
}

package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"kmsplan.dev/kmsplan/internal/document"
	"kmsplan.dev/kmsplan/internal/ops"
)

// maxShown bounds a file that git is shown or that is merged, bytes: it is held in memory.
const maxShown = document.MaxSealed

// unopened stands over the description of a file that could not be opened.
const unopened = "kmsplan could not open this encrypted file here; its header says, unproved:\n"

// drivers are the flags of what git calls.
type drivers struct {
	vars       variables
	module     string
	identities []string
	noCache    bool
}

func (d *drivers) flags(c *cobra.Command) {
	d.moduleFlags(c)
	c.Flags().BoolVar(&d.noCache, "no-cache", false, "keep no data key in a process beside: ask KMS for every file")
}

// moduleFlags say whose gateways are asked, and as whom.
func (d *drivers) moduleFlags(c *cobra.Command) {
	d.vars.flags(c)
	c.Flags().StringVar(&d.module, "module", "", "the `DIR` of the module whose gateways are asked (default: the working directory)")
	openWithFlag(c, &d.identities)
}

// gitTextconvCommand prints what a file says to who may read it.
func (a *app) gitTextconvCommand() *cobra.Command {
	var d drivers
	c := &cobra.Command{
		Use: "textconv FILE", Short: "Print the plaintext of an encrypted file, for git diff", Args: cobra.ExactArgs(1),
		Long: `Print the plaintext of an envelope or a document, after all of it was authenticated. What is not
encrypted is printed as it is. Of a file that cannot be opened the facts of its header are printed,
and why on standard error, so that git diff and git log go on.

git calls this once kmsplan git install has set it up.`,
		RunE: func(c *cobra.Command, args []string) error { return a.gitTextconv(c.Context(), &d, args[0]) },
	}
	d.flags(c)
	return c
}

func (a *app) gitTextconv(ctx context.Context, d *drivers, name string) error {
	path, err := filepath.Abs(a.path(name))
	if err != nil {
		return err
	}
	content, err := readShown(path)
	if errors.Is(err, errTooLarge) {
		return a.showLarge(path, name)
	}
	if err != nil {
		return err
	}
	if !ops.IsSealed(content) {
		_, err := a.proc.Stdout.Write(content)
		return err
	}
	keys, done := a.driverKeys(d)
	defer done()
	s, err := ops.OpenSealed(ctx, content, keys)
	if err != nil {
		a.view.Notef("%s is shown by its header alone: %v", name, err)
		_, err = io.WriteString(a.proc.Stdout, unopened+ops.Describe(content))
		return err
	}
	_, err = a.proc.Stdout.Write(s.Plain)
	return err
}

// readShown reads a file that git hands over.
func readShown(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, maxShown+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read %s: %w", path, err)
	case len(content) > maxShown:
		return nil, fmt.Errorf("%s: %w", path, errTooLarge)
	}
	return content, nil
}

// errTooLarge says that a file is neither shown nor merged.
var errTooLarge = fmt.Errorf("more than %d bytes, too many to be held in memory", maxShown)

// showLarge describes an envelope that is not opened for its length, and copies what is not encrypted.
func (a *app) showLarge(path, name string) error {
	if h, size, err := ops.Inspect(path); err == nil {
		a.view.Notef("%s is shown by its header alone: %v", name, errTooLarge)
		_, err = io.WriteString(a.proc.Stdout, unopened+ops.DescribeHead(h, size))
		return err
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(a.proc.Stdout, f)
	return err
}

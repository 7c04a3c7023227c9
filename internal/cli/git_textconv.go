package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"kmsplan.dev/kmsplan/internal/document"
	"kmsplan.dev/kmsplan/internal/envelope"
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
}

func (d *drivers) flags(c *cobra.Command) {
	d.vars.flags(c)
	c.Flags().StringVar(&d.module, "module", "", "the `DIR` of the module whose gateways are asked (default: the working directory)")
	c.Flags().StringArrayVar(&d.identities, "identity", nil, "an age identity `FILE`, for break-glass; repeatable")
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
		return nil, fmt.Errorf("%s has more than %d bytes, too many to be held in memory", path, maxShown)
	}
	return content, nil
}

// driverKeys open data keys as the drivers do: those of this run once each, by the gateways of the module, which is
// not read before it is needed.
func (a *app) driverKeys(d *drivers) (*keyring, func()) {
	k := &keyring{known: map[string][]byte{}}
	var closers []func()
	k.open = func() (envelope.IdentityForSuite, error) {
		if d.module != "" {
			a.chdir = a.path(filepath.FromSlash(d.module))
		}
		engine, done, err := a.openEngine(&d.vars, d.identities...)
		if err != nil {
			return nil, err
		}
		closers = append(closers, done)
		return engine.Identity(), nil
	}
	return k, func() {
		for _, done := range closers {
			done()
		}
		k.forget()
	}
}

// keyring opens data keys, each wrap once.
type keyring struct {
	open  func() (envelope.IdentityForSuite, error)
	ident envelope.IdentityForSuite
	known map[string][]byte
}

var _ envelope.IdentityForSuite = &keyring{}

// Unwrap implements envelope.Identity.
func (k *keyring) Unwrap(ctx context.Context, stanzas []*envelope.Stanza, ec envelope.Context) ([]byte, error) {
	return k.UnwrapForSuite(ctx, envelope.AES256, stanzas, ec)
}

// UnwrapForSuite implements envelope.IdentityForSuite.
func (k *keyring) UnwrapForSuite(ctx context.Context, s envelope.Suite, stanzas []*envelope.Stanza, ec envelope.Context) ([]byte, error) {
	id, err := wrapsOf(s, stanzas, ec)
	if err != nil {
		return nil, err
	}
	if key := k.known[id]; key != nil {
		return key, nil
	}
	if k.ident == nil {
		if k.ident, err = k.open(); err != nil {
			return nil, err
		}
	}
	key, err := k.ident.UnwrapForSuite(ctx, s, stanzas, ec)
	if err == nil {
		k.known[id] = append([]byte{}, key...)
	}
	return key, err
}

func (k *keyring) forget() {
	for _, key := range k.known {
		clear(key)
	}
}

// wrapsOf names what a data key is opened from: equal names are opened into equal keys.
func wrapsOf(s envelope.Suite, stanzas []*envelope.Stanza, ec envelope.Context) (string, error) {
	pairs, err := ec.Pairs()
	if err != nil {
		return "", err
	}
	lines := []string{s.String(), strings.Join(pairs, " ")}
	for _, stanza := range stanzas {
		line, err := stanza.Line()
		if err != nil {
			return "", errors.New("a stanza of the header is malformed")
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n"), nil
}

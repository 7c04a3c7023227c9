package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/resource"
)

// longestMaterial is more than any material has, so that what is too long is told.
const longestMaterial = 1024

// importOptions are what import-material is told beside the flags of all that is asked for.
type importOptions struct {
	askOptions
	file    string
	expires string
}

// importMaterialCommand imports a key's own material, for the first time or once more.
func (a *app) importMaterialCommand() *cobra.Command {
	var o importOptions
	c := &cobra.Command{
		Use: "import-material ADDRESS", Short: "Import a key's own material, for the first time or again", GroupID: groupCare, Args: cobra.ExactArgs(1),
		Long: `Import material into a key of origin EXTERNAL: into a new one, into one whose material expired or was
deleted, or once more with another expiry. The material comes from a file or from standard input, or
else from the key's material block: its bytes themselves, 32 for Aliyun_AES_256 and 16 for Aliyun_SM4.
It is wrapped in memory, and kept nowhere; state has a fingerprint of it.

KMS takes the material that a key had and no other. Other material is refused before anything is called,
as far as this stack imported the first. Without -expires it expires when the block says, and of a key
without one never, or as it does. kmsplan apply imports what a material block names by itself.
` + exitsOfAsked,
		RunE: func(c *cobra.Command, args []string) error {
			at, err := objectAddress(args[0], plan.KindKey)
			if err != nil {
				return err
			}
			ask := plan.Request{Addr: at, Act: plan.ActImport}
			if ask.Import, err = o.until(); err != nil {
				return err
			}
			if o.file == "-" && !o.approve && !o.dryRun {
				return withHint(usageError{errors.New("standard input has the material, so that nobody can be asked for approval")}, "Add -auto-approve, or give the material in a file.")
			}
			return a.importMaterial(c.Context(), &o, ask)
		},
	}
	c.Flags().StringVar(&o.file, "file", "", "read the material from `FILE`; - is standard input (default: what the key's material block names)")
	c.Flags().StringVar(&o.expires, "expires", "", "when KMS deletes it: a `TIME` as RFC 3339 has it, 2027-01-01T00:00:00+08:00, or never")
	o.flags(c)
	return c
}

// until reads -expires.
func (o *importOptions) until() (in plan.Import, err error) {
	switch o.expires {
	case "":
		return in, nil
	case "never":
		return plan.Import{Said: true}, nil
	}
	at, err := time.Parse(time.RFC3339, o.expires)
	if err != nil {
		return in, usageError{fmt.Errorf("-expires %q is no point in time with its zone, such as 2027-01-01T00:00:00+08:00, and not never", o.expires)}
	}
	return plan.Import{Said: true, Expires: at.UTC().Truncate(time.Second)}, nil
}

// importMaterial plans with the material in hand: whether it is the key's is a matter of the plan.
func (a *app) importMaterial(ctx context.Context, o *importOptions, ask plan.Request) error {
	k, err := a.surveyed(ctx, &o.askOptions, []plan.Request{ask})
	if err != nil {
		return err
	}
	defer k.close()
	material, err := k.material(ask.Addr, o.file)
	value := kms.SecretBytes(material)
	defer value.Zero()
	if err != nil {
		return err
	}
	if ask.Import.Match, err = k.stack.MatchMaterial(ask.Addr, material); err != nil {
		return fmt.Errorf("the material for %s: %w", ask.Addr, err)
	}
	if err := k.planned(ctx, []plan.Request{ask}); err != nil {
		return err
	}
	return k.carryOut(ctx, map[addr.Address]resource.Given{ask.Addr: {Value: value}})
}

// material reads the material: from a file, from standard input, or as the key's block has it.
func (k *asking) material(at addr.Address, from string) ([]byte, error) {
	switch from {
	case "":
		material, named, err := k.stack.MaterialOf(at)
		if err != nil {
			return material, fmt.Errorf("the material of %s: %w", at, err)
		}
		if _, _, managed := k.stack.Object(at); !named && managed {
			return nil, withHint(usageError{fmt.Errorf("no material is given, and %s has no material block", at)}, "Give it with -file FILE, or on standard input with -file -.")
		}
		return material, nil
	case "-":
		return readMaterial(k.app.proc.Stdin)
	}
	f, err := os.Open(k.app.path(from))
	if err != nil {
		return nil, fmt.Errorf("-file: %w", err)
	}
	defer f.Close()
	material, err := readMaterial(f)
	if err != nil {
		err = fmt.Errorf("-file: read %s: %w", from, err)
	}
	return material, err
}

// readMaterial reads into one buffer, so that no growing leaves a copy behind.
func readMaterial(r io.Reader) ([]byte, error) {
	raw := make([]byte, longestMaterial)
	n, err := io.ReadFull(r, raw)
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		err = nil
	}
	return raw[:n], err
}

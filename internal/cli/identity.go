package cli

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"filippo.io/age"
	"github.com/spf13/cobra"

	"kmsplan.dev/kmsplan/internal/durable"
	"kmsplan.dev/kmsplan/internal/envelope"
	"kmsplan.dev/kmsplan/internal/ops"
	"kmsplan.dev/kmsplan/internal/stack"
)

// openEngine makes the file engine over the module's gateways. With age identities a module without
// gateways, or none at all, is enough.
func (a *app) openEngine(v *variables, identityFiles ...string) (*ops.Engine, func(), error) {
	if a.scopeFiles < 0 || a.scopeFiles > ops.MaxFilesPerKey {
		return nil, nil, usageError{fmt.Errorf("-scope-files is 1 to %d, not %d", ops.MaxFilesPerKey, a.scopeFiles)}
	}
	identities, err := a.ageIdentities(identityFiles)
	if err != nil {
		return nil, nil, err
	}
	gateways, err := a.openGateways(v, identities)
	if err != nil {
		return nil, nil, err
	}
	engine := gateways.Engine()
	durable.ReleaseImage() // what follows may go through files of any size, in little memory
	return engine, func() { engine.Close(); a.closing(gateways.Close) }, nil
}

// openWithFlag are the identities that open files without KMS.
func openWithFlag(c *cobra.Command, files *[]string) {
	repeated(c.Flags(), files, "identity", "an age identity `FILE`, for break-glass; repeatable")
}

// gatewayFromFlag lets a command work without a module.
func (a *app) gatewayFromFlag(c *cobra.Command) {
	c.Flags().StringVar(&a.gatewayFrom, "gateway-from", "", "use the gateway that `FILE` describes, or the environment (env), and no module")
}

// identityFlag lets a command open the state without KMS.
func (a *app) identityFlag(c *cobra.Command) {
	repeated(c.Flags(), &a.identities, "identity", "open a sealed state with the age identity in `FILE`, for break-glass; repeatable")
}

// breakingGlass adds the identities of -identity.
func (a *app) breakingGlass(o stack.Options) (_ stack.Options, err error) {
	o.Identities, err = a.ageIdentities(a.identities)
	return o, err
}

// ageIdentities reads age identity files.
func (a *app) ageIdentities(files []string) ([]envelope.Identity, error) {
	var out []envelope.Identity
	for _, name := range files {
		if strings.HasPrefix(strings.ToUpper(name), "AGE-") {
			return nil, usageError{errors.New("-identity takes the file that holds the identity: on a command line everybody on this machine sees it, and the shell's history keeps it. Take this identity for known to others")}
		}
		f, err := os.Open(a.path(name))
		if err != nil {
			return nil, fmt.Errorf("open the identity file: %w", err)
		}
		parsed, err := age.ParseIdentities(f)
		f.Close()
		if err != nil {
			return nil, fmt.Errorf("%s holds no age identity (AGE-SECRET-KEY-…)", name)
		}
		for _, id := range parsed {
			out = append(out, envelope.AgeIdentity(id))
		}
	}
	return out, nil
}

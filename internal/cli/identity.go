package cli

import (
	"fmt"
	"os"

	"filippo.io/age"

	"kmsplan.dev/kmsplan/internal/envelope"
	"kmsplan.dev/kmsplan/internal/ops"
)

// openDecryptEngine is openEngine with break-glass identities. With identities a module without
// gateways, or none at all, is enough.
func (a *app) openDecryptEngine(v *variables, files []string) (*ops.Engine, func(), error) {
	if len(files) == 0 {
		return a.openEngine(v)
	}
	identities, err := a.ageIdentities(files)
	if err != nil {
		return nil, nil, err
	}
	cfg, diags := a.load(v, true)
	if diags.HasErrors() && len(cfg.Gateways) == 0 {
		a.term.Notef("no gateway block loads here, so only the age identities are tried")
	}
	gateways := a.newGateways(cfg, defaultLockTimeout)
	engine := ops.New(ops.Options{Keyring: keyring{gateways}, Now: a.now, Identities: identities})
	return engine, func() { engine.Close(); a.closing(gateways.close) }, nil
}

// ageIdentities reads age identity files.
func (a *app) ageIdentities(files []string) ([]envelope.Identity, error) {
	var out []envelope.Identity
	for _, name := range files {
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

package cli

import (
	"fmt"
	"os"

	"filippo.io/age"

	"kmsplan.dev/kmsplan/internal/envelope"
	"kmsplan.dev/kmsplan/internal/ops"
)

// openEngine makes the file engine over the module's gateways. With age identities a module without
// gateways, or none at all, is enough.
func (a *app) openEngine(v *variables, identityFiles ...string) (*ops.Engine, func(), error) {
	identities, err := a.ageIdentities(identityFiles)
	if err != nil {
		return nil, nil, err
	}
	gateways, err := a.openGateways(v, identities)
	if err != nil {
		return nil, nil, err
	}
	engine := gateways.Engine()
	return engine, func() { engine.Close(); a.closing(gateways.Close) }, nil
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

package engine

import (
	"maps"

	"kmsplan.dev/kmsplan/internal/emulator/clock"
	"kmsplan.dev/kmsplan/internal/emulator/engine/access"
	"kmsplan.dev/kmsplan/internal/emulator/engine/core"
	"kmsplan.dev/kmsplan/internal/emulator/engine/crypto"
	"kmsplan.dev/kmsplan/internal/emulator/engine/keys"
	"kmsplan.dev/kmsplan/internal/emulator/engine/secrets"
	"kmsplan.dev/kmsplan/internal/emulator/store"
)

// New builds the engine over an open store. An empty store gets the bootstrap
// records (see Bootstrap); a kept clock state is continued on clk.
func New(db *store.DB, clk *clock.Clock, o Options) (*core.Engine, error) {
	reactions := keys.Reactions()
	maps.Copy(reactions, secrets.Reactions())
	return core.Open(db, clk, o, reactions)
}

// Operations returns every operation of the public gateway by name.
func Operations() map[string]Operation {
	all := map[string]Operation{}
	for _, group := range [][]Operation{keys.Operations(), secrets.Operations(), crypto.Operations(), access.Operations()} {
		for _, o := range group {
			all[o.Name] = o
		}
	}
	return all
}

// InstanceOperations returns the 15 operations of the instance gateway by name.
func InstanceOperations() map[string]InstanceOperation {
	all := map[string]InstanceOperation{}
	for _, o := range append(crypto.InstanceOperations(), secrets.InstanceOperation()) {
		all[o.Name] = o
	}
	return all
}

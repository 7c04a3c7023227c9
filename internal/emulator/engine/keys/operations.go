package keys

import (
	"slices"

	"kmsplan.dev/kmsplan/internal/emulator/engine/core"
)

// Operations are those on keys, aliases, versions, rotation, imported material, tags
// and resource policies.
func Operations() []core.Operation {
	return slices.Concat(keyOperations(), aliasOperations(), rotationOperations(), importOperations(), policyOperations(), tagOperations())
}

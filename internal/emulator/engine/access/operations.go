package access

import (
	"slices"

	"kmsplan.dev/kmsplan/internal/emulator/engine/core"
)

// Operations are those on the service, instances and what opens them.
func Operations() []core.Operation {
	return slices.Concat(serviceOperations(), instanceOperations(), accessPointOperations(), certificateOperations())
}

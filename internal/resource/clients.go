package resource

import (
	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/state"
)

// GatewayClients is one gateway block at work.
type GatewayClients struct {
	Gateway *hcl.Gateway
	Region  string // the region at work: the block's, or the running emulator's where the block names none
	Manager kms.Manager
	// InstanceID is the instance new keys and secrets go to: the instance block's
	// id, or the running emulator's. "" = none.
	InstanceID string
	// Timing is the gateway's; the zero value is ServiceTiming.
	Timing Timing
	// Read is told how many of a snapshot's objects are read, one call at a time; nil = nobody asks.
	Read func(done, total int)
}

// For returns the handler of a managed kind, or nil for a kind this version does
// not know.
func For(kind string) Handler {
	if r := readerOf(kind); r != nil {
		return r
	}
	return nil
}

// reader is a handler that also knows what of the service has to be read for its kind before a plan.
type reader interface {
	Handler
	wishKnown(w *wish, r *state.Resource) // for an object of state
	wishDeclared(w *wish, d declaration)  // for a declared instance
}

func readerOf(kind string) reader {
	switch kind {
	case plan.KindKey:
		return keyHandler{}
	case plan.KindAlias:
		return aliasHandler{}
	case plan.KindRotation:
		return rotationHandler{}
	case plan.KindSecret:
		return secretHandler{}
	case plan.KindClientKey:
		return clientKeyHandler{}
	}
	for _, k := range accessKinds {
		if k.calls.kind == kind {
			return accessHandler{k.calls}
		}
	}
	return nil
}

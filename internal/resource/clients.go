package resource

import (
	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/kms"
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
}

// For returns the handler of a managed kind, or nil for a kind this version does
// not know.
func For(kind string) Handler {
	switch kind {
	case "key":
		return keyHandler{}
	case "alias":
		return aliasHandler{}
	case "rotation_policy":
		return rotationHandler{}
	case "secret":
		return secretHandler{}
	}
	return nil
}

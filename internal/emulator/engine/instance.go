package engine

import "kmsplan.dev/kmsplan/internal/emulator/store"

// Kinds and states of an instance, network rule types and authentication
// methods (KMS: GetKmsInstance, CreateNetworkRule, CreateApplicationAccessPoint).
const (
	kindSoftware        = "software"
	kindHardware        = "hardware"
	statusUninitialized = "Uninitialized"
	statusConnected     = "Connected"
	networkPrivate      = "Private"
	authClientKey       = "ClientKey"
)

func (e *Engine) putInstance(tx *store.Tx, i KMSInstance) {
	e.table.instances.Put(tx, scope(i.Account, i.Region, i.ID), i)
}

// lookupInstance finds an instance of the caller's account and region; the copy
// is private. Refusal: Forbidden.DKMSInstanceNotFound.
func (e *Engine) lookupInstance(tx *store.Tx, c *Call, id string) (*KMSInstance, error) {
	i, found := e.table.instances.Get(tx, c.scope(id))
	if !found {
		return nil, errInstanceNotFound()
	}
	return &i, nil
}

package core

import (
	"kmsplan.dev/kmsplan/internal/emulator/store"
)

// Kinds and states of an instance (KMS: GetKmsInstance; the kinds are the
// console's).
const (
	KindSoftware        = "software"
	KindHardware        = "hardware"
	StatusUninitialized = "Uninitialized"
	statusConnected     = "Connected"
)

func (e *Engine) PutInstance(tx *store.Tx, i KMSInstance) {
	e.Table.Instances.Put(tx, Scope(i.Account, i.Region, i.ID), i)
}

// LookupInstance finds an instance of the caller's account and region; the copy
// is private. Refusal: Forbidden.DKMSInstanceNotFound.
func (e *Engine) LookupInstance(tx *store.Tx, c *Call, id string) (*KMSInstance, error) {
	i, found := e.Table.Instances.Get(tx, c.Scope(id))
	if !found {
		return nil, ErrInstanceNotFound()
	}
	return &i, nil
}

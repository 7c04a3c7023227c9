package core

import (
	"time"

	"kmsplan.dev/kmsplan/internal/emulator/crypt"
	"kmsplan.dev/kmsplan/internal/emulator/store"
)

// UsableInstance finds the instance a key is to live in; nil for a default key.
func (e *Engine) UsableInstance(tx *store.Tx, c *Call, id string) (*KMSInstance, error) {
	if id == "" {
		return nil, nil
	}
	i, err := e.LookupInstance(tx, c, id)
	if err != nil {
		return nil, err
	}
	if i.Status != statusConnected {
		return nil, ErrInstanceState()
	}
	return i, nil
}

// HomeOf tells which rules hold for keys of an instance; nil is no instance.
func (e *Engine) HomeOf(i *KMSInstance) crypt.Home {
	switch {
	case i == nil && e.Opts.LegacyDefaultKeys:
		return crypt.LegacyDefaultKey
	case i == nil:
		return crypt.DefaultKey
	case i.Kind == KindHardware:
		return crypt.HardwareInstance
	default:
		return crypt.SoftwareInstance
	}
}

const (
	ProtectionSoftware = "SOFTWARE"
	ProtectionHSM      = "HSM"
	CreatorUser        = "User"
	CreatorService     = "Service"
)

const (
	OriginKMS      = "Aliyun_KMS"
	OriginExternal = "EXTERNAL"
	SpecDefault    = "Aliyun_AES_256"
)

// spec returns the key's specification.
func (k *Key) CryptSpec() crypt.Spec {
	s, _ := crypt.SpecOf(k.Spec) // a stored key's spec was checked when it was created
	return s
}

// Symmetric tells whether the key is one secret key that encrypts.
func (k *Key) Symmetric() bool { return k.CryptSpec().Class == crypt.Symmetric }

// Rotates tells whether the key is going to be rotated by the clock.
func (k *Key) Rotates() bool { return k.Rotate && k.RotateEvery > 0 && k.State == StateEnabled }

// NextRotation is the second at which the clock rotates the key.
func (k *Key) NextRotation() time.Time { return k.LastRotation.Add(k.RotateEvery) }

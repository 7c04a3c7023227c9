package keys

import (
	"kmsplan.dev/kmsplan/internal/emulator/engine/core"
)

// KeyMetadata describes a key in answers. Absent dates are ""; what a key does
// not have at all is left out.
type KeyMetadata struct {
	Arn                string
	AutomaticRotation  string // Enabled, Disabled, Suspended
	CreationDate       string
	Creator            string
	DKMSInstanceId     string `json:",omitempty"`
	DeleteDate         string
	Description        string
	KeyId              string
	KeySpec            string
	KeyState           string
	KeyUsage           string
	LastRotationDate   string
	MaterialExpireTime string
	NextRotationDate   string `json:",omitempty"` // while AutomaticRotation is Enabled or Suspended
	Origin             string
	PrimaryKeyVersion  string `json:",omitempty"` // symmetric keys only
	ProtectionLevel    string
	RotationInterval   string `json:",omitempty"` // as NextRotationDate
}

// DescribedKey is KeyMetadata with what DescribeKey alone answers.
type DescribedKey struct {
	KeyMetadata
	DeletionProtection            string // Enabled, Disabled
	DeletionProtectionDescription string `json:",omitempty"`
}

const (
	switchedOn  = "Enabled"
	switchedOff = "Disabled"
	suspended   = "Suspended"
)

// automaticRotation is Suspended while the key is not usable
// (KMS: Automatic key rotation).
func automaticRotation(k *core.Key) string {
	switch {
	case !k.Rotate:
		return switchedOff
	case k.State != core.StateEnabled:
		return suspended
	default:
		return switchedOn
	}
}

func metadata(k *core.Key) KeyMetadata {
	m := KeyMetadata{
		Arn: core.KeyARN(k), AutomaticRotation: automaticRotation(k),
		CreationDate: core.Timestamp(k.Created), Creator: k.Creator, DKMSInstanceId: k.Instance,
		DeleteDate: core.Timestamp(k.DeleteAt), Description: k.Description, KeyId: k.ID,
		KeySpec: k.Spec, KeyState: k.State, KeyUsage: k.Usage,
		LastRotationDate: core.Timestamp(k.LastRotation), MaterialExpireTime: core.Timestamp(k.MaterialExpires),
		Origin: k.Origin, ProtectionLevel: k.ProtectionLevel,
	}
	if k.Symmetric() {
		m.PrimaryKeyVersion = k.Primary
	}
	if k.Rotate {
		m.RotationInterval = core.Interval(k.RotateEvery)
		m.NextRotationDate = core.Timestamp(k.NextRotation())
	}
	return m
}

func described(k *core.Key) DescribedKey {
	d := DescribedKey{KeyMetadata: metadata(k), DeletionProtection: switchedOff}
	if k.Protected {
		d.DeletionProtection, d.DeletionProtectionDescription = switchedOn, k.ProtectedReason
	}
	return d
}

package engine

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
func (k *Key) automaticRotation() string {
	switch {
	case !k.Rotate:
		return switchedOff
	case k.State != stateEnabled:
		return suspended
	default:
		return switchedOn
	}
}

func (k *Key) metadata() KeyMetadata {
	m := KeyMetadata{
		Arn: keyARN(k), AutomaticRotation: k.automaticRotation(),
		CreationDate: timestamp(k.Created), Creator: k.Creator, DKMSInstanceId: k.Instance,
		DeleteDate: timestamp(k.DeleteAt), Description: k.Description, KeyId: k.ID,
		KeySpec: k.Spec, KeyState: k.State, KeyUsage: k.Usage,
		LastRotationDate: timestamp(k.LastRotation), MaterialExpireTime: timestamp(k.MaterialExpires),
		Origin: k.Origin, ProtectionLevel: k.ProtectionLevel,
	}
	if k.symmetric() {
		m.PrimaryKeyVersion = k.Primary
	}
	if k.Rotate {
		m.RotationInterval = interval(k.RotateEvery)
		m.NextRotationDate = timestamp(k.nextRotation())
	}
	return m
}

func (k *Key) described() DescribedKey {
	d := DescribedKey{KeyMetadata: k.metadata(), DeletionProtection: switchedOff}
	if k.Protected {
		d.DeletionProtection, d.DeletionProtectionDescription = switchedOn, k.ProtectedReason
	}
	return d
}

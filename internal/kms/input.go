package kms

import "time"

// Inputs of the Manager's calls. A nil pointer, nil map or empty string is a
// parameter that is not sent.

// CreateKeyInput holds KMS: CreateKey's parameters.
type CreateKeyInput struct {
	Description     *string // 0–8192 characters
	Spec            *string // default Aliyun_AES_256
	Usage           *string // default SIGN/VERIFY where the spec can sign
	Origin          *string // Aliyun_KMS or EXTERNAL
	ProtectionLevel *string // ignored with an instance
	InstanceID      *string // kst-…; nil makes a default key
	Rotate          *bool
	RotateEvery     *time.Duration // required when Rotate; whole seconds
	Policy          *string        // JSON ≤ 32768 bytes, instance keys only
	Tags            map[string]string
}

// KeyFilter narrows ListKeys: fields AND, values of a field OR.
type KeyFilter struct {
	States           []string
	Specs            []string
	Usages           []string
	ProtectionLevels []string
	CreatorTypes     []string // User, Service
	InstanceIDs      []string // DKMSInstanceId
}

// RotationPolicyInput holds KMS: UpdateRotationPolicy's parameters.
type RotationPolicyInput struct {
	KeyID       string
	Rotate      bool
	RotateEvery *time.Duration
}

// ResourceKind is what TagResources and its siblings act on.
type ResourceKind string

const (
	KindKey    ResourceKind = "key"
	KindSecret ResourceKind = "secret"
)

// TagQuery selects what ListTagResources returns: resources by id (any number,
// read in batches of 50), or by tags (all of them; at most 20), or both.
// A tag with an empty value matches every value.
type TagQuery struct {
	IDs  []string
	Tags map[string]string
}

// CreateSecretInput holds KMS: CreateSecret's parameters.
type CreateSecretInput struct {
	Name            string
	Value           Secret // ≤ 30720 bytes
	VersionID       string // ≤ 64 characters, chosen by the caller
	DataType        *string
	Type            *string
	Description     *string
	EncryptionKeyID *string
	InstanceID      *string
	Rotate          *bool
	RotateEvery     *time.Duration
	ExtendedConfig  map[string]any
	Policy          *string
	Tags            map[string]string
}

// UpdateSecretInput holds KMS: UpdateSecret's parameters.
type UpdateSecretInput struct {
	Name        string
	Description *string
	CustomData  map[string]any // ≤ 10 pairs
}

// PutSecretValueInput holds KMS: PutSecretValue's parameters. The version id is
// the idempotency token: the same id with the same value is a no-op.
type PutSecretValueInput struct {
	Name      string
	Value     Secret
	VersionID string
	DataType  *string
	Stages    []string // default ACSCurrent
}

// MoveStageInput holds KMS: UpdateSecretVersionStage's parameters.
type MoveStageInput struct {
	Name       string
	Stage      string
	MoveTo     *string
	RemoveFrom *string
}

// DeleteSecretInput holds KMS: DeleteSecret's parameters.
type DeleteSecretInput struct {
	Name           string
	Force          bool // at once; then no window may be given
	RecoveryWindow *int // days, 7–30, default 30
}

// SecretValueQuery selects a version of a secret; by default ACSCurrent.
type SecretValueQuery struct {
	Name                string
	VersionID           *string
	Stage               *string
	FetchExtendedConfig bool
}

// ImportMaterialInput holds KMS: ImportKeyMaterial's parameters.
type ImportMaterialInput struct {
	KeyID    string
	Wrapped  []byte // the material under ImportParameters.PublicKey
	Token    string
	ExpireAt *time.Time // nil = never
}

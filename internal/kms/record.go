package kms

import "time"

// Key is a customer master key's metadata (KMS: DescribeKey).
// Times are UTC; a zero time means the service gave none.
type Key struct {
	ID, ARN         string
	Spec            string // Aliyun_AES_256, RSA_2048, …
	Usage           string // ENCRYPT/DECRYPT or SIGN/VERIFY
	Origin          string // Aliyun_KMS or EXTERNAL
	State           string // Enabled, Disabled, PendingDeletion, PendingImport
	ProtectionLevel string // SOFTWARE or HSM
	InstanceID      string // kst-…; "" = a default key
	Description     string
	Creator         string
	PrimaryVersion  string // symmetric keys only

	Created         time.Time
	DeleteAt        time.Time // PendingDeletion only
	MaterialExpires time.Time // imported material only

	AutomaticRotation string        // Enabled, Disabled or Suspended; "" where rotation does not exist
	RotationInterval  time.Duration // 0 unless rotation is Enabled or Suspended
	LastRotation      time.Time
	NextRotation      time.Time

	DeletionProtection            bool
	DeletionProtectionDescription string
}

// Key states.
const (
	StateEnabled         = "Enabled"
	StateDisabled        = "Disabled"
	StatePendingDeletion = "PendingDeletion"
	StatePendingImport   = "PendingImport"
)

// KeyRef is one row of ListKeys.
type KeyRef struct{ ID, ARN string }

// KeyVersion is one version of a key.
type KeyVersion struct {
	ID, KeyID string
	Created   time.Time
}

// Alias is a name that points to a key.
type Alias struct {
	Name  string // with its alias/ prefix
	ARN   string
	KeyID string
}

// SecretInfo is a secret's metadata (KMS: DescribeSecret), never its value.
type SecretInfo struct {
	Name, ARN       string
	Type            string // Generic, Rds, Redis, RAMCredentials, ECS, PolarDB
	Description     string
	InstanceID      string
	EncryptionKeyID string
	ExtendedConfig  string // JSON as the service gives it

	Created, Updated time.Time
	DeleteAt         time.Time // in its recovery window only

	AutomaticRotation string
	RotationInterval  time.Duration
	LastRotation      time.Time
	NextRotation      time.Time

	Tags map[string]string // nil unless asked for
}

// SecretRef is one row of ListSecrets.
type SecretRef struct {
	Name, Type       string
	Created, Updated time.Time
	DeleteAt         time.Time
	Tags             map[string]string // nil unless asked for
}

// SecretGeneric is the type of secrets whose versions only their owner writes; the
// service rotates those of every other type by itself.
const SecretGeneric = "Generic"

// StageCurrent is the stage label of the version that is read by default.
const StageCurrent = "ACSCurrent"

// SecretVersion is one version of a secret and its stage labels.
type SecretVersion struct {
	ID      string
	Stages  []string // ACSCurrent, ACSPrevious, custom
	Created time.Time
}

// SecretValue is one version of a secret with its value.
type SecretValue struct {
	Name, Type string
	Data       Secret
	DataType   string // text or binary (then Data holds base64 text)
	VersionID  string
	Stages     []string
	Created    time.Time

	ExtendedConfig    string
	AutomaticRotation string
	RotationInterval  time.Duration
	LastRotation      time.Time
	NextRotation      time.Time
}

// Instance is a KMS instance (KMS: GetKmsInstance).
type Instance struct {
	ID, Name, Status string // Status: Uninitialized, Connecting, Connected, Disconnected, Error
	CAChainPEM       string
	KeyNum, Spec     int64
	VPCNum           int64
	SecretNum        string
	VPCID            string
	VSwitchIDs       string
	ZoneIDs          string
	BindVPCs         []BindVPC
	Created          time.Time
	Start, End       time.Time
}

// BindVPC is a VPC from which an instance can be reached.
type BindVPC struct{ RegionID, VPCID, VSwitchID, OwnerID string }

// InstanceRef is one row of ListKmsInstances.
type InstanceRef struct{ ID, ARN string }

// ImportParameters is what wraps key material for its import; valid 24 hours.
type ImportParameters struct {
	KeyID     string
	PublicKey []byte // DER, SubjectPublicKeyInfo
	Token     string // hand back to ImportKeyMaterial as it is
	Expires   time.Time
}

// PublicKey is the public half of an asymmetric key version.
type PublicKey struct {
	KeyID, KeyVersionID string
	PEM                 string
}

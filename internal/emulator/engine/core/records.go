package core

import (
	"time"
)

// Records are what the store keeps, one table per type, keyed by
// "<account>/<region>/<id>" (see scope). Times are UTC.

// Key is a customer master key.
type Key struct {
	ID, Account, Region string
	Description         string
	Spec, Usage, Origin string
	ProtectionLevel     string
	Instance            string // DKMSInstanceId; "" = default key
	State               string // Enabled, Disabled, PendingDeletion, PendingImport
	Creator             string // account id, or the service's name
	CreatorType         string // User or Service
	Created             time.Time
	DeleteAt            time.Time // zero unless PendingDeletion
	Protected           bool      // deletion protection
	ProtectedReason     string
	Rotate              bool          // automatic rotation enabled by the user
	RotateEvery         time.Duration // 0 = never set
	LastRotation        time.Time
	MaterialExpires     time.Time // imported material; zero = never
	ImportedDigest      []byte    // SHA-256 of the first imported material, re-import must match
	Primary             string    // primary version id; for asymmetric keys the first version
	Initial             string    // first version id, used by the instance gateway's plain operations
	Versions            []string  // version ids, oldest first
	Tags                map[string]string
	Policy              string // JSON; "" = none set
}

// KeyVersion is one version's material. Material is sealed by the store.
type KeyVersion struct {
	ID, KeyID, Account, Region string
	Instance                   string // the key's; what the version is counted against
	Created                    time.Time
	Material                   []byte // raw symmetric key, or PKCS#8/SEC1 DER private key; empty when deleted or not yet imported
}

// Alias points to a key.
type Alias struct {
	Name, KeyID, Account, Region string
	Created                      time.Time
}

// Secret is a secret's metadata; values stand in SecretVersion.
type Secret struct {
	Name, Account, Region string
	Type, Description     string
	Instance              string
	EncryptionKeyID       string
	ExtendedConfig        string // JSON
	Created, Updated      time.Time
	DeleteAt              time.Time // zero unless in its recovery window
	Rotate                bool
	RotateEvery           time.Duration
	LastRotation          time.Time
	NextRotation          time.Time
	Rotations             []time.Time // by RotateSecret within the hour before the last one, oldest first
	Tags                  map[string]string
	Policy                string
	Versions              []string // version ids, oldest first
}

// SecretVersion is one stored value. Data is sealed by the store.
type SecretVersion struct {
	ID, Secret, Account, Region string
	Data                        []byte
	DataType                    string // text or binary
	Stages                      []string
	Created                     time.Time
}

// ImportToken is the private half of one GetParametersForImport answer.
type ImportToken struct {
	Token, KeyID, Account, Region string
	WrappingAlgorithm, Spec       string
	PrivateKey                    []byte // PKCS#8 DER, sealed by the store
	Expires                       time.Time
	Expired                       bool // its expiry has been announced
}

// KMSInstance is a KMS instance.
type KMSInstance struct {
	ID, Account, Region string
	Name                string
	Kind                string // software or hardware
	Image               string // image version, for example 3.1.0
	NationalCrypto      bool   // SM2/SM4 module present
	PublicAccess        bool   // reachable through the shared gateway
	Status              string // Uninitialized, Connecting, Connected, Disconnected, Error
	Spec                int64
	KeyNum, VPCNum      int64
	SecretNum           string
	VPCID, VSwitchIDs   string
	ZoneIDs             string
	BindVPCs            string // JSON
	Created             time.Time
	Start, End          time.Time
	Protected           bool // deletion protection
	ProtectedReason     string
}

// ClientKey is an application access point's credential for the instance gateway.
// The private key leaves with CreateClientKey's answer and is not kept.
type ClientKey struct {
	ID, AccessPoint, Account, Region string
	PublicKey                        []byte // PKIX DER
	Certificate                      []byte // DER, with the public key in it
	Created, NotBefore, NotAfter     time.Time
	Expired                          bool // its expiry has been announced
}

// ValidAt tells whether the client key may be used at an instant.
func (k *ClientKey) ValidAt(t time.Time) bool { return !t.Before(k.NotBefore) && t.Before(k.NotAfter) }

// AccessPoint is an application access point (AAP).
type AccessPoint struct {
	Name, Account, Region string
	AuthMethod            string
	Description           string
	Policies              []string
	Created               time.Time
}

// NetworkRule is an allow-list of source addresses.
type NetworkRule struct {
	Name, Account, Region string
	Type, Description     string
	SourcePrivateIP       string // JSON array as sent
	Created               time.Time
}

// Policy is a permission rule an access point refers to.
type Policy struct {
	Name, Account, Region string
	Description           string
	Instance              string
	Permissions           []string
	Resources             []string
	AccessControlRules    string // JSON as sent
	Created               time.Time
}

// Credential is a RAM AccessKey or an STS session.
type Credential struct {
	AccessKeyID   string
	Secret        string // sealed by the store
	SecurityToken string // set for STS sessions
	Expires       time.Time
	Account       string
	Principal     string // RAM ARN
	// Policies are a RAM user's, a JSON array of documents; "" = bounded by none, as the account itself.
	Policies string
}

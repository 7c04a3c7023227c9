package core

import (
	"time"
)

// RotationProfile chooses between the documented rotation ranges.
type RotationProfile int

const (
	// CurrentRotation: symmetric keys 7–730 days, hardware keys never. Where the
	// engine is strict, software keys 7–365 days and default keys exactly 365 days
	// (CreateKey and the Chinese UpdateRotationPolicy page).
	CurrentRotation RotationProfile = iota
	// LegacyRotation: 7–730 days for every symmetric key, strict or not, hardware
	// keys too (the English page).
	LegacyRotation
)

// Limits that the service documents. Those it does not stand in package
// undocumented.
const (
	Day                 = 24 * time.Hour
	MinRotation         = 7 * Day
	PageSizeMax         = 100 // ListKeys
	PageSizeMaxAliases  = 100 // ListAliases says 0 to 100
	PageSizeMaxByKey    = 101 // ListAliasesByKeyId and ListKeyVersions say 0 to 101
	pageSizeDefault     = 10
	pageSizeOfAccess    = 20 // ListKmsInstances, ListPolicies, ListNetworkRules, ListApplicationAccessPoints
	TagLimit            = 20 // per resource, CreateKey and TagResources
	TagTextLimit        = 128
	TagPageSize         = 200 // ListTagResources
	ResourceIDLimit     = 50  // TagResources, ListTagResources
	PolicyLimit         = 32768
	PolicyName          = "default"
	filterLimit         = 10
	MaxWindowDays       = 366
	MinWindowDays       = 7
	ImportTokenLife     = 24 * time.Hour
	ClientKeyYears      = 5
	DescriptionLimit    = 8192
	ProtectionTextLimit = 1024   // DeletionProtectionDescription
	PoliciesPerPoint    = 3      // CreateApplicationAccessPoint
	VersionsPerKey      = 10_000 // the region's quota, for one key of an instance too
)

// Limits of cryptography, in bytes.
const (
	PlaintextLimit   = 6144 // public Encrypt
	DataKeyMax       = 1024 // of a data key, public gateway
	DataKeyDefault   = 32
	RandomMax        = 64 // GenerateRandom (instance API, 2026-09)
	InstanceAADLimit = 8192
)

// Limits of secrets.
const (
	SecretVersionIDLimit = 64    // characters
	SecretDataLimit      = 30720 // bytes
	SecretConfigLimit    = 1024  // characters of ExtendedConfig
	SecretCustomLimit    = 10    // pairs of CustomData
	SecretVersionLimit   = 10
	SecretStageLimit     = 8 // labels of one secret, ACSCurrent and ACSPrevious included
	secretStageLength    = 64
	SecretWindowMin      = 7 // days
	SecretWindowMax      = 30
	SecretWindowDefault  = 30
	SecretRotationMin    = 6 * time.Hour
	SecretRotationMax    = 8760 * time.Hour
	SecretPageMax        = 100
	PasswordMin          = 8
	PasswordMax          = 128
	PasswordDefault      = 32
)

// NoTime is the absent date.
var NoTime time.Time

package engine

import "time"

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
	day                 = 24 * time.Hour
	minRotation         = 7 * day
	pageSizeMax         = 100 // ListKeys
	pageSizeMaxAliases  = 100 // ListAliases says 0 to 100
	pageSizeMaxByKey    = 101 // ListAliasesByKeyId and ListKeyVersions say 0 to 101
	pageSizeDefault     = 10
	tagLimit            = 20 // per resource, CreateKey and TagResources
	tagTextLimit        = 128
	resourceIDLimit     = 50 // TagResources, ListTagResources
	policyLimit         = 32768
	policyName          = "default"
	filterLimit         = 10
	maxWindowDays       = 366
	minWindowDays       = 7
	importTokenLife     = 24 * time.Hour
	clientKeyLife       = 5 * 365 * day
	descriptionLimit    = 8192
	protectionTextLimit = 1024   // DeletionProtectionDescription
	policiesPerPoint    = 3      // CreateApplicationAccessPoint
	versionsPerKey      = 10_000 // the region's quota, for one key of an instance too
)

// Limits of cryptography, in bytes.
const (
	plaintextLimit   = 6144 // public Encrypt
	dataKeyMax       = 1024 // of a data key, public gateway
	dataKeyDefault   = 32
	randomMax        = 1024 // GenerateRandom
	instanceAADLimit = 8192
)

// Limits of secrets.
const (
	secretVersionIDLimit = 64    // characters
	secretDataLimit      = 30720 // bytes
	secretConfigLimit    = 1024  // characters of ExtendedConfig
	secretCustomLimit    = 10    // pairs of CustomData
	secretVersionLimit   = 10
	secretStageLimit     = 8 // labels of one secret, ACSCurrent and ACSPrevious included
	secretStageLength    = 64
	secretWindowMin      = 7 // days
	secretWindowMax      = 30
	secretWindowDefault  = 30
	secretRotationMin    = 6 * time.Hour
	secretRotationMax    = 8760 * time.Hour
	secretPageMax        = 100
	passwordMin          = 8
	passwordMax          = 128
	passwordDefault      = 32
)

// noTime is the absent date.
var noTime time.Time

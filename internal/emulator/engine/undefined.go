package engine

import "time"

// Everything here is emulator-defined: the service's documentation leaves it
// open, contradicts itself, or only hints. Nothing else in the package decides
// such a thing on its own.

// RotationProfile chooses between the documented rotation ranges.
type RotationProfile int

const (
	// CurrentRotation: software keys 7–365 days, default keys exactly 365 days,
	// hardware keys never (CreateKey and the Chinese UpdateRotationPolicy page).
	CurrentRotation RotationProfile = iota
	// LegacyRotation: 7–730 days for every symmetric key (the English page).
	LegacyRotation
)

const (
	minRotation           = 7 * day
	maxRotation           = 365 * day
	maxRotationLegacy     = 730 * day
	defaultKeyRotation    = 365 * day
	day                   = 24 * time.Hour
	pageSizeMax           = 100 // ListKeys
	pageSizeMaxAliases    = 100 // ListAliases says 0 to 100
	pageSizeMaxByKey      = 101 // ListAliasesByKeyId and ListKeyVersions say 0 to 101
	pageSizeDefault       = 10
	tagLimit              = 20 // per resource, CreateKey and TagResources
	tagLimitOld           = 10 // per resource, TagResource
	tagTextLimit          = 128
	tagPageSize           = 200
	resourceIDLimit       = 50 // TagResources, ListTagResources
	policyLimit           = 32768
	policyName            = "default"
	filterLimit           = 10
	maxWindowDays         = 366
	minWindowDays         = 7
	importTokenLife       = 24 * time.Hour
	clientKeyLife         = 5 * 365 * day
	descriptionLimit      = 8192
	protectionTextLimit   = 1024   // DeletionProtectionDescription
	policiesPerPoint      = 3      // CreateApplicationAccessPoint
	nameLimit             = 64     // of access points, policies and network rules
	versionsPerKey        = 10_000 // the region's quota, for one key of an instance too
	legacyVersions        = 50     // CreateKeyVersion's old page
	legacyVersionGap      = 7 * day
	bootstrapKeyNum       = 1_000_000
	bootstrapVPCNum       = 100
	bootstrapSecretNum    = 100_000
	bootstrapInstanceSpec = 8000
)

// accountEnabled is the status of an account that has opened the service.
const accountEnabled = "Enabled"

// noTime is the absent date.
var noTime time.Time

// errDeletionProtected answers ScheduleKeyDeletion on a protected key.
func errDeletionProtected() *Error {
	return refuse(403, "Forbidden.ProhibitedByDeletionProtection", "The specified resource is protected from deletion.")
}

// errPolicyName answers a PolicyName other than default ("Not Found" says the
// page, without a code).
func errPolicyName() *Error { return errResourceNotFound() }

// errCertificates answers the certificate operations, which the service's
// current API no longer lists.
func errCertificates() *Error { return errUnsupportedOperation() }

// regionCode is the three letters that an instance's ids carry for a region.
// hzz is documented for cn-hangzhou; the others are made up.
func regionCode(region string) string {
	codes := map[string]string{
		"cn-hangzhou": "hzz", "cn-shanghai": "shh", "cn-beijing": "bjj", "cn-shenzhen": "szz",
		"cn-zhangjiakou": "zjj", "cn-hongkong": "hkk", "ap-southeast-1": "sgg", "eu-central-1": "frr",
	}
	if code, found := codes[region]; found {
		return code
	}
	return "zzz"
}

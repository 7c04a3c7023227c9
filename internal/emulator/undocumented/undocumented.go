package undocumented

import "time"

const day = 24 * time.Hour

// Rotation of keys.
const (
	// MaxRotation is the longest RotationInterval of any key.
	// Doubt: the Chinese UpdateRotationPolicy page says 365 days, the English one 730.
	MaxRotation = 730 * day
	// MaxRotationStrict is the longest RotationInterval of an instance's key under -strict.
	// Doubt: as MaxRotation.
	MaxRotationStrict = 365 * day
	// DefaultKeyRotationStrict is the only RotationInterval of a default key under -strict; without it, any from 7 days to MaxRotation.
	// Doubt: the current page says 365 days and nothing else, the provider's own tests set 605800s on default keys.
	DefaultKeyRotationStrict = 365 * day
	// LegacyVersions is how many versions an asymmetric key may have under engine.LegacyRotation.
	// Doubt: CreateKeyVersion's old page alone says so.
	LegacyVersions = 50
	// LegacyVersionGap is the least time between two versions of an asymmetric key under engine.LegacyRotation.
	// Doubt: CreateKeyVersion's old page alone says so.
	LegacyVersionGap = 7 * day
)

// Key states: what the table "Impact of CMK status on API operations" does not
// list. An operation that neither lists is treated as a use of the key.
const (
	// StatesLikeTagging are operations refused on a key that waits for deletion only.
	// Doubt: not in the state table; treated as TagResource is there.
	StatesLikeTagging = "TagResources UntagResources SetDeletionProtection"
	// StatesLikeReading are operations that a key in any state allows.
	// Doubt: not in the state table; treated as DescribeKey is there.
	StatesLikeReading = "ListTagResources ListAliasesByKeyId SetKeyPolicy GetKeyPolicy"
	// StatesLikeUse are operations that need an enabled key.
	// Doubt: not in the state table; treated as Encrypt is there.
	StatesLikeUse = "ReEncryptFrom ReEncryptTo ExportDataKey GenerateAndExportDataKey AsymmetricEncrypt AsymmetricDecrypt AsymmetricSign AsymmetricVerify GetPublicKey " +
		"Sign Verify AdvanceEncrypt AdvanceDecrypt AdvanceGenerateDataKey GenerateDataKeyPair GenerateDataKeyPairWithoutPlaintext " +
		"AdvanceGenerateDataKeyPair AdvanceGenerateDataKeyPairWithoutPlaintext"
	// AliasesGoWithTheKey deletes a key's aliases with it, at the second of its deletion.
	// Doubt: no page says what becomes of them.
	AliasesGoWithTheKey = true
	// DeletionProtectedStatus is the HTTP status of ScheduleKeyDeletion on a protected key.
	// Doubt: the page names the behaviour, without a status.
	DeletionProtectedStatus = 403
	// DeletionProtectedCode is the code of ScheduleKeyDeletion on a protected key.
	// Doubt: the page names the behaviour, without a code.
	DeletionProtectedCode = "Forbidden.ProhibitedByDeletionProtection"
	// PolicyNameCode is the code for a PolicyName other than default.
	// Doubt: the page says "Not Found" without a code.
	PolicyNameCode = "Forbidden.ResourceNotFound"
)

// Tags, lists and names.
const (
	// TagLimitOld is how many tags a resource may have through TagResource.
	// Doubt: its page says 10, CreateKey and TagResources say 20.
	TagLimitOld = 10
	// AliasLimit is the longest name of an alias after its prefix alias/, in characters.
	// Doubt: the operations' pages count the prefix among 255 characters, the user guide does not.
	AliasLimit = 255
	// DescriptionMayBeAbsent lets UpdateKeyDescription without a Description delete it.
	// Doubt: its page requires one, the provider leaves it out to delete it.
	DescriptionMayBeAbsent = true
	// NameLimit is the longest name of an access point, policy or network rule, in bytes.
	// Doubt: no page gives a limit.
	NameLimit = 64
	// NamePattern is what such a name looks like.
	// Doubt: taken from the names in the samples.
	NamePattern = `^[A-Za-z0-9][A-Za-z0-9_.-]*$`
	// InstanceFilterKeys are the keys that Filters of ListKmsInstances knows.
	// Doubt: the parameter exists in newer clients, its keys are not listed; after GetKmsInstance's fields.
	InstanceFilterKeys = "KmsInstanceId Status"
)

// Cryptography.
const (
	// PlaintextTooLongCode answers a plaintext or AAD over the documented size.
	// Doubt: the size is documented, the refusal is not.
	PlaintextTooLongCode = "InvalidParameter"
	// InstanceDataKeyMax is the longest data key of the instance gateway, in bytes.
	// Doubt: documented for the public gateway only.
	InstanceDataKeyMax = 1024
	// PairFormat is the KeyFormat of a data key pair that asks for none.
	// Doubt: PEM and DER are documented, the default is not.
	PairFormat = "PEM"
	// PairBusyCode answers a data-key-pair request while another of the instance runs.
	// Doubt: status 429 and sentence are documented; this code makes the vendor's clients retry.
	PairBusyCode = "Rejected.Throttling"
	// DryRunPassStatus is the HTTP status of a DryRun that would pass.
	// Doubt: the code is documented, its status is not.
	DryRunPassStatus = 400
	// DryRunRefuseStatus is the HTTP status of a DryRun that would be refused.
	// Doubt: as DryRunPassStatus.
	DryRunRefuseStatus = 400
	// DryRunDenyStatus is the HTTP status of a DryRun that lacks a permission.
	// Doubt: as DryRunPassStatus.
	DryRunDenyStatus = 403
	// AdvanceGCMMark marks GCM in the header of an Advance ciphertext, for AES and SM4 alike.
	// Doubt: the vendor's sources show this one mark, with AES.
	AdvanceGCMMark = 0x02
	// ECIESMax is the longest ECIES plaintext in bytes: 6,144 less the point and the MAC.
	// Doubt: the limit is SM2PKE's; the scheme's layout (SEC 1: R, EM, D, empty SharedInfo) is a choice too.
	ECIESMax = 6144 - 65 - 20
	// UsageMAC is the KeyUsage of HMAC keys.
	// Doubt: no operation of API version 2016-01-20 shows it.
	UsageMAC = "GENERATE/VERIFY_MAC"
	// MACSHA224 names a MAC algorithm.
	// Doubt: the key specifications are documented, no operation sends an algorithm.
	MACSHA224 = "HMAC_SHA_224"
	// MACSHA256 names a MAC algorithm.
	// Doubt: the key specifications are documented, no operation sends an algorithm.
	MACSHA256 = "HMAC_SHA_256"
	// MACSHA384 names a MAC algorithm.
	// Doubt: the key specifications are documented, no operation sends an algorithm.
	MACSHA384 = "HMAC_SHA_384"
	// MACSHA512 names a MAC algorithm.
	// Doubt: the key specifications are documented, no operation sends an algorithm.
	MACSHA512 = "HMAC_SHA_512"
	// MACSM3 names a MAC algorithm.
	// Doubt: the key specifications are documented, no operation sends an algorithm.
	MACSM3 = "HMAC_SM3"
)

// Secrets.
const (
	// SecretNameLimit is the longest name of a secret, in characters.
	// Doubt: newer pages say 192, older ones and the SDKs 64.
	SecretNameLimit = 192
	// SecretInWindowCode answers every use of a secret in its recovery window but describing, listing and restoring it.
	// Doubt: documented for CreateSecret and DeleteSecret only.
	SecretInWindowCode = "Rejected.ResourceInDeleteWindow"
	// SecretVersionDiffersCode answers PutSecretValue with a known version id and another value.
	// Doubt: the page says it fails, without a code.
	SecretVersionDiffersCode = "Rejected.ResourceExist"
	// SecretKindCode answers operations for generic secrets on managed ones and the other way round.
	// Doubt: the pages say it fails, without a code.
	SecretKindCode = "UnsupportedOperation"
	// RestoreLiveSecret lets RestoreSecret on a secret that waits for nothing succeed and change nothing.
	// Doubt: no page says.
	RestoreLiveSecret = true
	// StagePattern is what a stage label looks like.
	// Doubt: the length is documented, the characters are not.
	StagePattern = `^[A-Za-z0-9_-]{1,64}$`
	// MoveStageFromAnywhere lets UpdateSecretVersionStage take a label from wherever it is when RemoveFromVersion is absent.
	// Doubt: no page says.
	MoveStageFromAnywhere = true
	// FilterSecretsByPart lets the filters SecretName and Description of ListSecrets match a part of the text; tags match whole.
	// Doubt: no page says.
	FilterSecretsByPart = true
	// ManagedPasswordLength is the length of passwords that a simulated rotation makes, in characters.
	// Doubt: no page says.
	ManagedPasswordLength = 32
	// RotationsPerHour is how often RotateSecret may rotate one secret within an hour.
	// Doubt: "at most 50 times an hour" is documented, not whether automatic turns count; they do not.
	RotationsPerHour = 50
	// RotationsPerHourStatus is the HTTP status of a rotation too many.
	// Doubt: undocumented.
	RotationsPerHourStatus = 400
	// RotationsPerHourCode is the code of a rotation too many.
	// Doubt: undocumented; that of the other quotas.
	RotationsPerHourCode = "Rejected.LimitExceeded"
	// DoubleUsersAlternate lets two accounts take turns in a DoubleUsers secret: the last of Accounts comes to the front with a new password, an only one changes its AccountName.
	// Doubt: that two accounts take turns is documented, the shape of the value is not.
	DoubleUsersAlternate = true
	// CloneSuffix ends the name of a DoubleUsers secret's second account.
	// Doubt: as DoubleUsersAlternate.
	CloneSuffix = "_clone"
)

// Instances, access points and client keys.
const (
	// StatusAfterConnect is an instance's status when ConnectKmsInstance answers.
	// Doubt: the service takes half an hour to get there; what it shows in between is not documented.
	StatusAfterConnect = "Connected"
	// ReleaseStatus is the HTTP status of ReleaseKmsInstance.
	// Doubt: only postpaid instances can be released; the emulator's are prepaid.
	ReleaseStatus = 400
	// ReleaseCode is the code of ReleaseKmsInstance.
	// Doubt: as ReleaseStatus.
	ReleaseCode = "UnsupportedOperation"
	// ExpiredClientKeyCode answers an expired ClientKey, with status 404 and a sentence of its own.
	// Doubt: documented for unknown ones only.
	ExpiredClientKeyCode = "Unauthorized"
	// BlockedSourceStatus is the HTTP status for a caller whose address no network rule lets in (strict mode).
	// Doubt: that such calls fail is documented, the answer is not.
	BlockedSourceStatus = 403
	// BlockedSourceCode is the code for such a caller.
	// Doubt: as BlockedSourceStatus.
	BlockedSourceCode = "Forbidden.NoPermission"
	// InstanceByCaller lets a call to an address that names no instance reach the instance of the ClientKey's policy, or of the key.
	// Doubt: the service's instances have host names of their own; 127.0.0.1 stands for all of them.
	InstanceByCaller = true
	// InstanceNotFoundStatus is the HTTP status of Forbidden.DKMSInstanceNotFound.
	// Doubt: the code is known from the provider without a status; every other code that ends in NotFound has 404.
	InstanceNotFoundStatus = 404
	// CertificatesCode answers the certificate operations and CertificateId parameters.
	// Doubt: the service's current API no longer lists them.
	CertificatesCode = "UnsupportedOperation"
	// BootstrapKeyNum is how many key versions the first instance holds.
	// Doubt: an instance's size is bought; this one is larger than any.
	BootstrapKeyNum = 1_000_000
	// BootstrapVPCNum is how many networks the first instance may be bound to.
	// Doubt: as BootstrapKeyNum.
	BootstrapVPCNum = 100
	// BootstrapSecretNum is how many secrets the first instance holds.
	// Doubt: as BootstrapKeyNum.
	BootstrapSecretNum = 100_000
	// BootstrapSpec is the first instance's calls per second, as GetKmsInstance tells them; they are not enforced.
	// Doubt: as BootstrapKeyNum.
	BootstrapSpec = 8000
	// RegionCodes are the three letters that ids carry for a region.
	// Doubt: hzz is seen in the samples, the others are made up.
	RegionCodes = "cn-hangzhou=hzz cn-shanghai=shh cn-beijing=bjj cn-shenzhen=szz cn-zhangjiakou=zjj cn-hongkong=hkk ap-southeast-1=sgg eu-central-1=frr"
	// RegionCodeElsewhere stands for every other region.
	// Doubt: as RegionCodes.
	RegionCodeElsewhere = "zzz"
)

// Gateways.
const (
	// NotDedicatedStatus is the HTTP status of a management operation on the dedicated gateway.
	// Doubt: that it serves cryptography and GetSecretValue only is documented, its answer to others is not.
	NotDedicatedStatus = 404
	// NotDedicatedCode is the code for it.
	// Doubt: as NotDedicatedStatus.
	NotDedicatedCode = "InvalidAction.NotFound"
	// ExpiredTimestampCode answers a timestamp that is further than 15 minutes away.
	// Doubt: KMS's page says IllegalTimestamp, other services of the same gateway InvalidTimeStamp.Expired.
	ExpiredTimestampCode = "IllegalTimestamp"
	// UnverifiedSignatureCode answers signatures with SM3, RSA or a bearer token, which the emulator does not verify.
	// Doubt: the service verifies them.
	UnverifiedSignatureCode = "UnsupportedSignature"
	// WrongTokenCode answers a security token that does not belong to the AccessKey.
	// Doubt: STS's code; KMS does not document one.
	WrongTokenCode = "InvalidSecurityToken.MismatchWithAccessKey"
	// PublicBodyMax is the largest body of the public gateway, in bytes; a larger one gets 413.
	// Doubt: undocumented.
	PublicBodyMax = 1 << 20
	// PublicParametersMax is how many parameters a query or a form may have.
	// Doubt: undocumented.
	PublicParametersMax = 1000
	// NonceMax is the longest nonce, in bytes.
	// Doubt: undocumented; SDKs send 32 or 36.
	NonceMax = 256
	// InstanceMethodCode answers a method other than POST on the instance gateway.
	// Doubt: undocumented.
	InstanceMethodCode = "UnsupportedOperation"
	// InstanceBodyCode answers a body that is not the operation's protobuf message.
	// Doubt: undocumented.
	InstanceBodyCode = "InvalidParameter"
)

package kind

import "slices"

// Rule is a condition that KMS or kmsplan wants to hold: between the attributes of one block, or, where Check is
// nil, between blocks; package hcl looks at those.
type Rule struct {
	ID       string // stable: messages, lint and those who switch a rule off rely on it
	Severity Severity
	Summary  string // the headline of what breaks it
	Doc      string // one sentence for the reference
	// Check looks at one evaluated block. It returns the attribute (or nested block) at fault and an
	// error whose text is full sentences with what to write instead, or nil.
	Check func(b Values) (attribute string, err error)
}

// Severity says what becomes of a configuration that breaks a rule.
type Severity int

// The severities of rules.
const (
	Refused Severity = iota // it is not planned
	Warned                  // it is planned, with a warning
)

// The rules between blocks.
const (
	KeyRotates          = "key-rotates"
	DefaultKeyInterval  = "default-key-interval"
	OneRotationPolicy   = "one-rotation-policy"
	SecretRotates       = "secret-rotates"
	SecretKeySymmetric  = "secret-key-symmetric"
	SecretKeyInstance   = "secret-key-instance"
	FileKeyWraps        = "file-key-wraps"
	FileKeyInstance     = "file-key-instance"
	AliasNameUnique     = "alias-name-unique"
	SecretNameUnique    = "secret-name-unique"
	AccessNameUnique    = "access-name-unique"
	KeyOnGateway        = "key-on-gateway"
	GatewayManages      = "gateway-manages"
	AliasQuota          = "alias-quota"
	DefaultKeyQuota     = "default-key-quota"
	FilesNotOwned       = "files-not-owned"
	OutputNotOwned      = "output-not-owned"
	OutputUnique        = "output-unique"
	OutputSparesSources = "output-spares-sources"
	SecretNotWritten    = "secret-not-written"
	PasswordNotWritten  = "password-not-written"
	MaterialFile        = "material-file"
)

// invalid is the headline of arguments that do not go together.
const invalid = "Invalid combination"

var between = [...]Rule{
	{ID: KeyRotates, Summary: "Key cannot rotate", Doc: "A rotation policy names symmetric keys whose material KMS made (KMS: UpdateRotationPolicy)."},
	{ID: DefaultKeyInterval, Summary: "Interval not possible", Doc: "A key outside an instance rotates every 365 days (KMS: UpdateRotationPolicy)."},
	{ID: OneRotationPolicy, Summary: "In two rotation policies", Doc: "A key, and a secret, is in one rotation policy at most."},
	{ID: SecretRotates, Summary: "Secret cannot rotate", Doc: "A rotation policy names secrets of a managed type (KMS: UpdateSecretRotationPolicy)."},
	{ID: SecretKeySymmetric, Summary: "Key cannot encrypt a secret", Doc: "A secret is encrypted by a symmetric key (KMS: CreateSecret)."},
	{ID: SecretKeyInstance, Summary: "Key in another instance", Doc: "A secret and its key are in one instance, or both in none (KMS: CreateSecret)."},
	{ID: FileKeyWraps, Summary: "Key cannot wrap data keys", Doc: "A file is encrypted under a symmetric key for `ENCRYPT/DECRYPT` (KMS: GenerateDataKey)."},
	{ID: FileKeyInstance, Summary: "Key of another place", Doc: "A gateway with an instance encrypts files under the keys of that instance."},
	{ID: AliasNameUnique, Summary: "Duplicate alias name", Doc: "An alias name is unique in an account and region (KMS: CreateAlias)."},
	{ID: SecretNameUnique, Summary: "Duplicate secret name", Doc: "A secret name is unique in an account and region (KMS: CreateSecret)."},
	{ID: AccessNameUnique, Summary: "Duplicate name", Doc: "The names of network rules, of access policies and of access points are each unique in an account and region (KMS: CreateNetworkRule, CreatePolicy, CreateApplicationAccessPoint)."},
	{ID: KeyOnGateway, Summary: "Key of another gateway", Doc: "What refers to a key is on the key's gateway, or on one of the same account and region."},
	{ID: GatewayManages, Summary: "Gateway without management", Doc: "A managed object is on a gateway that has `public` or `emulator`."},
	{ID: AliasQuota, Severity: Warned, Summary: "More than KMS's quota", Doc: "An account and region has at most 300 aliases unless the quota was raised (KMS: product limits)."},
	{ID: DefaultKeyQuota, Severity: Warned, Summary: "More than KMS's quota", Doc: "An account and region has at most 200 keys outside instances unless the quota was raised (KMS: product limits)."},
	{ID: FilesNotOwned, Summary: "Files that are not yours to write", Doc: "A `rewrap` leaves kmsplan's and git's own files alone."},
	{ID: OutputNotOwned, Summary: "Output over a file that is not yours to write", Doc: "An output is none of kmsplan's and git's own files."},
	{ID: OutputUnique, Summary: "Duplicate output", Doc: "No two data blocks or client keys write one file."},
	{ID: OutputSparesSources, Summary: "Output over a source", Doc: "A `decrypt`, or a client key, does not write over a plaintext that an `encrypt` reads."},
	{ID: PasswordNotWritten, Severity: Warned, Summary: "Password written out", Doc: "A client key's password does not stand in the configuration."},
	{ID: MaterialFile, Summary: "Material cannot be imported", Doc: "A file with a key's material has as many bytes as the key's spec wants."},
	{ID: SecretNotWritten, Severity: Warned, Summary: "Secret value written out", Doc: "A secret's value does not stand in the configuration."},
}

// Rules returns every rule: those of each kind and of batches, then those between blocks. Read only.
func Rules() []Rule {
	var all []Rule
	for _, k := range kinds() {
		all = append(all, k.Rules...)
	}
	all = append(all, Batch().Rules...)
	return append(all, between[:]...)
}

// BetweenBlocks returns the rules between blocks. Read only.
func BetweenBlocks() []Rule { return between[:] }

// RuleOf returns the rule between blocks of that id. An unknown id is a programmer's mistake.
func RuleOf(id string) Rule {
	i := slices.IndexFunc(between[:], func(r Rule) bool { return r.ID == id })
	if i < 0 {
		panic("kind: no rule " + id)
	}
	return between[i]
}

package kind

import (
	"slices"

	"github.com/zclconf/go-cty/cty"
)

// Spec is what KMS says about one key spec.
type Spec struct {
	Name      string
	Symmetric bool
	Usages    []string // the first is what KMS chooses when usage is left out
}

// The usages and origins of a key (KMS: CreateKey).
const (
	UsageEncrypt = "ENCRYPT/DECRYPT"
	UsageSign    = "SIGN/VERIFY"

	OriginKMS      = "Aliyun_KMS"
	OriginExternal = "EXTERNAL"

	DefaultSpec = "Aliyun_AES_256"
)

// instanceIDs is what is the id of an instance.
var instanceIDs = []string{"key.instance", "secret.instance", "instance.id"}

var specs = [...]Spec{
	{"Aliyun_AES_256", true, []string{UsageEncrypt}},
	{"Aliyun_AES_192", true, []string{UsageEncrypt}},
	{"Aliyun_AES_128", true, []string{UsageEncrypt}},
	{"Aliyun_SM4", true, []string{UsageEncrypt}},
	{"RSA_2048", false, []string{UsageSign, UsageEncrypt}},
	{"RSA_3072", false, []string{UsageSign, UsageEncrypt}},
	{"RSA_4096", false, []string{UsageSign, UsageEncrypt}},
	{"EC_P256", false, []string{UsageSign}},
	{"EC_P256K", false, []string{UsageSign}},
	{"EC_SM2", false, []string{UsageSign, UsageEncrypt}},
}

// LookupSpec returns what is known of a key spec.
func LookupSpec(name string) (Spec, bool) {
	i := slices.IndexFunc(specs[:], func(s Spec) bool { return s.Name == name })
	if i < 0 {
		return Spec{}, false
	}
	return specs[i], true
}

// SpecNames are the key specs of KMS.
func SpecNames() []string { return specNames() }

func specNames() []string {
	names := make([]string, len(specs))
	for i, s := range specs {
		names[i] = s.Name
	}
	return names
}

func keyKind() *Kind {
	return &Kind{
		Name:      "key",
		Doc:       "A customer master key. A key is never replaced and never deleted because its block was removed; see `removed`.",
		Protected: true, RemovalRank: 3, Succeeds: true,
		Removals: []Removal{
			forget,
			{Action: "retire", Soak: Days{0, 3650, 7}, Window: Days{7, 366, 30}, Doc: "one step per apply: disable; after `soak_days` schedule deletion, to happen after `window_days`. Each step can be taken back until then."},
		},
		Attributes: slices.Concat([]Attribute{
			{Name: "description", Type: cty.String, Default: always(cty.StringVal("")), ChangedBy: []string{"UpdateKeyDescription"}, PreImage: true, Doc: "What the key is for, up to 8,192 characters.", Check: maxCharacters("A description", MaxDescription)},
			{Name: "spec", Type: cty.String, Immutable: true, PreImage: true, Doc: "The key spec: `Aliyun_AES_256` (KMS's default), `Aliyun_AES_192`, `Aliyun_AES_128`, `Aliyun_SM4`, `RSA_2048`, `RSA_3072`, `RSA_4096`, `EC_P256`, `EC_P256K` or `EC_SM2`. Software instances have no AES_192 and AES_128.", Check: oneOf("key spec", specNames()...)},
			{Name: "usage", Type: cty.String, Immutable: true, PreImage: true, Doc: "`ENCRYPT/DECRYPT` or `SIGN/VERIFY`. KMS's default is `SIGN/VERIFY` for every spec that can sign, RSA included.", Check: oneOf("key usage", UsageEncrypt, UsageSign)},
			{Name: "origin", Type: cty.String, Immutable: true, PreImage: true, Doc: "Where the key material comes from: `Aliyun_KMS` (default) or `EXTERNAL`, imported; see `material`.", Check: oneOf("key origin", OriginKMS, OriginExternal)},
			{Name: "protection_level", Type: cty.String, Immutable: true, Doc: "`SOFTWARE` or `HSM`; ignored by KMS for a key in an instance.", Check: oneOf("protection level", "SOFTWARE", "HSM")},
			{Name: "instance", Type: cty.String, Immutable: true, Default: always(cty.NullVal(cty.String)), PreImage: true, Doc: "The KMS instance that holds the key, `gateway.NAME.instance.id`. Left out: the gateway's instance, if it has one. `null`: no instance (a default key).", Refers: instanceIDs, Check: checkInstance},
			{Name: "deletion_protection", Type: cty.Bool, Default: always(cty.False), ChangedBy: []string{"SetDeletionProtection"}, AfterCreate: true, PreImage: true, Doc: "Whether KMS refuses to schedule the key's deletion."},
			{Name: "deletion_protection_description", Type: cty.String, Default: always(cty.StringVal("")), ChangedBy: []string{"SetDeletionProtection"}, PreImage: true, Doc: "Why the key is protected; needs `deletion_protection = true`."},
			{Name: "enabled", Type: cty.Bool, Default: always(cty.True), ChangedBy: []string{"EnableKey", "DisableKey"}, Doc: "Whether the key may be used. `null`: enabled."},
			{Name: "tags", Type: cty.Map(cty.String), Default: always(cty.MapValEmpty(cty.String)), ChangedBy: []string{"TagResources", "UntagResources"}, Doc: "Up to 17 tags of at most 128 characters; keys do not start with `aliyun`, `acs:` or `kmsplan:`.", Check: checkTags},
			{Name: "policy", Type: cty.String, Default: defaultPolicy, ChangedBy: []string{"SetKeyPolicy"}, AfterCreate: true, Doc: "The key policy, a JSON document of at most 32,768 bytes; keys in an instance only. Compared by what it means: the order of statements and of their elements does not count.", Equal: equalPolicy, Check: checkPolicy},
		}, keyComputed()),
		Blocks: []Block{materialBlock()},
		Rules: append([]Rule{
			{ID: "key-usage-fits-spec", Summary: invalid, Doc: "The usage must fit the spec.", Check: usageFitsSpec},
			{ID: "key-origin-fits-spec", Summary: invalid, Doc: "Imported material fits the specs that KMS can import.", Check: originFitsSpec},
			{ID: "default-key-spec", Summary: invalid, Doc: "A key outside an instance is `Aliyun_AES_256` for `ENCRYPT/DECRYPT`.", Check: defaultKeySpec},
			{ID: "policy-needs-instance", Summary: invalid, Doc: "`policy` needs an instance.", Check: policyNeedsInstance},
			{ID: "protection-text-needs-protection", Summary: invalid, Doc: "`deletion_protection_description` needs `deletion_protection = true`.", Check: protectionDescription},
		}, materialRules()...),
	}
}

func keyComputed() []Attribute {
	return []Attribute{
		{Name: "id", Type: cty.String, Mode: Computed, Doc: "The key id."},
		{Name: "arn", Type: cty.String, Mode: Computed, PreImage: true, Doc: "The key's ARN, `acs:kms:REGION:ACCOUNT:key/ID`."},
		{Name: "state", Type: cty.String, Mode: Computed, Watched: true, ChangedBy: []string{"CancelKeyDeletion", "EnableKey", "DisableKey", "ImportKeyMaterial"}, Doc: "`Enabled`, `Disabled`, `PendingDeletion`, `PendingImport` or `Unavailable`."},
		{Name: "primary_version", Type: cty.String, Mode: Computed, ChangedBy: []string{"CreateKeyVersion"}, Doc: "The id of the primary key version; symmetric keys only."},
		{Name: "created", Type: cty.String, Mode: Computed, Doc: "When the key was created, RFC 3339, UTC."},
		{Name: "creator", Type: cty.String, Mode: Computed, Doc: "The account that created it."},
		{Name: "automatic_rotation", Type: cty.String, Mode: Computed, Doc: "`Enabled`, `Disabled` or `Suspended` (while the key is disabled)."},
		{Name: "rotation_interval", Type: cty.String, Mode: Computed, Doc: "The rotation interval, in seconds as KMS reports it (`31536000s`).", Equal: equalDurations},
		{Name: "last_rotation", Type: cty.String, Mode: Computed, ChangedBy: []string{"CreateKeyVersion"}, Doc: "When the primary version was made, RFC 3339, UTC."},
		{Name: "next_rotation", Type: cty.String, Mode: Computed, Doc: "When KMS rotates next, RFC 3339, UTC."},
		{Name: "material_expires", Type: cty.String, Mode: Computed, ChangedBy: []string{"GetParametersForImport", "ImportKeyMaterial"}, Doc: "When imported material expires, RFC 3339, UTC."},
	}
}

func usageFitsSpec(b Values) (string, error) {
	name, ok := b.String("spec")
	usage, set := b.String("usage")
	spec, known := LookupSpec(name)
	if !ok || !set || !known || slices.Contains(spec.Usages, usage) {
		return "", nil
	}
	return "usage", sentence("A key of spec %q cannot be used for %q. Write usage = %q, or choose another spec.", name, usage, spec.Usages[0])
}

// KMS: AES_256 and SM4 material can be imported, and asymmetric material into hardware instances.
func originFitsSpec(b Values) (string, error) {
	origin, _ := b.String("origin")
	name, ok := b.String("spec")
	if origin != OriginExternal || !ok || (name != "Aliyun_AES_192" && name != "Aliyun_AES_128") {
		return "", nil
	}
	return "origin", sentence("Material for a key of spec %q cannot be imported. Write spec = %q, or origin = %q.", name, DefaultSpec, OriginKMS)
}

func defaultKeySpec(b Values) (string, error) {
	if !b.NoInstance {
		return "", nil
	}
	if name, ok := b.String("spec"); ok && name != DefaultSpec {
		return "spec", sentence("This key is in no KMS instance, and KMS creates such keys as %q only. Set instance = gateway.NAME.instance.id, or leave spec out if the key is an old one that already has it.", DefaultSpec)
	}
	if usage, ok := b.String("usage"); ok && usage != UsageEncrypt {
		return "usage", sentence("This key is in no KMS instance, and KMS creates such keys for %q only. Set instance = gateway.NAME.instance.id.", UsageEncrypt)
	}
	return "", nil
}

func policyNeedsInstance(b Values) (string, error) {
	if b.NoInstance && b.Set("policy") {
		return "policy", sentence("Only keys in a KMS instance have a policy. Set instance = gateway.NAME.instance.id, or leave policy out.")
	}
	return "", nil
}

func protectionDescription(b Values) (string, error) {
	v, written := b.Attrs["deletion_protection"]
	if !b.Set("deletion_protection_description") || (written && !v.IsKnown()) || b.True("deletion_protection") {
		return "", nil
	}
	return "deletion_protection_description", sentence("KMS keeps this text only while the key is protected. Add deletion_protection = true, or leave the text out.")
}

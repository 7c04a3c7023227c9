package kind

import (
	"slices"

	"github.com/zclconf/go-cty/cty"
)

// MaxSecretValue is the longest secret value in bytes (KMS: CreateSecret).
const MaxSecretValue = 30720

func secretKind() *Kind {
	return &Kind{
		Name:      "secret",
		Doc:       "A secret of Secrets Manager. Its value is write-only: it is never read back, stored or printed; a keyed fingerprint tells whether it changed.",
		Protected: true, RemovalRank: 2,
		Removals: []Removal{
			forget,
			{Action: "delete", Window: Days{7, 30, 30}, Doc: "a secret can be restored for `window_days`."},
		},
		Attributes: []Attribute{
			{Name: "name", Type: cty.String, Mode: Required, Immutable: true, PreImage: true, Doc: "1 to 192 letters, digits and `_ / + = . @ -`; not starting with `acs/`, but `acs/ram/user/USER` for `RAMCredentials` and `acs/ecs/…` for `ECS`. Unique in account and region, and taken until a deleted secret's recovery window ends.", Check: checkSecretName},
			{Name: "value", Type: cty.String, WriteOnly: true, Doc: "The value, 1 to 30,720 bytes. Take it from a `sensitive` variable. Left out, with no `value_base64` and no `generate`: the value is not managed.", Check: checkSecretValue},
			{Name: "value_base64", Type: cty.String, WriteOnly: true, Doc: "A binary value, as base64: `filebase64(\"keystore.p12\")`. Its base64, which is what readers get, has 1 to 30,720 bytes.", Check: checkBinaryValue},
			{Name: "data_type", Type: cty.String, Doc: "`text` (default) or `binary`; `binary` with `value_base64`.", Check: oneOf("data type", dataText, dataBinary)},
			{Name: "version_id", Type: cty.String, ChangedBy: []string{"PutSecretValue", "UpdateSecretVersionStage"}, Doc: "The id of the current version, up to 64 characters: of the one that is stored when `value` is written, or, without a value, of the one that is to hold ACSCurrent. Another value needs another id. Left out: kmsplan makes the ids. Generic secrets only.", Check: checkVersionID},
			{Name: "stages", Type: cty.Map(cty.String), Partial: true, ChangedBy: []string{"UpdateSecretVersionStage"}, PreImage: true, Doc: "Stages of your own: the version that holds each, by its id. `null` takes one off. Stages that are not named stay where they are; ACSCurrent and ACSPrevious are no stages of yours. At most 6. Generic secrets only.", Check: checkStages},
			{Name: "type", Type: cty.String, Immutable: true, Doc: "`Generic` (default), or a managed type, whose value KMS changes by itself where it is used: `Rds`, `Redis`, `RAMCredentials`, `ECS` or `PolarDB`.", Check: oneOf("secret type", secretTypes()...)},
			{Name: "extended_config", Type: cty.Map(cty.String), Immutable: true, Doc: "What a managed secret is of: `SecretSubType`, and `DBInstanceId`, `UserName`, or `RegionId` and `InstanceId` (KMS: CreateSecret, ExtendedConfig). What the service adds to it is not compared.", Equal: holdsAll, Check: checkExtendedConfig},
			{Name: "custom_data", Type: cty.Map(cty.String), Default: always(cty.MapValEmpty(cty.String)), ChangedBy: []string{"UpdateSecret"}, Doc: "Up to 10 pairs of your own that a managed secret carries, readable without its value.", Check: checkCustomData},
			{Name: "encryption_key", Type: cty.String, Immutable: true, PreImage: true, Doc: "The id of the symmetric key that encrypts the secret; in the same instance.", Refers: keyIDs, Check: checkKeyID},
			{Name: "instance", Type: cty.String, Immutable: true, Default: always(cty.NullVal(cty.String)), Doc: "The KMS instance that holds the secret. Left out: the gateway's instance, if it has one. `null`: no instance.", Refers: instanceIDs, Check: checkInstance},
			{Name: "description", Type: cty.String, Default: always(cty.StringVal("")), ChangedBy: []string{"UpdateSecret"}, PreImage: true, Doc: "What the secret is for, up to 8,192 characters.", Check: maxCharacters("A description", MaxDescription)},
			{Name: "tags", Type: cty.Map(cty.String), Default: always(cty.MapValEmpty(cty.String)), ChangedBy: []string{"TagResources", "UntagResources"}, Doc: "Up to 17 tags, as for keys.", Check: checkTags},
			{Name: "policy", Type: cty.String, Default: defaultPolicy, ChangedBy: []string{"SetSecretPolicy"}, Doc: "The secret policy, a JSON document of at most 32,768 bytes; secrets in an instance only. Compared by what it means: the order of statements and of their elements does not count.", Equal: equalPolicy, Check: checkPolicy},
			{Name: "recovery_window_days", Type: cty.Number, Doc: "How long a deleted secret can be restored: 7 to 30 days. Default 30.", Check: wholeNumber("A recovery window", " days", 7, 30)},
			{Name: "arn", Type: cty.String, Mode: Computed, Doc: "The secret's ARN."},
			{Name: "current_version", Type: cty.String, Mode: Computed, Watched: true, ChangedBy: []string{"PutSecretValue", "UpdateSecretVersionStage", "RotateSecret"}, PreImage: true, Doc: "The id of the version that holds the stage ACSCurrent."},
			{Name: "automatic_rotation", Type: cty.String, Mode: Computed, Doc: "`Enabled` or `Disabled`; managed secrets only."},
			{Name: "rotation_interval", Type: cty.String, Mode: Computed, Doc: "The interval of automatic rotation, in seconds as KMS reports it.", Equal: equalDurations},
			{Name: "last_rotation", Type: cty.String, Mode: Computed, Doc: "When KMS rotated the secret last, RFC 3339, UTC."},
			{Name: "next_rotation", Type: cty.String, Mode: Computed, Doc: "When KMS rotates it next, RFC 3339, UTC."},
			{Name: "created", Type: cty.String, Mode: Computed, Doc: "When the secret was created, RFC 3339, UTC."},
			{Name: "planned_delete_time", Type: cty.String, Mode: Computed, Doc: "When a deleted secret's recovery window ends, RFC 3339, UTC."},
		},
		Blocks: []Block{generateBlock()},
		Rules: []Rule{
			{ID: "one-secret-value", Summary: invalid, Doc: "A value is given once: by `value`, by `value_base64` or by `generate`.", Check: oneSecretValue},
			{ID: "secret-versions", Summary: invalid, Doc: "`version_id` and `stages` are for generic secrets; a generated value makes its own `version_id`.", Check: checkVersions},
			{ID: "managed-secret-value", Summary: invalid, Doc: "The first value of a managed secret is the credential that its target has; KMS changes it from then on.", Check: managedValue},
			{ID: "managed-secret-config", Summary: invalid, Doc: "`extended_config` names what a managed secret is of; a generic one has none, and no `custom_data`.", Check: managedConfig},
			{ID: "secret-name-fits-type", Summary: invalid, Doc: "Names that begin with `acs/` are those of `RAMCredentials` and `ECS`, and theirs begin so.", Check: nameFitsType},
			{ID: "secret-policy-needs-instance", Summary: invalid, Doc: "`policy` needs an instance.", Check: secretPolicyNeedsInstance},
			{ID: "generate-leaves-characters", Summary: invalid, Doc: "`generate` must leave at least one class of characters.", Check: generateLeavesCharacters},
		},
	}
}

// The bounds are those of KMS: GetRandomPassword.
func generateBlock() Block {
	attributes := []Attribute{
		{Name: "length", Type: cty.Number, Doc: "8 to 128 characters; default 32.", Check: wholeNumber("A generated value's length", "", 8, 128)},
		{Name: "exclude_characters", Type: cty.String, Doc: "Characters that must not appear."},
		{Name: "exclude_lowercase", Type: cty.Bool, Doc: "No lower-case letters."},
		{Name: "exclude_uppercase", Type: cty.Bool, Doc: "No upper-case letters."},
		{Name: "exclude_numbers", Type: cty.Bool, Doc: "No digits."},
		{Name: "exclude_punctuation", Type: cty.Bool, Doc: "No punctuation."},
		{Name: "require_each_included_type", Type: cty.Bool, Doc: "At least one character of each class that is not excluded; default true."},
	}
	return Block{Name: "generate", Doc: "Let kmsplan make the value, when the secret is created and whenever these arguments change.", Attributes: attributes, ExclusiveWith: "value"}
}

func generateLeavesCharacters(b Values) (string, error) {
	generate, written := b.Blocks["generate"]
	if !written {
		return "", nil
	}
	classes := []string{"lowercase", "uppercase", "numbers", "punctuation"}
	if slices.ContainsFunc(classes, func(c string) bool { return !isTrue(generate["exclude_"+c]) }) {
		return "", nil
	}
	return "generate", sentence("Every class of characters is excluded, so no value can be made. Leave at least one in.")
}

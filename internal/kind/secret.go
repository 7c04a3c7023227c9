package kind

import (
	"slices"

	"github.com/zclconf/go-cty/cty"
)

// MaxSecretValue is the longest secret value in bytes (KMS: CreateSecret).
const MaxSecretValue = 30720

// SecretGeneric is the secret type whose values kmsplan writes.
const SecretGeneric = "Generic"

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
			{Name: "name", Type: cty.String, Mode: Required, Immutable: true, PreImage: true, Doc: "1 to 192 letters, digits and `_ / + = . @ -`; not starting with `acs/`. Unique in account and region, and taken until a deleted secret's recovery window ends.", Check: checkSecretName},
			{Name: "value", Type: cty.String, WriteOnly: true, Doc: "The value, 1 to 30,720 bytes. Take it from a `sensitive` variable. Left out, with no `generate`: the value is not managed.", Check: checkSecretValue},
			{Name: "data_type", Type: cty.String, Doc: "`text` (default) or `binary`.", Check: oneOf("data type", "text", "binary")},
			{Name: "type", Type: cty.String, Immutable: true, Doc: "`Generic` (default). The managed types `Rds`, `Redis`, `RAMCredentials`, `ECS` and `PolarDB` can be imported, not created.", Check: oneOf("secret type", SecretGeneric, "Rds", "Redis", "RAMCredentials", "ECS", "PolarDB")},
			{Name: "encryption_key", Type: cty.String, Immutable: true, PreImage: true, Doc: "The id of the symmetric key that encrypts the secret; in the same instance.", Refers: []string{"key.id"}, Check: checkKeyID},
			{Name: "instance", Type: cty.String, Immutable: true, Default: always(cty.NullVal(cty.String)), Doc: "The KMS instance that holds the secret. Left out: the gateway's instance, if it has one. `null`: no instance.", Refers: []string{"key.instance", "secret.instance"}, Check: checkInstance},
			{Name: "description", Type: cty.String, Default: always(cty.StringVal("")), ChangedBy: []string{"UpdateSecret"}, PreImage: true, Doc: "What the secret is for, up to 8,192 characters.", Check: maxCharacters("A description", MaxDescription)},
			{Name: "tags", Type: cty.Map(cty.String), Default: always(cty.MapValEmpty(cty.String)), ChangedBy: []string{"TagResources", "UntagResources"}, Doc: "Up to 17 tags, as for keys.", Check: checkTags},
			{Name: "recovery_window_days", Type: cty.Number, Doc: "How long a deleted secret can be restored: 7 to 30 days. Default 30.", Check: wholeNumber("A recovery window", " days", 7, 30)},
			{Name: "arn", Type: cty.String, Mode: Computed, Doc: "The secret's ARN."},
			{Name: "current_version", Type: cty.String, Mode: Computed, Watched: true, ChangedBy: []string{"PutSecretValue"}, PreImage: true, Doc: "The id of the version that holds the stage ACSCurrent."},
			{Name: "created", Type: cty.String, Mode: Computed, Doc: "When the secret was created, RFC 3339, UTC."},
			{Name: "planned_delete_time", Type: cty.String, Mode: Computed, Doc: "When a deleted secret's recovery window ends, RFC 3339, UTC."},
		},
		Blocks: []Block{generateBlock()},
		Rules: []Rule{
			{ID: "managed-secret-has-no-value", Summary: invalid, Doc: "Values of managed secret types are KMS's own.", Check: managedTypeHasNoValue},
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

func checkSecretValue(v cty.Value) error {
	n := len(v.AsString())
	if n < 1 || n > MaxSecretValue {
		return sentence("A secret value has 1 to %d bytes; this one has %d.", MaxSecretValue, n)
	}
	return nil
}

func managedTypeHasNoValue(b Values) (string, error) {
	kind, ok := b.String("type")
	if !ok || kind == SecretGeneric || (!b.Set("value") && b.Blocks["generate"] == nil) {
		return "", nil
	}
	return "type", sentence("KMS itself makes and rotates the value of a secret of type %q. Leave type out for a value of your own, or leave out the value and import the secret.", kind)
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

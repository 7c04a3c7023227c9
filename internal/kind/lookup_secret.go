package kind

import (
	"slices"

	"github.com/zclconf/go-cty/cty"
)

func secretLookup() *Kind {
	managed := secretKind().Attributes
	return &Kind{
		Name: "secret", Class: LookupClass,
		Doc: "What is known about a secret that this stack need not manage. Its value is never read.",
		Attributes: slices.Concat([]Attribute{
			{Name: "name", Type: cty.String, Mode: Required, Doc: "The secret's name.", Refers: []string{"secret.name"}, Check: checkLookedUpSecret},
		}, answered(managed, "type", "encryption_key", "instance", "description", "tags", "arn", "current_version", "created", "planned_delete_time", "extended_config", "custom_data"), []Attribute{
			set("updated", cty.String, "When it was changed last, RFC 3339, UTC."),
			set("versions", cty.Map(cty.List(cty.String)), "The stages of each version, by version id."),
			set("automatic_rotation", cty.String, "`Enabled`, `Disabled` or `Invalid`; managed types only."),
			set("rotation_interval", cty.String, "The rotation interval, in seconds as KMS reports it."),
			set("last_rotation", cty.String, "When it was rotated last, RFC 3339, UTC."),
			set("next_rotation", cty.String, "When KMS rotates next, RFC 3339, UTC."),
		}),
	}
}

func secretsLookup() *Kind {
	return &Kind{
		Name: "secrets", Class: LookupClass,
		Doc: "The secrets of the account and region that fit every filter; no filter: all of them. None is no error, and no value is read.",
		Attributes: slices.Concat([]Attribute{
			{Name: "type", Type: cty.String, Doc: "Only those of this type, such as `Generic`.", Check: find(secretKind().Attributes, "type").Check},
			{Name: "state", Type: cty.String, Doc: "Only those `InUse`, or those in their recovery window, `PendingDeletion`. Left out: both.", Check: oneOf("state of a secret", SecretInUse, SecretPendingDeletion)},
			{Name: "tags", Type: cty.Map(cty.String), Doc: "Only those that carry all of these tags.", Check: checkFilterTags},
		}, nameFilters("name"), []Attribute{
			elements("secret.name", "names", cty.List(cty.String), "Their names, sorted."),
			set("secrets", cty.Map(cty.Object(map[string]cty.Type{
				"type": cty.String, "created": cty.String, "updated": cty.String, "planned_delete_time": cty.String, "tags": cty.Map(cty.String),
			})), "Each by its name: `type`, `created`, `updated`, `planned_delete_time` and `tags`."),
		}),
	}
}

// The states that a lookup tells secrets apart by.
const (
	SecretInUse           = "InUse"
	SecretPendingDeletion = "PendingDeletion"
)

func checkLookedUpSecret(v cty.Value) error {
	if !secretPattern.MatchString(v.AsString()) {
		return sentence("The secret name %q is not allowed: 1 to 192 letters, digits and _ / + = . @ -.", v.AsString())
	}
	return nil
}

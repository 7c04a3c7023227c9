package kind

import (
	"slices"

	"github.com/zclconf/go-cty/cty"
)

// keyNamed is the argument of lookups that are about one key.
func keyNamed() Attribute {
	return Attribute{Name: "key", Type: cty.String, Mode: Required, Doc: "The key: an id, an alias name or an ARN.", Refers: keyNames, Check: checkKeyReference}
}

// keyFacts are what DescribeKey tells of a key.
func keyFacts() []Attribute {
	return slices.Concat(answered(keyKind().Attributes,
		"id", "arn", "description", "spec", "usage", "origin", "protection_level", "instance", "deletion_protection", "deletion_protection_description", "enabled",
		"state", "primary_version", "created", "creator", "automatic_rotation", "rotation_interval", "last_rotation", "next_rotation", "material_expires", "tags"),
		[]Attribute{
			set("planned_delete_time", cty.String, "When a key that waits for deletion is gone, RFC 3339, UTC."),
			elements("alias.name", "aliases", cty.List(cty.String), "The names that point to it, sorted."),
		})
}

func keyLookup() *Kind {
	return &Kind{
		Name: "key", Class: LookupClass,
		Doc:        "A key that this stack need not manage. Looking it up changes nothing about it.",
		Attributes: append([]Attribute{keyNamed()}, keyFacts()...),
	}
}

func keysLookup() *Kind {
	managed := keyKind().Attributes
	return &Kind{
		Name: "keys", Class: LookupClass,
		Doc: "The keys of the account and region that fit every filter; no filter: all of them. None is no error.",
		Attributes: slices.Concat([]Attribute{
			{Name: "state", Type: cty.String, Doc: "Only those in this state: `Enabled`, `Disabled`, `PendingDeletion` or `PendingImport`.", Check: oneOf("key state", "Enabled", "Disabled", "PendingDeletion", "PendingImport")},
			{Name: "spec", Type: cty.String, Doc: "Only those of this spec.", Check: find(managed, "spec").Check},
			{Name: "usage", Type: cty.String, Doc: "Only those for this usage.", Check: find(managed, "usage").Check},
			{Name: "protection_level", Type: cty.String, Doc: "Only those of this level.", Check: find(managed, "protection_level").Check},
			{Name: "instance", Type: cty.String, Doc: "Only those in this KMS instance.", Check: checkInstance},
			{Name: "creator_type", Type: cty.String, Doc: "Only those made by a `User`, or by a cloud `Service`.", Check: oneOf("creator", "User", "Service")},
			{Name: "tags", Type: cty.Map(cty.String), Doc: "Only those that carry all of these tags.", Check: checkFilterTags},
		}, nameFilters("alias"), []Attribute{
			{Name: "details", Type: cty.Bool, Doc: "Whether each key is read as a whole, which takes a call a key. Default false."},
			elements("key.id", "ids", cty.List(cty.String), "Their ids, sorted."),
			elements("key.arn", "arns", cty.Map(cty.String), "Their ARNs, by id."),
			set("aliases", cty.Map(cty.List(cty.String)), "The names that point to each, by id; only those that the filters fit."),
			set("keys", cty.Map(objectOf(keyFacts())), "With `details = true`, each key by its id, with the attributes of `data \"key\"`; else empty."),
		}),
	}
}

func publicKeyLookup() *Kind {
	return &Kind{
		Name: "public_key", Class: LookupClass,
		Doc: "The public half of an asymmetric key.",
		Attributes: []Attribute{
			keyNamed(),
			{Name: "version", Type: cty.String, Doc: "The id of the key version. Left out: the newest."},
			set("id", cty.String, "The key's id."),
			set("pem", cty.String, "The public key, PEM (SubjectPublicKeyInfo)."),
			set("spec", cty.String, "The key's spec."),
			set("usage", cty.String, "The key's usage."),
			set("sha256", cty.String, "The SHA-256 of its SubjectPublicKeyInfo, hex: what pins it."),
		},
	}
}

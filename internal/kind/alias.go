package kind

import "github.com/zclconf/go-cty/cty"

func aliasKind() *Kind {
	return &Kind{
		Name: "alias", Goes: true,
		Removals: []Removal{forget, {Action: "delete", Doc: "an alias is simply deleted."}},
		Doc: "A name for a key. Pointing it at another key is one call (UpdateAlias) and no moment without an alias. " +
			"KMS cannot rename: changing `name` creates the new alias, then deletes the old one.",
		Attributes: []Attribute{
			{Name: "name", Type: cty.String, Mode: Required, ChangedBy: []string{"CreateAlias", "DeleteAlias"}, PreImage: true, Doc: "The alias name: `alias/` and 1 to 255 letters, digits, `_`, `-` and `/`; not `alias/acs`. Unique in account and region.", Refers: []string{"alias.name"}, Check: checkAliasName},
			{Name: "key", Type: cty.String, Mode: Required, ChangedBy: []string{"UpdateAlias"}, PreImage: true, Doc: "The id of the key it stands for, `key.NAME.id`.", Refers: keyIDs, Check: checkKeyID},
			{Name: "arn", Type: cty.String, Mode: Computed, ChangedBy: []string{"CreateAlias"}, Doc: "The alias's ARN."},
		},
	}
}

package kind

import (
	"slices"

	"github.com/zclconf/go-cty/cty"
)

func aliasLookup() *Kind {
	return &Kind{
		Name: "alias", Class: LookupClass,
		Doc: "An alias that this stack need not manage, and the key it stands for.",
		Attributes: []Attribute{
			{Name: "name", Type: cty.String, Mode: Required, Doc: "The alias name, with its `alias/`. Those of the service, `alias/acs/…`, are found too.", Refers: []string{"alias.name"}, Check: checkLookedUpAlias},
			set("key", cty.String, "The id of the key it stands for."),
			set("arn", cty.String, "The alias's ARN."),
		},
	}
}

func aliasesLookup() *Kind {
	return &Kind{
		Name: "aliases", Class: LookupClass,
		Doc: "The aliases of the account and region that fit every filter; no filter: all of them. None is no error.",
		Attributes: slices.Concat(nameFilters("name"), []Attribute{
			{Name: "key", Type: cty.String, Doc: "Only those that stand for the key of this id.", Refers: []string{"key.id", "alias.key", "public_key.id"}, Check: checkKeyID},
			elements("alias.name", "names", cty.List(cty.String), "Their names, sorted."),
			elements("key.id", "keys", cty.Map(cty.String), "The id of the key that each stands for, by name."),
			set("arns", cty.Map(cty.String), "Their ARNs, by name."),
		}),
	}
}

func checkLookedUpAlias(v cty.Value) error {
	if name := v.AsString(); reservedAlias.MatchString(name) && name != AliasPrefix+"acs" {
		return nil
	}
	return checkAliasName(v)
}

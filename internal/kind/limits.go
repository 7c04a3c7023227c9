package kind

import "github.com/zclconf/go-cty/cty"

// LimitDefaults are the limits that hold where none is written; of all others a plan may do any number.
var LimitDefaults = map[string]int{"deletions": 0, "deleted_share": 30}

// limits is the block that says how much one plan may do of what takes something away.
var limits = Block{
	Name: "limits", Doc: "How much one plan may take away, as numbers and as shares in percent. What is not written and has no default is not limited.",
	Attributes: []Attribute{
		limit("deletions", "How many keys one plan may disable or schedule for deletion by a `removed` block, and secrets and access points delete. Default 0."),
		limit("removals", "How many aliases, network rules and access policies one plan may delete."),
		share("deleted_share", "How many percent of the managed objects one plan may delete, keys on their way included. Default 30, from ten objects on."),
		limit("alias_moves", "How many aliases one plan may point at another key."),
		share("alias_moves_share", "The same in percent of the managed aliases."),
		limit("disables", "How many keys one plan may disable by `enabled = false`."),
		share("disabled_share", "The same in percent of the managed keys."),
		limit("forgets", "How many objects that exist one plan may forget."),
		share("forgotten_share", "The same in percent of the managed objects."),
		limit("changes", "How many objects one plan may change in place."),
		share("changed_share", "The same in percent of the managed objects."),
	},
}

func limit(name, doc string) Attribute {
	return static(name, cty.Number, doc, wholeNumber(name, "", 0, 1<<30))
}

func share(name, doc string) Attribute {
	return static(name, cty.Number, doc, wholeNumber(name, "", 0, 100))
}

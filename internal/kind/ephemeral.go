package kind

import "github.com/zclconf/go-cty/cty"

// Ephemeral returns the kind of ephemeral blocks of that name, or nil.
func Ephemeral(name string) *Kind {
	if name == ephemeralSecret.Name {
		return ephemeralSecret
	}
	return nil
}

// EphemeralKinds are the names of the kinds of ephemeral blocks.
func EphemeralKinds() []string { return []string{ephemeralSecret.Name} }

var ephemeralSecret = finish(&Kind{
	Name: "secret", Class: LookupClass, Ephemeral: true,
	Doc: "The value of a secret that is only handed on. It is read during apply, where a write-only argument takes it, and kept nowhere.",
	Attributes: []Attribute{
		{Name: "name", Type: cty.String, Mode: Required, Doc: "The secret's name, of any secret of the gateway's account and region.", Refers: []string{"secret.name"}, Check: checkLookedUpSecret},
		set("current_version", cty.String, "The id of its current version. A value that is handed on is written anew when this changes."),
		opened("value", "Its current value; null where that is binary."),
		opened("value_base64", "Its current value as base64, of text and binary values alike."),
	},
})

// opened is an attribute whose value is read only where it is handed on.
func opened(name, doc string) Attribute {
	a := set(name, cty.String, doc)
	a.Opened = true
	return a
}

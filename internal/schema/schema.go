// Package schema holds the language's block types as data: one table per kind
// drives decoding, type checking, validation, suggestions, diffing and the
// reference documentation. It is pure: no network, no files.
//
// It imports go-cty and nothing of ours. Start reading at Kind.
package schema

import "github.com/zclconf/go-cty/cty"

// Kind is one block type with its attributes.
type Kind struct {
	Name       string // key, alias, rotation_policy, secret; encrypt, decrypt, rewrap
	Data       bool   // a data block
	Doc        string // one paragraph, Markdown
	Attributes []Attribute
	Blocks     []Block
	Protected  bool // vanishing from the configuration is refused (keys, secrets)
}

// Mode says who sets an attribute.
type Mode int

// The modes of an attribute.
const (
	Optional Mode = iota // left out = not managed; null = the service's default
	Required
	Computed // set by the service; readable in expressions, refused in configuration
)

// Attribute is one argument or computed value of a kind.
type Attribute struct {
	Name      string
	Type      cty.Type
	Mode      Mode
	Immutable bool   // a change is refused by a guard, never a replacement
	WriteOnly bool   // may carry sensitive values; never stored, never printed
	Doc       string // one sentence, with range, default and source

	// Equal compares a configured with a live value semantically (durations,
	// JSON); nil compares cty values. Both are known, non-null and of Type.
	Equal func(configured, live cty.Value) bool
	// Check tells what is wrong with a known, non-null value, or nil. The error's text is a
	// full sentence that says what to write instead.
	Check func(v cty.Value) error
}

// Block is a nested block type such as generate { length = 32 }.
type Block struct {
	Name       string
	Doc        string
	Attributes []Attribute
	// ExclusiveWith names an attribute that may not be set beside the block.
	ExclusiveWith string
}

// Attribute returns the attribute of that name, or nil.
func (k *Kind) Attribute(name string) *Attribute {
	for i := range k.Attributes {
		if k.Attributes[i].Name == name {
			return &k.Attributes[i]
		}
	}
	return nil
}

// ObjectType is the type of a reference to the block: every attribute that is not
// write-only, configured and computed.
func (k *Kind) ObjectType() cty.Type {
	types := map[string]cty.Type{}
	for _, a := range k.Attributes {
		if !a.WriteOnly {
			types[a.Name] = a.Type
		}
	}
	return cty.Object(types)
}

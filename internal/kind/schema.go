package kind

import "github.com/zclconf/go-cty/cty"

// Kind is one block type with its attributes.
type Kind struct {
	Name       string // key, alias, rotation_policy, secret; encrypt, decrypt, rewrap
	Data       bool   // a data block
	Doc        string // one paragraph, Markdown
	Attributes []Attribute
	Blocks     []Block
	Rules      []Rule // what must hold between the attributes of one block
	Protected  bool   // vanishing from the configuration is refused (keys, secrets)

	objectType cty.Type
}

// Rule is a condition between several attributes of one block.
type Rule struct {
	Doc string // one sentence for the reference
	// Check looks at one evaluated block. It returns the attribute (or nested block) at fault and an
	// error whose text is full sentences with what to write instead, or nil.
	Check func(b Values) (attribute string, err error)
}

// Values are the attributes of one evaluated block: what was not written is absent,
// values may be null or unknown, and write-only ones are marked.
type Values struct {
	Attrs  map[string]cty.Value
	Blocks map[string]map[string]cty.Value // nested blocks that are written
	// NoInstance says that the block's object will live outside any KMS instance: no instance is
	// written, and its gateway has none.
	NoInstance bool
}

// String returns the attribute when it is written, known, not null, a string and not
// write-only.
func (v Values) String(name string) (string, bool) {
	val, ok := v.Attrs[name]
	if !ok || val.IsMarked() || val.IsNull() || !val.IsKnown() || val.Type() != cty.String {
		return "", false
	}
	return val.AsString(), true
}

// True reports whether the attribute is written, known and true.
func (v Values) True(name string) bool { return isTrue(v.Attrs[name]) }

// Set reports whether the attribute is written and not null; an unknown value counts as set.
func (v Values) Set(name string) bool {
	val, ok := v.Attrs[name]
	return ok && !val.IsNull()
}

func isTrue(v cty.Value) bool {
	return v != cty.NilVal && !v.IsMarked() && !v.IsNull() && v.IsKnown() && v.Type() == cty.Bool && v.True()
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

	// Refers lists what a plain reference in this argument may name, "key.id" and the like; nil = anything.
	Refers []string

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

// Attribute returns the block's attribute of that name, or nil.
func (b *Block) Attribute(name string) *Attribute { return find(b.Attributes, name) }

// Attribute returns the attribute of that name, or nil.
func (k *Kind) Attribute(name string) *Attribute { return find(k.Attributes, name) }

// Block returns the nested block of that name, or nil.
func (k *Kind) Block(name string) *Block {
	for i := range k.Blocks {
		if k.Blocks[i].Name == name {
			return &k.Blocks[i]
		}
	}
	return nil
}

func find(list []Attribute, name string) *Attribute {
	for i := range list {
		if list[i].Name == name {
			return &list[i]
		}
	}
	return nil
}

// ObjectType is the type of a reference to the block: every attribute that is not
// write-only, configured and computed.
func (k *Kind) ObjectType() cty.Type { return k.objectType }

func objectType(k *Kind) cty.Type {
	types := map[string]cty.Type{}
	for _, a := range k.Attributes {
		if !a.WriteOnly {
			types[a.Name] = a.Type
		}
	}
	return cty.Object(types)
}

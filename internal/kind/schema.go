package kind

import (
	"slices"

	"github.com/zclconf/go-cty/cty"
)

// Kind is one block type with its attributes.
type Kind struct {
	Name       string // key, alias, rotation_policy, secret; of data blocks encrypt, decrypt, rewrap, key, keys …
	Class      Class
	Ephemeral  bool   // its blocks are ephemeral: what they hold exists only while it is handed on
	Doc        string // one paragraph, Markdown
	Attributes []Attribute
	Blocks     []Block
	Rules      []Rule // what must hold between the attributes of one block

	Succeeds     bool      // an object whose immutable attributes change may get a successor, and stays beside it (keys)
	Protected    bool      // vanishing from the configuration is refused (keys, secrets)
	Removals     []Removal // the ways to let an object go, the gentlest first
	RemovalRank  int       // what uses others is removed before them: the lower first
	OnlyRecorded bool      // the service has no such object: what state has of it is all there is
	Goes         bool      // an object whose block is gone is deleted
	CreatedBy    string    // the call that makes an object that the service knows by its name alone; "" = the kind's own way
	DeletedBy    string    // likewise, the call that deletes it

	objectType cty.Type
	preImage   []string
}

// Class says what a kind's blocks stand for, and with it which of a gateway's clients they need.
type Class int

// The classes of kinds. Objects and lookups go through the management of a gateway, files through its
// key operations.
const (
	ManagedClass Class = iota // an object of the service that kmsplan makes and changes
	LookupClass               // an object that is only read
	FileClass                 // a file that is encrypted or decrypted
	BatchClass                // a job over many objects
)

// Data reports whether the kind's blocks are data blocks: lookups and files.
func (k *Kind) Data() bool { return k.Class == LookupClass || k.Class == FileClass }

// Looks reports whether the kind's blocks look something up.
func (k *Kind) Looks() bool { return k.Class == LookupClass }

// Batch reports whether the kind's blocks are batches.
func (k *Kind) Batch() bool { return k.Class == BatchClass }

// File reports whether the kind's blocks stand for files.
func (k *Kind) File() bool { return k.Class == FileClass }

// Values are the attributes of one evaluated block: what was not written is absent,
// values may be null or unknown, and write-only ones are marked.
type Values struct {
	Attrs  map[string]cty.Value
	Blocks map[string]map[string]cty.Value // nested blocks that are written; one inside another is named source.files
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
	Opened    bool   // read only where it is handed on: sensitive, ephemeral, and not known before
	WriteOnly bool   // may carry sensitive values; never stored, never printed
	Private   bool   // a wrong value may hold a password: what is wrong with it is said of the block, and shows no line of it
	Static    bool   // in a block of the language: a literal, needed before variables have values
	Refused   string // in a block of the language: the answer to who writes it; "" = it may be written
	Doc       string // one sentence, with range, default and source

	// Default is what a written null asks for: what the service gives a new object when the parameter is left
	// out. nil: the service chooses, and its choice is never fought. The account fills the default key policy.
	Default func(account string) cty.Value
	// ChangedBy are the calls that change it, also those that make the service set a computed one anew.
	ChangedBy   []string
	AfterCreate bool // no parameter of the create call: a new object gets it by the first of ChangedBy
	PreImage    bool // a change of it makes an approved action another one
	Partial     bool // a map of which those elements are managed that are written; a null one goes, and others stay as they are
	Watched     bool // computed, and a change of it is drift; the other computed ones move by themselves

	// Refers lists what a plain reference in this argument may name, "key.id" and the like; nil = anything.
	Refers []string
	// Element is what each element of a list or map is, as Refers has it: "key.id" for the ids of keys.
	Element string

	// Equal compares a configured with a live value semantically (durations,
	// JSON); nil compares cty values. Both are known, non-null and of Type.
	Equal func(configured, live cty.Value) bool
	// Check tells what is wrong with a known, non-null value, or nil. The error's text is a
	// full sentence that says what to write instead.
	Check func(v cty.Value) error
}

// Block is a nested block type such as generate { length = 32 }, or a block of the language such as gateway.
type Block struct {
	Name       string
	Labels     []string
	Doc        string
	Attributes []Attribute
	Blocks     []Block
	Repeats    bool   // it may stand more than once
	Refused    string // the answer to who writes it; "" = it may be written
	// ExclusiveWith names an attribute that may not be set beside the block.
	ExclusiveWith string
}

// Attribute returns the block's attribute of that name, or nil.
func (b *Block) Attribute(name string) *Attribute { return find(b.Attributes, name) }

// Attribute returns the attribute of that name, or nil.
func (k *Kind) Attribute(name string) *Attribute { return find(k.Attributes, name) }

// Block returns the nested block of that name, or nil.
func (k *Kind) Block(name string) *Block { return findBlock(k.Blocks, name) }

// Block returns the nested block of that name, or nil.
func (b *Block) Block(name string) *Block { return findBlock(b.Blocks, name) }

func findBlock(list []Block, name string) *Block {
	for i := range list {
		if list[i].Name == name {
			return &list[i]
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

// Naming returns the attribute that holds ids of objects of another kind, or nil.
func (k *Kind) Naming(other string) *Attribute {
	for i := range k.Attributes {
		if a := &k.Attributes[i]; a.Mode != Computed && slices.Contains(a.Refers, other+".id") {
			return a
		}
	}
	return nil
}

// PreImage are the names of the attributes an action is approved on, sorted: what the service moves by
// itself (the primary version, the next rotation) is not among them.
func (k *Kind) PreImage() []string { return k.preImage }

// ServiceDefault is Default for the named attribute; NilVal where the service chooses.
func (k *Kind) ServiceDefault(attr, account string) cty.Value {
	if a := k.Attribute(attr); a != nil && a.Default != nil {
		return a.Default(account)
	}
	return cty.NilVal
}

// always is the default of an attribute whose default is always the same.
func always(v cty.Value) func(string) cty.Value { return func(string) cty.Value { return v } }

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

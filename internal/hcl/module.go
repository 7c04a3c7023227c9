package hcl

import (
	"slices"

	hclv2 "github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/kind"
)

// tree is what the modules of a configuration share. After Load it is only read.
type tree struct {
	in      Inputs
	files   map[string]*hclv2.File
	library *library
	modules []*module                // the root first, and each after the one that calls it
	all     map[addr.Address]*block  // the blocks of every module
	sources map[string]*calledSource // by directory

	importIDs  []importID
	refactors  []refactorEach
	encryption *encryptionArgs // nil without an encryption block
	owned      *Owned          // nil until gateways are evaluated
	// settledGateways are the gateways' values as far as loading knows them.
	settledGateways map[string]cty.Value
}

// module is one instance of a module: what was parsed, and what evaluation needs of it. After Load it is only read.
type module struct {
	*tree
	path      addr.Module // "" for the root
	dir       string      // relative to the root's, slash-separated; "." for the root
	variables map[string]*variable
	locals    map[string]*local
	gateways  map[string]*gateway
	blocks    map[addr.Address]*block // by their addresses inside the module
	outputs   map[string]*output
	calls     map[string]*call
	checks    map[string]*check

	gatewayOrder []*gateway // source order, as the other orders below
	localOrder   []*local
	blockOrder   []*block
	outputOrder  []*output
	callOrder    []*call
	checkOrder   []*check

	orders []reference // depends_on of the calls that lead here

	elements map[string][]element // for_each collections by the variable or local they come from
	base     *hclv2.EvalContext   // functions, path, and the static variables and locals
	// varsReady and localsReady say that base holds them.
	varsReady, localsReady bool
}

// named is the name of something in the module, as messages have it.
func (m *module) named(name string) string {
	if m.path == "" {
		return name
	}
	return string(m.path) + "." + name
}

// node is something with a name that refers to other named things: the graph's vertex.
type node struct {
	m    *module
	name string // local.x, gateway.x, key.x, data.encrypt.x, output.x; with the module's path, so that there is one of each
	rng  hclv2.Range
	refs []reference
	// dynamic says that the value depends on managed objects or on an emulator's gateway,
	// directly or through others.
	dynamic bool
	blocks  []addr.Address // every block it depends on, directly or through others
	// reach are the instances that are behind it, directly or through others; known once the graph is final.
	reach []addr.Address
	// secretive says that a sensitive value flows in, so that messages hold no values.
	secretive bool
	// promises are the outputs of called modules, with preconditions, that its value comes through.
	promises []*output
	cyclic   bool // part of a cycle, which is reported
	broken   bool // part of a cycle, or a reference in it is wrong: do not evaluate
}

// local is one argument of a locals block.
type local struct {
	node
	label string
	expr  hclv2.Expression
	value cty.Value // when it is not dynamic
}

// output is one output block, parsed.
type output struct {
	node
	decl  *Output
	expr  hclv2.Expression
	pre   []*condition
	value cty.Value // of a module that is called, when it is not dynamic
}

// addr is the address of its preconditions.
func (o *output) addr() addr.Address {
	return addr.Address{Module: o.m.path, Kind: OutputKind, Name: o.decl.Name}
}

// block is one managed or data block, parsed and, after expansion, with its instances.
type block struct {
	repeated
	kind      *kind.Kind
	body      hclv2.Body
	attrs     []argument
	nested    []nested
	dynamics  bool // a dynamic block stands in the body: decoded anew per instance
	gateway   *gateway
	lifecycle Lifecycle
	pre, post []*condition
	// conditionRefs are what the conditions refer to: the block comes after it.
	conditionRefs []reference

	// usedAttrs are the attributes that something refers to; usedWhole says that something takes
	// the object as a whole.
	usedAttrs map[string]bool
	usedWhole bool
	// again are the references of what has to be evaluated anew when objects become known:
	// the dynamic arguments, and all nested blocks when nestedAgain is set.
	again       []reference
	nestedAgain bool
	ranges      map[string]hclv2.Range // where each attribute and nested block is written
	public      *Block
	extra       map[addr.Address][]addr.Address
}

// local is the block's address as the files of its module name it.
func (b *block) local() addr.Address {
	a := b.addr
	a.Module = ""
	return a
}

// argument is one written attribute.
type argument struct {
	decl *kind.Attribute
	expr hclv2.Expression
	name hclv2.Range // of the name
	rng  hclv2.Range // of name and value
	refs []reference
	// dynamic says that the value depends on objects; others are evaluated once, by Load.
	dynamic bool
	wrong   bool // a reference or function in it does not exist
}

// nested is one written nested block.
type nested struct {
	decl *kind.Block
	name string // generate; of a block inside another source.files
	rng  hclv2.Range
	args []argument
}

// sortArguments brings attributes into the order in which they are written.
func sortArguments(args []argument) {
	slices.SortFunc(args, func(a, b argument) int { return compareRanges(a.rng, b.rng) })
}

func compareRanges(a, b hclv2.Range) int {
	if a.Filename != b.Filename {
		if a.Filename < b.Filename {
			return -1
		}
		return 1
	}
	return a.Start.Byte - b.Start.Byte
}

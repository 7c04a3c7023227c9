package hcl

import (
	"slices"

	hclv2 "github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/kind"
)

// module is what was parsed, and what evaluation needs of it. After Load it is only read.
type module struct {
	in        Inputs
	files     map[string]*hclv2.File
	variables map[string]*variable
	locals    map[string]*local
	gateways  map[string]*gateway
	blocks    map[addr.Address]*block
	outputs   map[string]*output

	gatewayOrder []*gateway // source order, as the other orders below
	localOrder   []*local
	blockOrder   []*block
	outputOrder  []*output

	importIDs  []importID
	encryption *encryptionArgs      // nil without an encryption block
	elements   map[string][]element // for_each collections by the variable or local they come from

	owned       *Owned // nil until gateways are evaluated
	library     *library
	localsReady bool               // base holds the static locals
	base        *hclv2.EvalContext // functions, var, path and the static locals
	// settledGateways are the gateways' values as far as loading knows them.
	settledGateways map[string]cty.Value
}

// node is something with a name that refers to other named things: the graph's vertex.
type node struct {
	name string // local.x, gateway.x, key.x, data.encrypt.x, output.x
	rng  hclv2.Range
	refs []reference
	// dynamic says that the value depends on managed objects or on an emulator's gateway,
	// directly or through locals.
	dynamic bool
	blocks  []addr.Address // every block it depends on, directly or through locals
	// secretive says that a sensitive value flows in, so that messages hold no values.
	secretive bool
	cyclic    bool // part of a cycle, which is reported
	broken    bool // part of a cycle, or a reference in it is wrong: do not evaluate
}

// local is one argument of a locals block.
type local struct {
	node
	expr  hclv2.Expression
	value cty.Value // when it is not dynamic
}

// output is one output block, parsed.
type output struct {
	node
	decl *Output
	expr hclv2.Expression
}

// block is one managed or data block, parsed and, after expansion, with its instances.
type block struct {
	node
	addr     addr.Address
	kind     *kind.Kind
	body     hclv2.Body
	attrs    []argument
	nested   []nested
	dynamics bool // a dynamic block stands in the body: decoded anew per instance
	forEach  hclv2.Expression
	count    hclv2.Expression
	eachRefs []reference // of for_each or count
	eachFrom *block      // for_each = key.orders, and nothing else
	// eachDynamic says that each.value depends on objects, so it is evaluated anew each time.
	eachDynamic bool
	gateway     *gateway
	lifecycle   Lifecycle

	instances []*instance
	byKey     map[string]*instance
	expanded  bool // false while for_each or count is wrong
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
	rng  hclv2.Range
	args []argument
}

// instance is one object of a block.
type instance struct {
	addr  addr.Address
	each  cty.Value // each.value; NilVal for count and single blocks
	key   string    // each.key
	index int       // count.index
	body  *Body     // as Load evaluated it; nil when it has to be made anew as a whole
	diags hclv2.Diagnostics
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

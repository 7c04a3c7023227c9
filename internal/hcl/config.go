package hcl

import (
	"time"

	hclv2 "github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/kind"
)

// Inputs is everything outside the module's files that decides what they mean, so
// that loading is a function of its arguments.
type Inputs struct {
	Dir       string       // the module directory
	Vars      []Assignment // -var, in command-line order together with VarFiles
	Saved     []Variable   // values that a saved plan carries, in place of what gave them when it was made
	Env       []string     // the environment, os.Environ() form; only KMSPLAN_VAR_* are read
	WorkDir   string       // directory var files are relative to; "" = Dir
	Cwd       string       // path.cwd, absolute; "" = WorkDir
	Version   string       // kmsplan's version, held against required_version
	SkipFiles bool         // disable the file functions
	Workspace string       // what kmsplan.workspace is; "" = default
	// AllowMissing makes required variables without a value unknown instead of an error, for
	// validate, which needs no values.
	AllowMissing bool
	// Imports are those of the command line, beside the import blocks.
	Imports []Import
	// Gateway changes what a gateway block means, once its arguments are known and before anything refers to it: tests put
	// emulators in the place of gateways. nil = nothing does.
	Gateway func(*Gateway)
	// Undeclared lets imports have no block, for who writes one: they are in Config.Undeclared instead of an error.
	Undeclared bool
}

// Assignment is one -var NAME=VALUE or -var-file=PATH, in the order given.
type Assignment struct {
	Name, Value string // -var
	File        string // -var-file; Name and Value are empty
}

// Config is one loaded module: checked, with variables assigned and for_each and
// count expanded. It is immutable and safe for concurrent reads.
type Config struct {
	Dir       string
	Workspace string // never ""
	Settings  Settings
	Gateways  []*Gateway // in source order; the first is the default
	Outputs   []*Output
	Blocks    []*Block // managed and data blocks in dependency order
	Batches   []*Block // batch blocks, likewise
	Removed   []Removed
	Moved     []Moved
	// MovedGateways are the moved blocks of gateways.
	MovedGateways []MovedGateway
	Imports       []Import
	// Undeclared are the targets of imports that have no block; empty unless Inputs.Undeclared.
	Undeclared []addr.Address
	Files      map[string]*hclv2.File // for snippets in diagnostics
	Destroys   bool                   // made by Destroying

	module *module // parsed expressions, the evaluator's
	byAddr map[addr.Address]*Block

	removedBy  map[addr.Address]*Removed
	importedBy map[addr.Address]*Import
}

// Settings is the kmsplan block.
type Settings struct {
	RequiredVersion string
	BackendType     string            // "local" when left out
	Backend         map[string]string // its arguments, as text
	BackendRange    hclv2.Range       // of the block; zero when left out
	Range           hclv2.Range       // of the kmsplan block; zero when left out
	Limits          Limits
	Freezes         []Freeze
	QuotaShare      float64     // of each quota of calls; 0 = the default
	Encryption      *Encryption // nil = none
	Files           *FileRules  // nil = none
}

// FileRules is kmsplan { files { … } }: patterns of files that are encrypted when they are committed.
type FileRules struct {
	Encrypted []string // envelopes or documents
	Values    []string // documents
	Except    []string
	Range     hclv2.Range
}

// Encryption is kmsplan { encryption { … } }: the KMS key that wraps the stack's fingerprint key,
// never one that this stack manages.
type Encryption struct {
	Enabled    bool
	Key        string   // an id, an alias name or an ARN; "" only with Inputs.AllowMissing
	Gateway    *Gateway // nil when the module has none
	Context    map[string]string
	Recipients []string // age recipients, for break-glass
	Plan       bool     // saved plans are encrypted too
	Range      hclv2.Range
}

// Limits is kmsplan { limits { … } }, what is written of it: numbers, and shares in percent, by their names.
type Limits map[string]int

// Freeze is kmsplan { freeze { … } }: a time in which managed objects do not change.
type Freeze struct {
	From, Until time.Time
	Except      []string // addresses, of blocks or instances; * stands for any name
	Reason      string
	Range       hclv2.Range
}

// Gateway is one gateway block, evaluated. Password is sensitive: never print it.
type Gateway struct {
	Name     string
	Region   string
	Public   *PublicGateway
	Instance *InstanceGateway
	Emulator *EmulatorGateway
	Range    hclv2.Range
	// Ranges tells where an argument is written, for diagnostics about it: "region",
	// "instance.ca_file", "instance.client_key.file" …
	Ranges map[string]hclv2.Range
}

// PublicGateway is public { endpoint, ca_file, credentials … }.
type PublicGateway struct {
	Connection
	Profile string // CLI profile; "" = the credential chain
}

// Connection is how a gateway is reached.
type Connection struct {
	Endpoint string // "" = kms.<region>.aliyuncs.com, or <id>.cryptoservice.kms.aliyuncs.com
	CAFile   string
	CA       string        // PEM; at most one of the two is given
	Timeout  time.Duration // of one attempt; 0 = the default
	Proxy    string        // a URL, kind.NoProxy, or "" for the environment's
}

// InstanceGateway is instance { id, ca_file, client_key {} }.
type InstanceGateway struct {
	Connection
	ID        string
	ClientKey *ClientKey // nil = RAM credentials on the dedicated gateway
}

// ClientKey is client_key { file, password }.
type ClientKey struct {
	File     string
	Password cty.Value // string, marked Sensitive; unknown only with Inputs.AllowMissing
}

// EmulatorGateway is emulator { path | ready_file }.
type EmulatorGateway struct {
	Path      string // default .kmsplan/emulator below the module
	ReadyFile string // attach to a running emulator instead
	Seed      string // seed file for a new emulator
}

// Output is an output block.
type Output struct {
	Name        string
	Description string
	Sensitive   bool // its value is never stored and never printed
	Ephemeral   bool // of a module that is called: it exists only while kmsplan runs
	Range       hclv2.Range
}

// Block is one managed or data block with its instances.
type Block struct {
	Addr      addr.Address // without instance key
	Kind      *kind.Kind
	Gateway   *Gateway // the one it names, or the default
	Lifecycle Lifecycle
	Instances []addr.Address // sorted; one without key for a single block
	Range     hclv2.Range    // the block's header
	Referred  bool           // something uses its values
}

// Lifecycle is lifecycle { … }.
type Lifecycle struct {
	PreventDestroy    *bool               // nil = the kind's default (true for keys and secrets)
	IgnoreChanges     []string            // attribute names, or "all"
	IgnoreKeys        map[string][]string // of a map attribute, such as tags["team"]: the keys that are ignored
	OnImmutableChange string              // "error"
	OnForeignVersion  string              // what becomes of a secret's version that others wrote: "keep", "overwrite", or "" to refuse
}

// Removed is removed { from = key.x, action = "forget" | "retire" | "delete" }.
type Removed struct {
	From           addr.Address
	Action         string
	SoakDays       int // retire: days between disabling and scheduling; default 7
	WindowDays     int // retire: PendingWindowInDays; delete: recovery window; default 30
	WindowExplicit bool
	Range          hclv2.Range
}

// Moved is moved { from, to }.
type Moved struct {
	From, To addr.Address
	Range    hclv2.Range
}

// MovedGateway is moved { from = gateway.OLD, to = gateway.NEW }.
type MovedGateway struct {
	From, To string // names
	Range    hclv2.Range
}

// Import is import { to = key.x, id = "…" }.
type Import struct {
	To       addr.Address
	ID       string
	TakeOver string // the lineage whose object may be taken over; "" = none
	Range    hclv2.Range
}

// Objects holds what is known of managed objects while expressions are evaluated:
// per instance an object value of its kind's ObjectType. A missing instance
// evaluates to unknown.
type Objects interface {
	Object(a addr.Address) (cty.Value, bool)
}

// GatewayObjects is what an Objects may also offer: what is known of a gateway once
// it runs, of type GatewayType. The embedded emulator's instance id exists only
// then; without it gateway.NAME.instance.id of an emulator is unknown.
type GatewayObjects interface {
	GatewayObject(name string) (cty.Value, bool)
}

// GatewayType is the type of gateway.NAME in expressions.
var GatewayType = cty.Object(map[string]cty.Type{
	"name":     cty.String,
	"region":   cty.String,
	"instance": cty.Object(map[string]cty.Type{"id": cty.String}), // null without an instance
})

// Body is one evaluated instance. An attribute that was not written is absent
// from Attrs (not managed); one written as null is present and null.
type Body struct {
	Attrs  map[string]cty.Value // write-only ones included, marked Sensitive
	Blocks map[string]map[string]cty.Value
	Ranges map[string]hclv2.Range // where each attribute or block is written
	From   map[string][]Source    // write-only attributes: the ephemeral blocks that flowed in

	ignoreKeys map[string][]string // of the block's lifecycle
}

// What works on these types, each documented where it stands:
//
//	Load(Inputs) (*Config, hclv2.Diagnostics)                          load.go
//	(*Config).Body(addr.Address, Objects) (Body, hclv2.Diagnostics)      evaluate.go: one instance, checked against its kind
//	(*Config).CheckInputs(Objects) hclv2.Diagnostics                     call_value.go: what modules are given, once objects are known
//	(*Config).OutputValue(name, Objects) (cty.Value, hclv2.Diagnostics)  output.go
//	(*Config).DependsOn(addr.Address) []addr.Address                     depends.go: instances this instance refers to
//	(*Config).Block(addr.Address) *Block                                 evaluate.go
//	(*Config).Sources() []string                                         digest.go: what a saved plan is bound to
//	(*Config).Variables() []Variable                                     variables.go
//	NewObjectMap() *ObjectMap                                            objects.go: an Objects to fill
//	Format([]byte, filename) ([]byte, hclv2.Diagnostics)                 format.go
//	Functions() []Function                                               library.go

// Sensitive and Ephemeral mark values that may only reach write-only attributes.
const (
	Sensitive = mark("sensitive")
	Ephemeral = mark("ephemeral")
)

type mark string

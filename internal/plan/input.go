package plan

import (
	"time"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/state"
)

// Input is all that a plan depends on.
type Input struct {
	Config *hcl.Config
	State  state.State
	Live   Live
	Files  []FileStatus // one per output of a data block, from package ops
	// FileKeys are the keys of data blocks with files that will be written, where the survey tells of them.
	FileKeys map[addr.Address]FileKey
	Now      time.Time // decides what has soaked long enough; recorded as Plan.Created
	Today    time.Time // decides what is frozen, when Now is that of a saved plan; zero = Now
	Writer   string    // kmsplan's version, recorded in the plan

	// Materials is what is known of the material of keys whose blocks name some.
	Materials map[addr.Address]Material

	// ClientKeys is what is known of the files of client keys.
	ClientKeys map[addr.Address]ClientKeyFile

	// Scope narrows the plan to these instances or blocks and what they depend
	// on; empty = everything. Guards hold for what is targeted only.
	Scope Scope

	// Reading is how much of the service Live is from; the rest of it is from State.
	Reading Reading

	// Compare holds a configured write-only value against the fingerprint that state has of it. Nothing in
	// Calculate reads a key or burns a slow hash: who calls it may have compared before, in parallel. nil
	// compares here and now.
	Compare func(address string, fp state.Fingerprint, value []byte) state.Match

	// Sealed is what of the stack's own is sealed under which key.
	Sealed []Sealed

	// MovedGateways are those whose earlier name the stored state has; State has the new one already.
	MovedGateways []MovedGateway

	// Astray are the gateways that State has objects on, or calls of an interrupted run, and that are not known to lead
	// to where those are, by the name that State has. Nothing is concluded about those objects, and the plan is refused.
	Astray map[string]Refusal
	// Absent are the paths of imported files of the census that are not there, or are no encrypted files any more.
	Absent map[string]bool

	// Requests narrow the plan to what a person asks of single objects; nil = the plan is about what is declared.
	Requests []Request

	without []string // guards that a test switches off
}

// FileKey is the key that a data block encrypts under, as it is now.
type FileKey struct {
	Gateway  string
	Name     string // as the block has it: an id, an alias name, an ARN
	ID       string // "" = nothing of that name exists
	Instance string // that the key is in; "" = none
	State    string // "" = nothing tells
}

// FileStatus is what package ops found out about one output of a data block. The
// planner turns it into a FileChange.
type FileStatus struct {
	Addr              addr.Address
	Path              string
	Source            string // the file it is made of: what writes that goes first
	OutputExists      bool
	OutputReadable    bool // the header parses and its MAC holds as far as it can be checked without a call
	Replaced          bool // whole, and not what this stack wrote: restored, copied or made elsewhere
	SourceChanged     bool
	KeyChanged        bool
	KeyVersionChanged bool
	KeyMissing        bool // nothing has the name of the block's key: a plan may make it, or not
	ContextChanged    bool
	RecipientsChanged bool
	// Unknown names the argument that is known after apply only, so that nothing can be told
	// before; "" = none.
	Unknown string
	Exposed bool // a plaintext is open to more people than asked for
	// NotCompared says that this run cannot check the fingerprint of the source (decrypt: of the plaintext).
	// That alone is no change.
	NotCompared bool
	// Notice says that there is nothing to work on, as Problem does; then nothing else is set, and that is no error.
	Notice string
	// Problem says why the block cannot work on this file, "" where it can: a sentence without its capital
	// and full stop that begins with a word and not with a path. It holds nothing secret.
	Problem string
}

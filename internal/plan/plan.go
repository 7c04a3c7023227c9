package plan

import (
	"time"

	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/hcl"
)

// Plan is what apply will do, and why it may not. It holds no secret by
// construction: write-only values never enter it.
type Plan struct {
	Writer    string
	Created   time.Time
	Lineage   string // of the state it was made from
	Serial    uint64
	Workspace string   // in which it was made
	Reading   Reading  // how much of the service it was made from
	Changes   []Change // dependency order; no-ops included
	Lookups   []Lookup // dependency order
	Refusals  []Refusal
	Drift     []Drift
	Dying     []DyingKey
	Radius    []Radius
	Files     []FileChange
	Outputs   []OutputChange
	Batches   []Batch // that wait, or of which the state gets to know something else
	// MovedGateways are the gateways that moved blocks give another name, with the objects that state has on them.
	MovedGateways []MovedGateway
	// SteadyOutputs are the outputs that stay as they are: for readers of the plan, like Whole.
	SteadyOutputs map[string]cty.Value
	Warnings      []Warning
	Checks        []Checked // what conditions say, as far as is known
	// Asked says that the plan is about what a person asked of single objects: outputs that it does not name stay as
	// they are. Then are sentences about what follows of it, for that person.
	Asked bool
	Then  []string
	// Configuration is what a saved plan was made from, as it is written: for readers of the plan. nil where none is saved.
	Configuration *hcl.Described
}

// Change is the decision on one managed object.
type Change struct {
	Addr      addr.Address
	Kind      string
	Gateway   string
	Action    Action
	ID        string // live id; "" before a create
	Reason    string // one clause for people: "the key waits for deletion (23 days left)"
	Diff      []AttrDiff
	Calls     []string // the API operations it needs, in order
	Protected bool     // recorded in state, so that the guard outlives the block
	PreImage  *PreImage
	MovedFrom addr.Address // zero unless a moved block renamed it
	// TakenFrom is the lineage of the stack that an import block with take_over takes the object from: its
	// ownership tags become this stack's.
	TakenFrom string
	// Succeeds are the keys that are recorded as predecessors of this one, oldest first.
	Succeeds []string
	// NeededBy are the users that a predecessor is kept for.
	NeededBy  []string
	DependsOn []addr.Address
	// Held says which condition does not hold, so that nothing but a rescue is done; "" = none. Such a plan is never saved.
	Held     string
	Asked    *Request // what a person asked for, in place of what the block says; nil = nothing
	Promoted string   // a secret's version that becomes the current one, as asked or declared
	Whole
}

// AttrDiff is one attribute that differs.
type AttrDiff struct {
	Name      string
	Before    cty.Value // null when absent; never a secret
	After     cty.Value // may be unknown: known after apply
	WriteOnly bool      // rendered as (write-only attribute)
}

// PreImage is the live state a destructive or rescue action was planned on; apply
// reads it again just before the call and stops if it changed.
type PreImage struct {
	State    string    // key state, or the secret's planned delete time
	Digest   string    // SHA-256 over the object's live attributes, hex
	DeleteAt time.Time // PendingDeletion only
}

// Refusal is a guard that fired: the plan may not be applied.
type Refusal struct {
	Guard       string // stable name: key-vanished, immutable-attribute …
	Addr        addr.Address
	Reason      string   // a full sentence
	WaysForward []string // full sentences, most likely first
}

// Drift is a difference between state and live that nobody asked for.
type Drift struct {
	Addr addr.Address
	Kind string
	ID   string
	Gone bool // the object no longer exists
	Diff []AttrDiff
	Kept []string // attributes that apply leaves so: every plan lists them until the block declares them or refresh records them
}

// DyingKey is a key of the region that waits for deletion, managed or not.
type DyingKey struct {
	Gateway  string
	ID       string
	Addr     addr.Address // zero when kmsplan does not manage it
	DeleteAt time.Time
}

// Radius is what stops working when a key is taken out of use as planned: the users that it still has then.
type Radius struct {
	Addr    addr.Address
	Secrets int // cannot be read any more, not even after a restore
	Files   int // of the census: cannot be decrypted any more
	Aliases int // lead to a key that cannot be used
}

// None reports whether nothing stops working.
func (r Radius) None() bool { return r.Secrets+r.Files+r.Aliases == 0 }

// FileChange is a data block whose output is stale, or not (NoOp).
type FileChange struct {
	Addr    addr.Address
	Action  Action // Create, Update or NoOp
	Path    string
	Gateway string // through which its key is used; "" = none
	Source  string // the file it is made of: what writes that goes first
	Reason  string // "source changed", "key version changed" …
	// Problem says why the file cannot be worked on, "" where it can; Action is NoOp then.
	Problem   string
	MovedFrom addr.Address // the block's earlier address, which the census still has
}

// MovedGateway is a gateway whose objects state has under its earlier name. It was proved to lead to where they are.
type MovedGateway struct {
	From, To string
	Objects  int
}

// OutputChange is a difference of a root output.
type OutputChange struct {
	Name          string
	Before, After cty.Value
}

// Warning is something the user should know and apply will not refuse.
type Warning struct {
	Addr    addr.Address
	Summary string
	Detail  string
	// Stands says that something is not as it is declared, and that apply leaves it so: with it among the
	// warnings, the infrastructure does not match the configuration.
	Stands bool
}

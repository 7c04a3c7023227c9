package planfile

import (
	"errors"
	"time"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/safety"
	"kmsplan.dev/kmsplan/internal/state"
)

// Format is the version of the saved form. Format 1 held the whole evaluated configuration's digest and
// was applied as it stood; it is refused.
const Format = 2

// The failures that a caller decides on.
var (
	ErrNotAPlan = errors.New("this is no saved plan")
	ErrOldPlan  = errors.New("the plan was saved by an older kmsplan")
	ErrNewer    = errors.New("the plan was saved by a newer kmsplan")
	ErrDamaged  = errors.New("the saved plan is damaged")
	ErrStale    = errors.New("the saved plan is stale")
)

// File is a saved plan: the plan, and what it was made from. Make one with New, or read one with Decode.
type File struct {
	Plan    *plan.Plan
	Binding Binding

	key    []byte // of the seal; nil in a file that was read
	sealed []byte // what was sealed, as it was read
	seal   []byte
}

// Binding is what a plan was made from, besides the service. It holds no secret: a sensitive value enters
// as part of a salted fingerprint only, slow or under the stack's key.
type Binding struct {
	Scope     plan.Scope
	Destroy   bool           // it takes away all that state holds
	Variables []hcl.Variable // those that are neither sensitive nor ephemeral
	Gateways  []Gateway
	// Configuration covers the module's files and those its functions read; Secrets the sensitive values
	// that the plan writes; Sources the files that it encrypts. Each is one fingerprint for all, so that a
	// guess at one of several values needs all the others. Zero = there is nothing.
	Configuration, Secrets, Sources state.Fingerprint
}

// Gateway is the place a plan was made for. Endpoints, ports and credentials may change between plan and
// apply; these may not.
type Gateway struct {
	Name     string `json:"name"`
	Region   string `json:"region,omitempty"`
	Instance string `json:"instance,omitempty"` // an emulator's is its identity: every emulator makes its own
	Account  string `json:"account,omitempty"`  // "" = not known; then it is not compared
	Emulator bool   `json:"emulator,omitempty"`
}

// World is what a plan is made from: then, and again at apply.
type World struct {
	Config *hcl.Config
	State  state.State // as planned on, an interrupted run's journal folded in
	Live   plan.Live
	// Sources tells the digest of the source behind a file that the plan writes; false for one that has
	// none. nil = the plan writes no files.
	Sources func(a addr.Address, path string) ([]byte, bool)
	// Materials tells the digest of the material of a key; false for one that has none at hand. nil = the plan imports none.
	Materials func(a addr.Address) ([]byte, bool)
	// Fingerprints are the stack's; nil = argon2id.
	Fingerprints *state.Fingerprints
}

// Time is the time to plan at when the plan is compared: its own, so that what soaked when it was made
// soaks still, and never later than now, so that an edited date ends no soak.
func (f *File) Time(now time.Time) time.Time {
	if f.Plan.Created.Before(now) || safety.Off(safety.SavedTime) {
		return f.Plan.Created
	}
	return now
}

// Gateways describes the gateways of a configuration, with what was learnt of them from the service.
func Gateways(cfg *hcl.Config, live plan.Live) []Gateway {
	out := make([]Gateway, 0, len(cfg.Gateways))
	for _, g := range cfg.Gateways {
		made := Gateway{Name: g.Name, Region: g.Region, Emulator: g.Emulator != nil}
		if g.Instance != nil {
			made.Instance = g.Instance.ID
		}
		if read := live.Gateways[g.Name]; read != nil {
			made.Instance, made.Account = read.InstanceID, read.AccountID
		}
		out = append(out, made)
	}
	return out
}

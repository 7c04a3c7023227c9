package apply

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"time"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/resource"
	"kmsplan.dev/kmsplan/internal/safety"
	"kmsplan.dev/kmsplan/internal/state"
	"kmsplan.dev/kmsplan/internal/state/failpoint"
)

// DefaultParallelism is how many objects are worked on at once.
const DefaultParallelism = 10

// DefaultChangeTimeout bounds the work on one object, with all its calls and
// their retries.
const DefaultChangeTimeout = 10 * time.Minute

// Work is what Run and Recover need alike.
type Work struct {
	Config   *hcl.Config
	Store    state.Store
	Gateways map[string]resource.GatewayClients // by gateway block name
	Handlers func(kind string) resource.Handler // nil for a kind nobody handles
	// LookUp answers lookups that the plan put off; nil = the plan has none.
	LookUp func(ctx context.Context, c resource.GatewayClients, ask plan.Ask) plan.Answer
	// Open reads the values that ephemeral blocks hand on; nil = the configuration has none.
	Open   func(ctx context.Context, c resource.GatewayClients, ask plan.Ask) plan.Answer
	Live   plan.Live       // the last snapshot; may be empty
	Astray map[string]bool // gateways that are not known to be where their open calls were made: those stay open
	Hooks  Hooks
	Scheme *SchemeChange // nil = stays as it is
	// Fingerprints are the stack's; nil = argon2id.
	Fingerprints *state.Fingerprints

	Writer        string        // kmsplan's version, recorded in state
	Operation     string        // named in the lock: "apply" when left out
	LockTimeout   time.Duration // how long to wait for the lock; 0 = not at all
	ChangeTimeout time.Duration // 0 = DefaultChangeTimeout
	Now           func() time.Time
	ServiceTime   func() time.Time // what soaks does so by the service's clock; nil = Now
	Failpoint     failpoint.Hook   // nil outside crash tests
}

// SchemeChange is a way of making fingerprints that a run records before it makes the first.
type SchemeChange struct{ From, To *state.FingerprintScheme }

// begin records the scheme, if the stack's is still the one that it takes the place of.
func (c *SchemeChange) begin(j *state.Journal, st state.State) error {
	switch {
	case c == nil:
		return nil
	case !reflect.DeepEqual(c.From, st.Scheme):
		return errors.New("another run changed how this stack makes fingerprints; plan again")
	}
	return j.Append(state.SchemeEntry(*c.To))
}

// Input is what Run works on.
type Input struct {
	Work
	Plan        *plan.Plan
	Parallelism int                             // 0 = DefaultParallelism
	Files       FileRunner                      // required when the plan changes files
	Stop        <-chan struct{}                 // closed at the first interrupt: start nothing new
	Given       map[addr.Address]resource.Given // values that a person hands in, for what Plan asks
	KeepOutputs bool                            // the plan is a part of one: the root outputs stay as they are
	// FilesOnly runs data blocks beside whatever else goes on: calls of earlier runs stay open, because who only
	// runs files may not manage; outputs stay as they are; and the plan is bound to the stack, not to its serial.
	FilesOnly bool
}

// FileRunner runs one data block and returns what it wrote, what it finished before an error
// included. It is called when everything the block uses is done.
type FileRunner func(ctx context.Context, task FileTask) ([]state.File, error)

// FileTask is the work on one data block.
type FileTask struct {
	Block   *hcl.Block
	Body    hcl.Body
	Changes []plan.FileChange // of this block, stale ones only
}

func (w Work) withDefaults() Work {
	if w.Now == nil {
		w.Now = time.Now
	}
	if w.ServiceTime == nil {
		w.ServiceTime = w.Now
	}
	if w.ChangeTimeout <= 0 {
		w.ChangeTimeout = DefaultChangeTimeout
	}
	if w.Operation == "" {
		w.Operation = "apply"
	}
	return w
}

// ErrRefused says that a guard refused the plan.
var ErrRefused = errors.New("the plan is refused")

func (in Input) check() error {
	if n := len(in.Plan.Refusals); n > 0 && !safety.Off(safety.RefusedStops) {
		return fmt.Errorf("%w: %s (%d refusals in all); nothing was called", ErrRefused, in.Plan.Refusals[0].Reason, n)
	}
	for _, f := range in.Plan.Files {
		if f.Action != plan.NoOp && in.Files == nil {
			return fmt.Errorf("the plan changes the file of %s, and nothing here runs data blocks", f.Addr)
		}
	}
	return nil
}

// ErrStalePlan says that the state moved on since the plan was made.
var ErrStalePlan = errors.New("the plan is stale")

// StalePlanError is ErrStalePlan with what the plan was made from and what is there.
type StalePlanError struct {
	PlanLineage, StateLineage string
	PlanSerial, StateSerial   uint64
}

func (e *StalePlanError) Error() string {
	if e.PlanLineage != e.StateLineage {
		return fmt.Sprintf("the plan was made for another stack (lineage %s, the state has %s); nothing was called; plan again here", e.PlanLineage, e.StateLineage)
	}
	return fmt.Sprintf("the plan is stale: it was made when the objects were at serial %d, and they are at serial %d now; nothing was called; plan again", e.PlanSerial, e.StateSerial)
}

// Is makes errors.Is(err, ErrStalePlan) hold.
func (e *StalePlanError) Is(target error) bool { return target == ErrStalePlan }

// bind holds the plan against the state it is applied to. A stack that was never
// stored takes the lineage it was planned under. What only the census of files says is no matter of the plan.
func bind(p *plan.Plan, at state.Position, filesOnly bool) (state.Position, error) {
	if at.Version.IsZero() && len(at.Open) == 0 && p.Serial == 0 && p.Lineage != "" {
		at.State.Lineage = p.Lineage
	}
	if (p.Lineage != at.State.Lineage || p.Serial != at.State.ObjectsSerial && !filesOnly) && !safety.Off(safety.StalePlan) {
		return at, &StalePlanError{
			PlanLineage: p.Lineage, StateLineage: at.State.Lineage, PlanSerial: p.Serial, StateSerial: at.State.ObjectsSerial,
		}
	}
	return at, nil
}

package resource

import (
	"context"
	"errors"
	"fmt"
	"time"

	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/state"
)

// Handler carries out changes of one kind. A method makes every mutating call
// through Session.Call, in the order plan.Change.Calls lists them, and records the
// object as soon as it exists, so that a failed follow-up loses nothing.
type Handler interface {
	// Apply carries out s.Change: create, update, adopt, rescue, retire, delete or forget. It returns the object as state
	// should keep it; nil for delete and forget.
	Apply(ctx context.Context, s *Session) (*state.Resource, error)
	// Resolve finds out what became of an intent whose answer was lost or never recorded: it searches
	// live state (by intent tag for keys, by version ids for secrets …) and returns what to keep.
	Resolve(ctx context.Context, s *Session, open state.Intent) (Resolution, error)
}

// Resolution is what became of an open intent.
type Resolution struct {
	Committed  bool            // the call took effect
	Untold     bool            // whether it did is not to be told; Resource is as it is now, and a plan says what is missing
	Pending    bool            // not known yet: a late commit is still possible until Until
	Until      time.Time       // when Pending ends
	Resource   *state.Resource // the object to adopt; nil when nothing exists
	Duplicates []string        // further live ids with the same intent, newest first, never touched automatically
}

// Session is what a handler works with during one change.
type Session struct {
	Manager kms.Manager
	Gateway *hcl.Gateway
	Region  string            // the region at work; "" = the block's
	Live    *plan.LiveGateway // the snapshot the plan was made on
	Change  plan.Change
	Body    hcl.Body        // the evaluated block; zero for delete, forget, retire
	Prior   *state.Resource // nil before a create
	Lineage string
	Intent  string // UUIDv7 of this change, carried as the kmsplan:intent tag
	Journal Journal
	Now     func() time.Time
	// ServiceTime is the time by the service's clock, by which a retirement soaks; nil = Now.
	ServiceTime func() time.Time
	Removed     *hcl.Removed // the removed block behind a retire, delete or forget
	Dir         string       // of the module, that the files of a block are in
	// Owned says what of kmsplan's or git's own a path of the module leads to, or ""; nil = nothing.
	Owned func(name string) string
	// Fingerprints are the stack's; nil = argon2id.
	Fingerprints *state.Fingerprints

	// Given is a value that a person hands in for a secret, or a key's material, where Change.Asked says so.
	Given Given

	Timing Timing // of the gateway
	// Duplicates are further objects that carry this change's intent, newest first. A handler that finds
	// some leaves them alone and lists them here.
	Duplicates []string
	// Seen records what a change showed of another managed object of its gateway; nil = nobody
	// listens.
	Seen func(o *plan.Object) error
	// Wait pauses between the searches for a lost answer, attempt 0, 1, 2 …; it
	// returns an error when there is no time left. nil waits 0.2 s, 0.6 s, 1.8 s ….
	Wait func(ctx context.Context, attempt int) error

	// Found is set when a creation's answer was lost and its object found by the intent tag.
	Found bool
}

// byService is a time of this machine's clock by the service's: an emulator lives by one of its own.
func (s *Session) byService(t time.Time) time.Time {
	if s.ServiceTime == nil {
		return t.UTC()
	}
	return t.Add(s.ServiceTime().Sub(s.Now()).Round(time.Second)).UTC()
}

// Journal makes intents and results durable. Apply implements it over state.Journal.
type Journal interface {
	// Begin appends and syncs an intent before a mutating call.
	Begin(in state.Intent) error
	// End keeps the call's result, durable with the next Begin or Record at the latest; an ambiguous one leaves the intent
	// open.
	End(intentID string, out state.Result) error
	// Record appends and syncs the object's new state.
	Record(r state.Resource) error
}

// maxRenewals bounds how often a call whose time passed before it was sent gets another.
const maxRenewals = 50

// Call makes one mutating call between an intent and its result. operation is the
// API name, id the object's id as far as known; detail holds non-secret facts that help to
// resolve the intent (version ids before the call …). fn returns the id the service gave, if any.
//
// An intent holds for a short time only: a process that was stopped after it does not call when it
// goes on, because another run may have concluded by then that the call was never made. Where nothing was
// sent in that time, as for the quota's sake, the call gets a new intent.
func (s *Session) Call(ctx context.Context, operation, id string, detail map[string]string, fn func(context.Context) (string, error)) error {
	for range maxRenewals {
		err := s.callInTime(ctx, operation, id, detail, fn)
		if !kms.HasCode(err, kms.CodeTooLate) || unknown(err) || ctx.Err() != nil {
			return err
		}
	}
	return fmt.Errorf("%s was never sent: %d times its time passed first; is this machine overloaded, or its clock unsteady?", operation, maxRenewals)
}

func (s *Session) callInTime(ctx context.Context, operation, id string, detail map[string]string, fn func(context.Context) (string, error)) error {
	within := s.Timing.orService().Send
	in := state.NewIntent(s.Change.Addr.String(), s.Change.Kind, operation, id, s.Intent, detail, s.Now())
	in.SendBy = in.At.Add(within)
	sendBy := time.Now().Add(within)
	if err := s.Journal.Begin(in); err != nil {
		return err
	}
	got, err := fn(kms.WithSendBy(ctx, sendBy))
	if got == "" {
		got = id
	}
	out := state.Result{ObjectID: got, Ambiguous: unknown(err)}
	if err != nil {
		out.Error = err.Error()
	}
	if jerr := s.Journal.End(in.ID, out); jerr != nil && err == nil {
		return jerr
	}
	return err
}

// unknown reports whether a call that failed may have been carried out.
func unknown(err error) bool {
	var unproven *UnprovenError
	return kms.IsAmbiguous(err) || errors.As(err, &unproven)
}

func (s *Session) patience() *patience {
	p := s.Timing.patience()
	p.wait = s.Wait
	return p
}

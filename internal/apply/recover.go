package apply

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/resource"
	"kmsplan.dev/kmsplan/internal/state"
)

// Recovery is what Recover found.
type Recovery struct {
	State     state.State
	Version   state.Version
	Recovered []Recovered    // calls that earlier runs left open
	Open      []state.Intent // those that stay open: a late commit is still possible
	Strays    []Stray        // objects with this stack's tags that its state does not know, where somebody looked
}

// Recover brings the state up to date with what interrupted runs did: it folds
// their journal in, finds out what became of calls whose answer was lost, and stores the result.
// Without a journal it only reads; otherwise it takes the lock, and ErrLocked
// then means that the run which writes the journal is alive.
func Recover(ctx context.Context, w Work) (Recovery, error) {
	w = w.withDefaults()
	entries, err := w.Store.ReadJournal(ctx)
	if err != nil {
		return Recovery{}, err
	}
	if len(entries) == 0 {
		at, err := state.Look(ctx, w.Store)
		return found(at, nil), err
	}
	var f Recovery
	err = w.locked(ctx, func() error {
		at, recovered, err := w.catchUp(ctx, &bell{hooks: w.Hooks})
		f = found(at, recovered)
		return err
	})
	return f, err
}

// Foresee finds out what Recover would, in memory: it takes no lock and writes nothing, so that a plan can be
// made wherever the store can be read. State has the serial that it will have when it is stored.
func Foresee(ctx context.Context, w Work) (Recovery, error) {
	w = w.withDefaults()
	j, at, err := state.Rehearse(ctx, w.Store, w.Writer)
	if err != nil || len(at.Open) == 0 {
		return found(at, nil), err
	}
	recovered, err := w.resolveOpen(ctx, j, at, &bell{hooks: w.Hooks})
	if err != nil {
		return found(at, recovered), err
	}
	at, err = j.Position()
	return found(at, recovered), err
}

func found(at state.Position, recovered []Recovered) Recovery {
	return Recovery{State: at.State, Version: at.Version, Recovered: recovered, Open: at.Open}
}

// catchUp folds in what an interrupted run left, resolves its open calls, and stores the result. The caller
// holds the lock.
func (w Work) catchUp(ctx context.Context, b *bell) (state.Position, []Recovered, error) {
	j, at, err := state.Open(ctx, w.Store, w.Writer)
	if err != nil {
		return at, nil, err
	}
	recovered, err := w.resolveOpen(ctx, j, at, b)
	at, stored := j.Commit(context.WithoutCancel(ctx))
	return at, recovered, joined(err, stored)
}

// resolveOpen finds out what became of the open calls and records it.
func (w Work) resolveOpen(ctx context.Context, j *state.Journal, at state.Position, b *bell) ([]Recovered, error) {
	x := newExecutor(w, j, b, at.State)
	var recovered []Recovered
	var failed error
	for _, in := range at.Open {
		if w.Astray[in.Gateway] {
			recovered = append(recovered, Recovered{Intent: in, Status: StillPending})
			continue
		}
		r, err := x.resolveInTime(ctx, in)
		if err != nil {
			failed = joined(failed, fmt.Errorf("%s: finding out what became of the interrupted %s: %w", in.Address, in.Operation, err))
			continue
		}
		recovered = append(recovered, r)
		b.recovered(r)
	}
	return recovered, failed
}

// shortWait is the longest wait for certainty that a run takes upon itself; a longer
// one is left to a later run.
const shortWait = 10 * time.Second

// resolveInTime resolves an open call, and waits for certainty where that takes seconds only.
func (x *executor) resolveInTime(ctx context.Context, in state.Intent) (Recovered, error) {
	r, err := x.resolve(ctx, in)
	left := r.Until.Sub(x.work.Now())
	if err != nil || r.Status != StillPending || left > shortWait {
		return r, err
	}
	certain := time.NewTimer(left)
	defer certain.Stop()
	select {
	case <-certain.C:
		return x.resolve(ctx, in)
	case <-ctx.Done():
		return r, ctx.Err()
	}
}

// resolve asks an open call's handler and records the answer.
func (x *executor) resolve(ctx context.Context, in state.Intent) (Recovered, error) {
	a, err := addr.Parse(in.Address)
	if err != nil {
		return Recovered{}, err
	}
	c := plan.Change{Addr: a, Kind: in.Kind, Gateway: in.Gateway, ID: in.ObjectID, Protected: x.work.Config.Protects(a)}
	prior := x.priorOf(a)
	j := x.changeJournal(Step{Addr: a, Change: &c}, c)
	session, handler, err := x.session(c, x.bodyIfKnown(a), in.Token, j)
	if err != nil {
		return Recovered{}, err
	}
	var res resource.Resolution
	x.within(ctx, func(ctx context.Context) { res, err = handler.Resolve(ctx, session, in) })
	if err != nil {
		return Recovered{}, err
	}
	if res.Committed && res.Resource == nil && prior == nil && !deletes(in) {
		return Recovered{}, fmt.Errorf("it took effect, and its object was not found; this is a defect of the kind %s", in.Kind)
	}
	r := Recovered{Intent: in, Status: statusOf(res, prior), Until: res.Until, ID: idOf(res.Resource, prior, c), Duplicates: res.Duplicates}
	if r.Status == StillPending {
		return r, nil
	}
	return r, x.recordResolution(a, in, res, c)
}

func statusOf(res resource.Resolution, prior *state.Resource) RecoveredStatus {
	switch {
	case res.Pending:
		return StillPending
	case res.Resource != nil && (prior == nil || prior.ID != res.Resource.ID):
		return Adopted
	case res.Untold:
		return Untold
	case res.Committed:
		return Confirmed
	}
	return NeverHappened
}

// recordResolution closes the call and keeps the object, in one piece. Only a
// deletion that took effect forgets one.
func (x *executor) recordResolution(a addr.Address, in state.Intent, res resource.Resolution, c plan.Change) error {
	answer := state.Result{ObjectID: in.ObjectID}
	if !res.Committed {
		answer.Error = "it was not carried out"
	}
	var entries []state.Entry
	switch {
	case res.Resource != nil:
		kept := x.complete(*res.Resource, c)
		answer.ObjectID = kept.ID
		entries = x.entries(a, &kept, kept.ID)
		x.keep(a, &kept)
	case res.Committed && deletes(in):
		entries = x.entries(a, nil, idOf(nil, x.priorOf(a), c))
		x.keep(a, nil)
	case res.Committed && x.priorOf(a) != nil:
		prior := x.priorOf(a)
		entries = x.entries(a, prior, prior.ID)
	}
	return x.journal.Append(slices.Insert(entries, 0, state.End(in.ID, answer))...)
}

// deletes reports whether a call that took effect leaves no object (DeleteAlias,
// DeleteSecret).
func deletes(in state.Intent) bool { return strings.HasPrefix(in.Operation, "Delete") }

// bodyIfKnown evaluates the block behind an open call for a handler that can use it. The
// block may be gone or changed, or refer to what does not exist.
func (x *executor) bodyIfKnown(a addr.Address) hcl.Body {
	if x.work.Config.Block(a.Block()) == nil {
		return hcl.Body{}
	}
	body, err := x.evaluate(a)
	if err != nil {
		return hcl.Body{}
	}
	return body
}

// stillPending says why a change has to wait for an earlier call.
func stillPending(r Recovered) error {
	return fmt.Errorf("an earlier %s of %s may still take effect until %s; nothing is called before that is certain",
		r.Intent.Operation, r.Intent.At.Format(time.RFC3339), r.Until.UTC().Format(time.RFC3339))
}

package apply

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	hclv2 "github.com/hashicorp/hcl/v2"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/safety"
	"kmsplan.dev/kmsplan/internal/state"
)

// step carries out one node of the graph.
func (x *executor) step(ctx context.Context, n *node) Outcome {
	start := x.work.Now()
	var out Outcome
	why := x.unkept(ctx, n)
	switch {
	case why != "":
		out = x.heldUp(ctx, n, why)
	case n.Lookup != nil:
		x.within(ctx, func(ctx context.Context) { out = x.lookUp(ctx, n) })
	case n.Change == nil:
		out = x.interruptibly(ctx, func(ctx context.Context) Outcome { return x.runFiles(ctx, n) })
	case n.Action == plan.NoOp:
		out = x.refresh(*n.Change)
	case n.Action == plan.Read:
		out = Outcome{ID: n.Change.ID}
	case n.because != "":
		x.within(ctx, func(ctx context.Context) { out = x.onlyRescue(ctx, n) })
	default:
		x.within(ctx, func(ctx context.Context) { out = x.change(ctx, n.Step) })
	}
	if out.Status == Done {
		out = x.afterwards(ctx, n, out)
	}
	out.Elapsed = since(x.work, start)
	return out
}

// onlyRescue carries out the rescue of a change whose other calls cannot be made.
func (x *executor) onlyRescue(ctx context.Context, n *node) Outcome {
	rescue := n.Change.OnlyRescue()
	more := len(n.Change.Calls) > 1
	s := n.Step
	s.Change = &rescue
	out := x.change(ctx, s)
	if out.Status == Done && more {
		out.Status, out.Reason = Skipped, "it was rescued, and the rest of its change was not done: "+n.because
	}
	return out
}

// interruptibly runs work on files, which takes as long as they are large and leaves each as it was when it
// is interrupted.
func (x *executor) interruptibly(ctx context.Context, work func(ctx context.Context) Outcome) Outcome {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		select {
		case <-x.stop:
			cancel(fmt.Errorf("%w; files that were not finished are as they were before", ErrInterrupted))
		case <-ctx.Done():
		}
	}()
	return work(ctx)
}

// refresh records what the configuration alone decides about an object that
// needs no call: its guard, its dependencies, its gateway's name.
func (x *executor) refresh(c plan.Change) Outcome {
	prior := x.priorOf(c.Addr)
	if prior == nil || x.work.Config.Block(c.Addr.Block()) == nil {
		return Outcome{ID: c.ID}
	}
	r := x.complete(*prior, c)
	if r.Protected == prior.Protected && r.Gateway == prior.Gateway && slices.Equal(r.DependsOn, prior.DependsOn) {
		return Outcome{ID: prior.ID}
	}
	r.LastAppliedAt = prior.LastAppliedAt
	if err := x.journal.Append(state.Record(r)); err != nil {
		return Outcome{Status: Failed, ID: prior.ID, Err: err}
	}
	x.keep(c.Addr, &r)
	return Outcome{ID: r.ID}
}

func (x *executor) change(ctx context.Context, s Step) Outcome {
	c := *s.Change
	if open, ok := x.pending[c.Addr.String()]; ok && !safety.Off(safety.PendingWaits) {
		return Outcome{Status: Unknown, ID: c.ID, Err: stillPending(open)}
	}
	if err := x.openFor(ctx, c); err != nil {
		return Outcome{Status: Failed, ID: c.ID, Err: err}
	}
	body, err := x.body(c)
	if err != nil {
		return Outcome{Status: Failed, ID: c.ID, Err: err}
	}
	defer x.journal.Enter()()
	j := x.changeJournal(s, c)
	session, handler, err := x.session(c, body, newToken(), j)
	if err != nil {
		return Outcome{Status: Failed, ID: c.ID, Err: err}
	}
	r, err := handler.Apply(ctx, session)
	if err == nil && r == nil && !goes(c.Action) {
		err = fmt.Errorf("nothing was returned to keep; this is a defect of the kind %s", c.Kind)
	}
	if err == nil {
		err = j.finish(r, idOf(r, session.Prior, c))
	}
	if err != nil {
		return x.unfinished(c, j, r, err)
	}
	x.keep(c.Addr, r)
	return Outcome{ID: idOf(r, session.Prior, c), Found: session.Found, Duplicates: session.Duplicates}
}

// unfinished keeps what is known of an object whose change went wrong half way.
func (x *executor) unfinished(c plan.Change, j *changeJournal, r *state.Resource, err error) Outcome {
	if r != nil {
		err = errors.Join(err, j.Record(*r))
	}
	if j.recorded != nil {
		x.keep(c.Addr, j.recorded)
	}
	out := Outcome{Status: Failed, ID: idOf(j.recorded, nil, c), Err: err}
	if len(j.open) > 0 {
		out.Status = Unknown
	}
	return out
}

// goes reports whether an action leaves nothing in state.
func goes(a plan.Action) bool { return a == plan.Delete || a == plan.Forget }

func idOf(r, prior *state.Resource, c plan.Change) string {
	switch {
	case r != nil:
		return r.ID
	case prior != nil:
		return prior.ID
	}
	return c.ID
}

// body evaluates the block behind a change with the ids that exist by now.
// What is taken away or forgotten has none.
func (x *executor) body(c plan.Change) (hcl.Body, error) {
	if goes(c.Action) || c.Action == plan.Retire || c.IsOnlyRescue() || c.Asked != nil && !c.Needs("PutSecretValue") || x.work.Config.Block(c.Addr.Block()) == nil {
		return hcl.Body{}, nil
	}
	return x.evaluate(c.Addr)
}

func (x *executor) evaluate(a addr.Address) (hcl.Body, error) {
	x.showData(a)
	body, diags := x.work.Config.Body(a, x.objects)
	if diags.HasErrors() {
		return hcl.Body{}, evaluationError(diags)
	}
	for _, name := range slices.Sorted(maps.Keys(body.Attrs)) {
		if !body.Attrs[name].IsWhollyKnown() && len(body.From[name]) == 0 { // what nothing takes is not opened
			return hcl.Body{}, fmt.Errorf("the value of %s is still not known; something it refers to is not in the plan", name)
		}
	}
	return body, nil
}

// evaluationError turns diagnostics into an error without the values they were made
// with: some may be secret.
func evaluationError(diags hclv2.Diagnostics) error { return errors.Join(diags.Errs()...) }

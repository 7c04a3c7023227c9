package apply

import (
	"context"
	"errors"
	"fmt"

	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/plan"
)

// unkept is why a step is not carried out: a precondition that does not hold now, or one that did not hold when the plan
// was made. A change that is only a rescue has no conditions.
func (x *executor) unkept(ctx context.Context, n *node) string {
	switch {
	case n.Change != nil && n.Change.Held != "":
		return n.Change.Held
	case n.Change != nil && (goes(n.Action) || n.Action == plan.Retire || n.Change.IsOnlyRescue()):
		return ""
	case !x.work.Config.HasConditions(n.Addr) && len(x.work.Config.Promises(n.Addr)) == 0:
		return ""
	}
	x.showData(n.Addr)
	return x.verdict(ctx, n, hcl.Precondition)
}

// heldUp is the end of a step that is not carried out. A rescue is all the same: a deletion window does not wait.
func (x *executor) heldUp(ctx context.Context, n *node, why string) Outcome {
	out := Outcome{}
	if n.Change != nil {
		out.ID = n.Change.ID
	}
	if n.Action == plan.Rescue {
		x.within(ctx, func(ctx context.Context) { out = x.onlyRescue(ctx, n) })
		if out.Status == Failed || out.Status == Unknown {
			return out
		}
	}
	out.Status, out.Err = Failed, errors.New(why)
	return out
}

// afterwards holds what was done against its postconditions. What was done stays done.
func (x *executor) afterwards(ctx context.Context, n *node, out Outcome) Outcome {
	if n.Change != nil && (goes(n.Action) || n.Change.IsOnlyRescue()) || !x.work.Config.HasConditions(n.Addr) {
		return out
	}
	if n.Change == nil {
		x.showBlock(n.Addr)
	}
	if why := x.verdict(ctx, n, hcl.Postcondition); why != "" {
		out.Status, out.Made, out.Err = Failed, true, fmt.Errorf("%s; what was done is recorded", why)
	}
	return out
}

// verdict is why conditions of a step do not hold, or cannot be told, or "". A condition on what an ephemeral block hands
// on opens it.
func (x *executor) verdict(ctx context.Context, n *node, word string) string {
	if why := plan.Unkept(x.work.Config, n.Addr, x.objects, word); why != "" {
		return why
	}
	if c, _ := plan.Check(x.work.Config, n.Addr, x.objects, word); c.Status != hcl.Undecided {
		return ""
	}
	opened, err := x.openAll(ctx, n.Addr)
	switch {
	case err != nil:
		return err.Error()
	case opened:
		return x.verdict(ctx, n, word)
	}
	return "a " + word + " is still not known; something it refers to is not in the plan"
}

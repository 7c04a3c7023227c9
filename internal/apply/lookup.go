package apply

import (
	"context"
	"fmt"

	"kmsplan.dev/kmsplan/internal/plan"
)

// lookUp reads what the plan put off until what the lookup depends on was done, and makes it known to what comes after.
func (x *executor) lookUp(ctx context.Context, n *node) Outcome {
	failed := func(err error) Outcome { return Outcome{Status: Failed, Err: err} }
	block := x.work.Config.Block(n.Addr.Block())
	body, err := x.evaluate(n.Addr)
	if err != nil {
		return failed(err)
	}
	ask, unknown := plan.AskOf(n.Lookup.Gateway, block.Kind, body.Attrs)
	clients, open := x.work.Gateways[n.Lookup.Gateway]
	switch {
	case unknown != "":
		return failed(fmt.Errorf("the value of %s is still not known; something it refers to is not in the plan", unknown))
	case !open || x.work.LookUp == nil:
		return failed(fmt.Errorf("its gateway %q is not configured; add the gateway block back", n.Lookup.Gateway))
	}
	answer := x.work.LookUp(ctx, clients, ask)
	if answer.Err != nil {
		return failed(answer.Err)
	}
	x.objects.Set(n.Addr, plan.Handed(block, n.Addr, ask.Value(block.Kind, &answer), false))
	return Outcome{}
}

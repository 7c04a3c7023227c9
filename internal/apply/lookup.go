package apply

import (
	"context"
	"fmt"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/plan"
)

// lookUp reads what the plan put off until what the lookup depends on was done, and makes it known to what comes after.
func (x *executor) lookUp(ctx context.Context, n *node) Outcome {
	if _, err := x.lookUpNow(ctx, n.Addr); err != nil {
		return Outcome{Status: Failed, Err: err}
	}
	return Outcome{}
}

// lookUpNow reads a lookup and makes its value known; the body is what it asks, as far as it could be evaluated.
func (x *executor) lookUpNow(ctx context.Context, a addr.Address) (hcl.Body, error) {
	block := x.work.Config.Block(a.Block())
	body, err := x.evaluate(a)
	if err != nil {
		return body, err
	}
	ask, unknown := plan.AskOf(block.GatewayName(), block.Kind, body.Attrs)
	clients, open := x.work.Gateways[block.GatewayName()]
	switch {
	case unknown != "":
		return body, fmt.Errorf("the value of %s is still not known; something it refers to is not in the plan", unknown)
	case !open || x.work.LookUp == nil:
		return body, fmt.Errorf("its gateway %q is not configured; add the gateway block back", block.GatewayName())
	}
	answer := x.work.LookUp(ctx, clients, ask)
	if answer.Err != nil {
		return body, answer.Err
	}
	x.objects.Set(a, plan.Handed(block, a, ask.Value(block.Kind, &answer), false))
	return body, nil
}

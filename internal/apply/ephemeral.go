package apply

import (
	"context"
	"fmt"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/plan"
)

// openFor opens the ephemeral blocks whose values a change hands on. What hands nothing on opens nothing.
func (x *executor) openFor(ctx context.Context, c plan.Change) error {
	if !c.Writes() || goes(c.Action) || c.IsOnlyRescue() {
		return nil
	}
	_, err := x.openAll(ctx, c.Addr)
	return err
}

// openAll opens the ephemeral blocks behind an instance; anew says whether one of them was not open before.
func (x *executor) openAll(ctx context.Context, a addr.Address) (anew bool, err error) {
	for _, d := range x.work.Config.DependsOn(a) {
		if !d.Ephemeral {
			continue
		}
		opened, err := x.open(ctx, d)
		if err != nil {
			return false, fmt.Errorf("open %s: %w", d, err)
		}
		anew = anew || opened
	}
	return anew, nil
}

// open reads a value, once for all that take it.
func (x *executor) open(ctx context.Context, a addr.Address) (anew bool, err error) {
	x.opening.Lock()
	defer x.opening.Unlock()
	block := x.work.Config.Block(a.Block())
	if x.opened[a] || block == nil {
		return false, nil
	}
	body, diags := x.work.Config.Body(a, x.objects)
	if diags.HasErrors() {
		return false, evaluationError(diags)
	}
	ask, unknown := plan.AskOf(block.GatewayName(), block.Kind, body.Attrs)
	clients, connected := x.work.Gateways[block.GatewayName()]
	switch {
	case unknown != "":
		return false, fmt.Errorf("the value of %s is still not known; something it refers to is not in the plan", unknown)
	case !connected || x.work.Open == nil:
		return false, fmt.Errorf("its gateway %q is not configured; add the gateway block back", block.GatewayName())
	}
	answer := x.work.Open(ctx, clients, ask)
	if answer.Err != nil {
		return false, answer.Err
	}
	x.opened[a] = true
	x.objects.Set(a, plan.Handed(block, a, ask.Value(block.Kind, &answer), true))
	return true, nil
}

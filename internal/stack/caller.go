package stack

import (
	"context"
	"fmt"

	"kmsplan.dev/kmsplan/internal/kms"
)

// Caller chooses which gateway serves an operation: the instance when the block has one
// and the operation is one of its own, unless via says otherwise.
func (g *Gateways) Caller(ctx context.Context, name, operation, via string) (kms.Caller, kms.Operation, error) {
	opened, err := g.get(ctx, name)
	if err != nil {
		return nil, kms.Operation{}, err
	}
	if via != "" && via != kms.GatewayPublic && via != kms.GatewayInstance {
		return nil, kms.Operation{}, fmt.Errorf("via %q is not known; write public or instance", via)
	}
	if via != kms.GatewayPublic && opened.instance != nil {
		if op, ok := kms.FindOperation(opened.instance.Operations(), operation); ok {
			return opened.instance, op, nil
		}
	}
	if via != kms.GatewayInstance && opened.public != nil {
		if op, ok := kms.FindOperation(opened.public.Operations(), operation); ok {
			return opened.public, op, nil
		}
	}
	return nil, kms.Operation{}, hint(fmt.Errorf("gateway %q does not serve %s", opened.block.Name, operation),
		"Name another gateway block with -gateway, or add `public {}` or `instance {}` to this one.")
}

// Emulated reports whether a gateway block is an emulator's, whose calls cost nobody anything; name is the block's, for
// people. What a block says of an endpoint is not believed: only `emulator {}` is an emulator.
func (g *Gateways) Emulated(name string) (block string, emulated bool, err error) {
	b, err := g.block(name)
	if err != nil {
		return "", false, err
	}
	return b.Name, b.Emulator != nil, nil
}

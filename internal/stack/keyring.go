package stack

import (
	"context"
	"errors"
	"slices"
	"strings"

	"kmsplan.dev/kmsplan/internal/ops"
)

// keyring offers the module's gateways to package ops.
type keyring struct{ all *Gateways }

// Gateway implements ops.Keyring.
func (k keyring) Gateway(ctx context.Context, name string) (ops.Gateway, error) {
	g, err := k.all.get(ctx, name)
	if err != nil {
		return ops.Gateway{}, err
	}
	return ops.Gateway{Name: g.block.Name, Region: g.region, Account: g.account, Crypt: g.crypt}, nil
}

// ForKey implements ops.Keyring: gateways of the key's own region first. A gateway that
// cannot be opened gives way to the others; when none is left its error is the answer.
func (k keyring) ForKey(ctx context.Context, key string) ([]ops.Gateway, error) {
	var out []ops.Gateway
	var failed error
	for _, b := range k.all.Config.Gateways {
		g, err := k.Gateway(ctx, b.Name)
		if err != nil {
			failed = err
			continue
		}
		out = append(out, g)
	}
	if len(out) == 0 {
		if failed == nil {
			failed = errors.New("the module has no gateway block")
		}
		return nil, failed
	}
	region := regionOfARN(key)
	slices.SortStableFunc(out, func(a, b ops.Gateway) int { return rank(a, region) - rank(b, region) })
	return out, nil
}

func rank(g ops.Gateway, region string) int {
	if region != "" && g.Region == region {
		return 0
	}
	return 1
}

// regionOfARN is the region of acs:kms:<region>:<account>:key/<id>, or "".
func regionOfARN(arn string) string {
	parts := strings.SplitN(arn, ":", 5)
	if len(parts) < 5 || parts[0] != "acs" {
		return ""
	}
	return parts[2]
}

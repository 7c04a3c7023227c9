package resource

import (
	"context"
	"maps"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/state"
)

// Complete adds to a snapshot the keys that blocks name by what lookups answered: a rotation policy over the keys of
// data "keys", say. Only kms.IsNotFound makes one absent.
func Complete(ctx context.Context, gateways map[string]GatewayClients, cfg *hcl.Config, st state.State, live plan.Live) error {
	var mu sync.Mutex
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(readers)
	for name, wish := range wishesOf(gateways, cfg, st, live) {
		got := live.Gateways[name]
		if got == nil {
			continue
		}
		var missing []string
		for _, id := range slices.Sorted(maps.Keys(wish.keys)) {
			if got.Objects[plan.KindKey][id] == nil && wish.known[objectID{plan.KindKey, id}] == nil {
				missing = append(missing, id)
			}
		}
		for _, id := range missing {
			g.Go(func() error {
				o, err := readOne(ctx, gateways[name].Manager, id)
				if err != nil || o == nil {
					return err
				}
				mu.Lock()
				defer mu.Unlock()
				got.Objects[plan.KindKey][id] = o
				return nil
			})
		}
	}
	return g.Wait()
}

// readOne reads a key and its tags; nil when it does not exist.
func readOne(ctx context.Context, m kms.Manager, id string) (*plan.Object, error) {
	k, err := m.DescribeKey(ctx, id)
	if kms.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	tags, err := m.ListTagResources(ctx, kms.KindKey, kms.TagQuery{IDs: []string{id}})
	if err != nil {
		return nil, err
	}
	return keyObject(k, tags[id]), nil
}

package stack

import (
	"context"
	"strings"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/ops"
	"kmsplan.dev/kmsplan/internal/plan"
)

// lookedUp is what one look at a key told.
type lookedUp struct {
	ops.KeyFacts
	exists bool // or nothing can tell
}

// facts looks keys up in the snapshot; a key that this stack does not manage is described,
// once. Where nothing can tell (an instance without management) the key counts as unchanged.
func (s *Stack) facts(ctx context.Context) ops.Facts {
	return func(gateway, key string) (ops.KeyFacts, bool) {
		id := [2]string{gateway, key}
		found, ok := s.keys[id]
		if !ok {
			found = s.lookUp(ctx, gateway, key)
			s.keys[id] = found
		}
		return found.KeyFacts, found.exists
	}
}

func (s *Stack) lookUp(ctx context.Context, gateway, key string) lookedUp {
	id := ops.KeyID(key)
	live := s.live.Gateways[gateway]
	if live != nil {
		if target, ok := live.Aliases[key]; ok {
			id = target
		} else if strings.HasPrefix(key, "alias/") {
			return lookedUp{}
		}
		if o := live.Objects["key"][id]; o != nil {
			return lookedUp{ops.KeyFacts{ID: id, Version: text(o.Attrs["primary_version"]), Instance: text(o.Attrs["instance"]), State: o.State}, true}
		}
	}
	g, err := s.gateways.get(ctx, gateway)
	if err != nil || g.public == nil {
		return lookedUp{exists: true}
	}
	described, err := g.public.DescribeKey(ctx, key)
	if err != nil {
		return lookedUp{exists: !kms.IsNotFound(err)}
	}
	return lookedUp{ops.KeyFacts{ID: described.ID, Version: described.PrimaryVersion, Instance: described.InstanceID, State: described.State}, true}
}

// fileKeys are the keys of blocks with files that will be written, as far as the survey tells.
func (s *Stack) fileKeys(ctx context.Context, blocks []ops.Block, files []plan.FileStatus) map[addr.Address]plan.FileKey {
	out, facts, stale := map[addr.Address]plan.FileKey{}, s.facts(ctx), plan.Stale(files)
	for _, b := range blocks {
		gateway, key := b.Key()
		if !stale[b.Addr] || key == "" || s.live.Gateways[gateway] == nil {
			continue
		}
		found, exists := facts(gateway, key)
		if !exists || found.ID != "" {
			out[b.Addr] = plan.FileKey{Gateway: gateway, Name: key, ID: found.ID, Instance: found.Instance, State: found.State}
		}
	}
	return out
}

package stack

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/batch"
	"kmsplan.dev/kmsplan/internal/batch/queue"
	"kmsplan.dev/kmsplan/internal/batch/queue/shards"
	"kmsplan.dev/kmsplan/internal/batch/source"
	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/kms/transport"
	"kmsplan.dev/kmsplan/internal/ops"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/suggest"
)

// Batch is one instance of a batch block, evaluated, with its target pinned: what a plan of it begins with.
type Batch struct {
	// Spec is the batch without what its manifest tells: Source, Manifest, Objects, Bytes, Chunks, Operator and Planned. Its Stack is ""
	// where the state was never stored.
	Spec  batch.Spec
	Chunk ChunkSize
	// List and Inventory name the objects in place of a listing, "" = a listing; a List is a path.
	List, Inventory string
	// Quota is how many symmetric calls per second the gateway's quota allows.
	Quota float64

	// OpenSource and OpenQueue open the places of the block, each time anew; whoever opens one closes it. Nothing is called
	// before.
	OpenSource func(context.Context) (source.Source, error)
	// OpenQueue takes the part of a worker of shards; the zero Shard is that of who looks and changes, and of other queues.
	OpenQueue func(context.Context, shards.Shard) (queue.Queue, error)
	// Shards is how many workers of shards the block says that there are; 0 = it does not say.
	Shards int
	// Queue is the block that keeps the batch: local, postgres or shards.
	Queue string

	// Ledger has a queue of shards keep its batches in another place, as a flag of its workers says.
	Ledger func(place string)

	named names // what names the objects; nil = a listing
	again bool  // it opens what another batch of the block may have written
}

// ChunkSize is how much a chunk holds at most.
type ChunkSize struct {
	Objects int
	Bytes   int64
}

// Batches are the addresses of all batches that the module declares, in its order.
func (s *Stack) Batches() (all []addr.Address) {
	for _, b := range s.Config.Batches {
		all = append(all, b.Instances...)
	}
	return all
}

// Keyring offers the module's gateways to who works on objects of a batch; their calls take turns as Options.Pace says.
func (s *Stack) Keyring() ops.Keyring { return keyring{s.gateways} }

// Batch evaluates the block of an instance with what the state remembers, and asks KMS once: for the primary version of the
// key, which is the batch's target from now on. Errors: InvalidError.
func (s *Stack) Batch(ctx context.Context, a addr.Address) (*Batch, error) {
	b, key, err := s.declaredBatch(ctx, a)
	if err != nil {
		return nil, err
	}
	if b.List != "" {
		if b.Spec.Filter.Names, err = listDigest(b.List); err != nil && !errors.Is(err, fs.ErrNotExist) { // who plans needs it, and says so
			return nil, fmt.Errorf("%s: %w", a, err)
		}
	}
	b.Spec.Target, err = s.target(ctx, s.Config.Block(a), key, b.Spec.Action.Writes())
	return b, err
}

// BatchPlaces is Batch without its target: KMS is not asked, and no key of the batch has to be there.
func (s *Stack) BatchPlaces(ctx context.Context, a addr.Address) (*Batch, error) {
	b, _, err := s.declaredBatch(ctx, a)
	return b, err
}

// declaredBatch evaluates the block of an instance, and names the key that it names.
func (s *Stack) declaredBatch(ctx context.Context, a addr.Address) (*Batch, string, error) {
	block, err := s.batchBlock(a)
	if err != nil {
		return nil, "", err
	}
	if s.State, err = s.remembered(ctx); err != nil {
		return nil, "", err
	}
	if err := s.lookUpFor(ctx, func(other addr.Address) bool { return other == a }); err != nil {
		return nil, "", err
	}
	body, diags := s.Config.Body(a, plan.Remember(s.Config, s.State, s.live))
	if diags.HasErrors() {
		return nil, "", s.invalid(diags)
	}
	written, err := readBatch(body)
	if err != nil {
		return nil, "", fmt.Errorf("%s: %w%s", a, err, s.missingVariables())
	}
	b := &Batch{Spec: written.spec, Chunk: written.chunk, Quota: transport.QuotaLimit(kms.QuotaSymmetric), Inventory: written.source["inventory"]}
	b.Spec.Address, b.Spec.Stack = a.String(), settledLineage(s.State)
	switch {
	case written.list != "":
		b.List = s.absolute(written.list)
		b.named, b.Spec.Filter.Names = listOf(b.List, written.source["prefix"]), "list"
	case b.Inventory != "":
		b.named, b.Spec.Filter.Names = s.inventoryOf(b.Inventory, written), "inventory"
	}
	b.OpenSource = func(ctx context.Context) (source.Source, error) {
		return s.openSource(ctx, written.from, written.source)
	}
	b.OpenQueue = func(ctx context.Context, part shards.Shard) (queue.Queue, error) {
		return s.openQueue(ctx, written.queue, written.keeper, part)
	}
	b.Ledger = func(place string) { written.keeper["ledger"] = place }
	b.Shards, b.Queue = written.shards, written.queue
	b.Spec.Target.Gateway = block.GatewayName()
	return b, written.key, nil
}

// batchBlock is the block of an instance.
func (s *Stack) batchBlock(a addr.Address) (*hcl.Block, error) {
	all := s.Batches()
	if slices.Contains(all, a) {
		return s.Config.Block(a), nil
	}
	var names []string
	for _, b := range all {
		if a.Key == "" && b.Block() == a {
			return nil, hint(fmt.Errorf("%s has several instances", a), fmt.Sprintf("Name one of them, such as '%s'.", b))
		}
		names = append(names, b.String())
	}
	if len(names) == 0 {
		return nil, hint(fmt.Errorf("the module declares no batch, and so no %s", a), "docs/language.md shows how one is declared: a batch block with action, key and source.")
	}
	return nil, fmt.Errorf("the module declares no %s%s", a, suggest.Clause(a.String(), names))
}

// target asks for the key's primary version.
func (s *Stack) target(ctx context.Context, block *hcl.Block, key string, writes bool) (batch.Target, error) {
	t := batch.Target{Gateway: block.GatewayName()}
	if key == "" {
		return t, nil // verify, of objects under whatever key
	}
	g, err := s.describer(ctx, block.Gateway)
	if err != nil {
		return t, err
	}
	found, err := g.public.DescribeKey(ctx, key)
	switch {
	case kms.IsNotFound(err):
		return t, hint(fmt.Errorf("gateway %q: there is no key %s", t.Gateway, key), "Run kmsplan apply first, if this stack makes it.")
	case err != nil:
		return t, fmt.Errorf("gateway %q: look up the key %s: %w", t.Gateway, key, err)
	case writes && found.State != plan.StateEnabled:
		return t, fmt.Errorf("gateway %q: the key %s is %s, and nothing can be brought under it", t.Gateway, found.ID, found.State)
	case writes && found.PrimaryVersion == "":
		return t, fmt.Errorf("gateway %q: the key %s has no primary version, as an asymmetric one has not; objects are wrapped by symmetric keys", t.Gateway, found.ID)
	}
	t.KeyID, t.KeyARN, t.Version = found.ID, found.ARN, found.PrimaryVersion
	return t, nil
}

// describer is the gateway itself where it has management, or another of the module that certainly leads to the same place.
func (s *Stack) describer(ctx context.Context, own *hcl.Gateway) (*gateway, error) {
	if own == nil {
		return nil, errors.New("the module has no gateway block")
	}
	for _, b := range append([]*hcl.Gateway{own}, s.Config.Gateways...) {
		if b.Public == nil && b.Emulator == nil || b.Region != own.Region || b.Elsewhere(own) {
			continue
		}
		g, err := s.gateways.get(ctx, b.Name)
		if err != nil {
			return nil, err
		}
		if g.public != nil {
			return g, nil
		}
	}
	return nil, hint(fmt.Errorf("gateway %q has key operations only, which do not tell a key's primary version", own.Name),
		"Add public {} to it, with credentials that may DescribeKey.")
}

// absolute is a path of the block, from the module's directory.
func (s *Stack) absolute(p string) string { return s.gateways.path(filepath.FromSlash(p)) }

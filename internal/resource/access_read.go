package resource

import (
	"context"
	"maps"
	"slices"

	"golang.org/x/sync/errgroup"

	"kmsplan.dev/kmsplan/internal/plan"
)

// accessKinds are the kinds that are known by their names alone, and who may name them.
var accessKinds = []struct {
	calls accessCalls
	users string // the kind that names these objects
}{
	{networkRuleCalls, plan.KindAccessPolicy},
	{accessPolicyCalls, plan.KindAccessPoint},
	{accessPointCalls, plan.KindClientKey},
}

// readAccess reads network rules, access policies and access points: nothing where the stack has none on this
// gateway; else the names of each kind, by pages, and what is wished for, one by one. Where one is removed, whoever
// may name it is read as well.
func (r *regionReader) readAccess(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	for _, k := range accessKinds {
		wished := map[string]bool{}
		for id := range r.wish.named {
			if id.kind == k.calls.kind && id.id != "" {
				wished[id.id] = true
			}
		}
		all := r.wish.users[k.calls.kind]
		if len(wished) > 0 || all {
			g.Go(func() error { return r.readNamed(ctx, accessHandler{k.calls}, wished, all) })
		}
	}
	if r.wish.users[plan.KindClientKey] {
		g.Go(func() error { return r.readClientKeys(ctx) })
	}
	return g.Wait()
}

// readClientKeys reads all client keys of the region, which the service lists in one answer.
func (r *regionReader) readClientKeys(ctx context.Context) error {
	keys, err := r.clients.Manager.ListClientKeys(ctx, "")
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.named[plan.KindClientKey] = map[string]*plan.Object{}
	for _, k := range keys {
		r.named[plan.KindClientKey][k.ID] = clientKeyObject(k)
	}
	return r.askForClientKeys(ctx)
}

// askForClientKeys asks for those that state holds and the list lacks, so that it is the service that says they are gone.
func (r *regionReader) askForClientKeys(ctx context.Context) error {
	for id := range r.wish.known {
		if id.kind != plan.KindClientKey || r.named[id.kind][id.id] != nil {
			continue
		}
		o, err := readClientKey(ctx, r.clients.Manager, id.id)
		if err != nil {
			return err
		}
		if o != nil {
			r.named[id.kind][id.id] = o
		}
	}
	return nil
}

// readNamed lists one kind and reads the wished-for ones, or all. One that state holds and the list lacks is asked
// for, so that it is the service that says it is gone.
func (r *regionReader) readNamed(ctx context.Context, h accessHandler, wished map[string]bool, all bool) error {
	listed, err := h.list(ctx, r.clients.Manager)
	if err != nil {
		return err
	}
	wanted := map[string]bool{}
	for _, name := range listed {
		if all || wished[name] {
			wanted[name] = true
		}
	}
	for name := range wished {
		if r.wish.known[objectID{h.kind, name}] != nil {
			wanted[name] = true
		}
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(readers)
	for _, name := range slices.Sorted(maps.Keys(wanted)) {
		g.Go(func() error {
			o, err := h.object(ctx, r.clients.Manager, name)
			if err != nil || o == nil {
				return err
			}
			r.mu.Lock()
			defer r.mu.Unlock()
			if r.named[h.kind] == nil {
				r.named[h.kind] = map[string]*plan.Object{}
			}
			r.named[h.kind][name] = o
			return nil
		})
	}
	return g.Wait()
}

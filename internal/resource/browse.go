package resource

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/plan"
)

// Region is what an account has in a region, as far as it was asked for: objects as the planner has them.
type Region struct {
	Keys    []*plan.Object // in the service's order
	Aliases []*plan.Object
	Secrets []*plan.Object
	Access  []*plan.Object // network rules, access policies and access points, in this order
	// Service are the ids of keys that cloud services made for themselves.
	Service map[string]bool
	// Dying are the ids of keys that wait for their deletion.
	Dying   map[string]bool
	Account string
}

// Browsing says what Browse reads.
type Browsing struct {
	// Key and Secret choose what is read in full, by what lists say: a key's id, the names that lead to it and its
	// tags; a secret's name and tags. What is not chosen is in the region with that alone. nil = everything.
	Key    func(id string, aliases []string, tags map[string]string) bool
	Secret func(name string, tags map[string]string) bool
	Access func(name string) bool // network rules, access policies and access points
	// Policies reads the policies of keys and secrets in instances too, one call each.
	Policies bool
	// NoAccess leaves network rules, access policies and access points unread.
	NoAccess bool
}

// Browse reads a region list-first: full pages of keys, aliases and secrets, the tags of keys by batches of 50, and one
// DescribeKey or DescribeSecret for each that is chosen. No secret's value is read. 5,000 keys with 5,000 aliases take
// 5,000 + 50 + 50 + 100 calls, and as many again as keys in instances have policies.
func Browse(ctx context.Context, m kms.Manager, what Browsing) (Region, error) {
	b := &browser{m: m, what: what, out: Region{Service: map[string]bool{}, Dying: map[string]bool{}}}
	if err := b.list(ctx); err != nil {
		return b.out, err
	}
	if err := b.readTags(ctx); err != nil {
		return b.out, err
	}
	if err := b.describe(ctx); err != nil || what.NoAccess {
		return b.out, err
	}
	return b.out, b.access(ctx)
}

type browser struct {
	m    kms.Manager
	what Browsing
	out  Region

	keys    []kms.KeyRef
	names   map[string][]string // of keys, sorted
	secrets []kms.SecretRef
	tags    map[string]map[string]string
	mu      sync.Mutex // guards out.Account
}

func (b *browser) list(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	var service, dying []kms.KeyRef
	var aliases []kms.Alias
	keys := func(to *[]kms.KeyRef, f kms.KeyFilter) {
		g.Go(func() (err error) { *to, err = b.m.ListKeys(ctx, f); return err })
	}
	keys(&b.keys, kms.KeyFilter{})
	keys(&service, kms.KeyFilter{CreatorTypes: []string{"Service"}})
	keys(&dying, kms.KeyFilter{States: []string{kms.StatePendingDeletion}})
	g.Go(func() (err error) { aliases, err = b.m.ListAliases(ctx); return err })
	g.Go(func() (err error) { b.secrets, err = b.m.ListSecrets(ctx, true); return err })
	if err := g.Wait(); err != nil {
		return err
	}
	for _, k := range service {
		b.out.Service[k.ID] = true
	}
	for _, k := range dying {
		b.out.Dying[k.ID] = true
	}
	b.names = map[string][]string{}
	for _, a := range aliases {
		b.out.Aliases = append(b.out.Aliases, aliasObject(a.Name, a.ARN, a.KeyID))
		b.names[a.KeyID] = append(b.names[a.KeyID], a.Name)
	}
	for _, names := range b.names {
		slices.Sort(names)
	}
	return nil
}

// readTags reads the tags of every key but those of services, which nobody declares.
func (b *browser) readTags(ctx context.Context) (err error) {
	var ids []string
	for _, k := range b.keys {
		if !b.out.Service[k.ID] {
			ids = append(ids, k.ID)
		}
	}
	if len(ids) > 0 {
		b.tags, err = b.m.ListTagResources(ctx, kms.KindKey, kms.TagQuery{IDs: ids})
	}
	return err
}

func (b *browser) describe(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(readers)
	b.out.Keys = make([]*plan.Object, len(b.keys))
	for i, k := range b.keys {
		g.Go(func() (err error) { b.out.Keys[i], err = b.key(ctx, k.ID); return err })
	}
	b.out.Secrets = make([]*plan.Object, len(b.secrets))
	for i, s := range b.secrets {
		g.Go(func() (err error) { b.out.Secrets[i], err = b.secret(ctx, s); return err })
	}
	err := g.Wait()
	gone := func(o *plan.Object) bool { return o == nil }
	b.out.Keys, b.out.Secrets = slices.DeleteFunc(b.out.Keys, gone), slices.DeleteFunc(b.out.Secrets, gone)
	return err
}

// key is nil for one that is gone since it was listed.
func (b *browser) key(ctx context.Context, id string) (*plan.Object, error) {
	tags := b.tags[id]
	bare := &plan.Object{Kind: plan.KindKey, ID: id, Tags: tags}
	if b.out.Service[id] || b.out.Dying[id] || b.what.Key != nil && !b.what.Key(id, b.names[id], tags) {
		return bare, nil
	}
	k, err := b.m.DescribeKey(ctx, id)
	if kms.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	b.mu.Lock()
	b.out.Account = accountOf(k.ARN)
	b.mu.Unlock()
	o := keyObject(k, tags)
	if b.what.Policies && k.InstanceID != "" {
		policy, err := b.m.GetKeyPolicy(ctx, id)
		if err != nil {
			return nil, err
		}
		o.Attrs["policy"] = str(policy)
	}
	return o, nil
}

func (b *browser) secret(ctx context.Context, ref kms.SecretRef) (*plan.Object, error) {
	bare := &plan.Object{Kind: plan.KindSecret, ID: ref.Name, Tags: ref.Tags, DeleteAt: ref.DeleteAt}
	if !ref.DeleteAt.IsZero() || b.what.Secret != nil && !b.what.Secret(ref.Name, ref.Tags) {
		return bare, nil
	}
	o, err := readWholeSecret(ctx, b.m, ref.Name, b.what.Policies)
	if kms.IsNotFound(err) {
		return nil, nil
	}
	return o, err
}

// access reads network rules, access policies and access points: the names by pages, and each one by its name.
func (b *browser) access(ctx context.Context) error {
	for _, k := range accessKinds {
		h := accessHandler{k.calls}
		names, err := h.list(ctx, b.m)
		if err != nil {
			return fmt.Errorf("list objects of the kind %s: %w", h.kind, err)
		}
		for _, name := range names {
			if b.what.Access != nil && !b.what.Access(name) {
				b.out.Access = append(b.out.Access, &plan.Object{Kind: h.kind, ID: name})
				continue
			}
			o, err := h.object(ctx, b.m, name)
			if err != nil {
				return err
			}
			if o != nil {
				b.out.Access = append(b.out.Access, o)
			}
		}
	}
	return nil
}

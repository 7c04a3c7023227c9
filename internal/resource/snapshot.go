package resource

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/state"
)

const (
	// readers bounds the calls in flight per gateway; the client's quotas bound
	// their rate.
	readers = 16
	// maxDyingRead bounds the unmanaged dying keys that are described for their
	// date; further ones are reported without.
	maxDyingRead = 50
)

// Snapshot reads what the planner needs to know of every gateway that has a
// Manager.
//
// It reads list-first: all aliases, all secrets and all dying keys of the region by full
// pages, the tags of everything that carries our lineage by full pages too, the tags of other keys by
// batches of 50, and one DescribeKey per key that is managed, imported, named by a rotation policy, or
// ours by its tags. 1,000 keys with 1,000 aliases take 1,000 + 20 + 10 + 2 calls, and the
// region's keys are listed as well only when one of them is missing. What other stacks own
// is read only when something declared is not in state.
//
// An error is an error: only kms.IsNotFound makes an object absent, and a key that is reported
// missing while ListKeys still shows it is an error too.
func Snapshot(ctx context.Context, gateways map[string]GatewayClients, cfg *hcl.Config, st state.State) (plan.Live, error) {
	return snapshot(ctx, gateways, cfg, st, false)
}

// snapshot reads every gateway; onlyLists takes from the state what lists do not tell of what they show.
func snapshot(ctx context.Context, gateways map[string]GatewayClients, cfg *hcl.Config, st state.State, onlyLists bool) (plan.Live, error) {
	live := plan.Live{Gateways: make(map[string]*plan.LiveGateway, len(gateways))}
	wishes := wishesOf(gateways, cfg, st, plan.Live{})
	var mu sync.Mutex
	g, ctx := errgroup.WithContext(ctx)
	for name, clients := range gateways {
		if clients.Manager == nil {
			continue // key operations only: there is nothing to manage there
		}
		g.Go(func() error {
			r := &regionReader{clients: clients, lineage: st.Lineage, wish: wishes[name], onlyLists: onlyLists}
			got, err := r.read(ctx)
			if err != nil {
				return fmt.Errorf("read gateway %q: %w", name, err)
			}
			mu.Lock()
			defer mu.Unlock()
			live.Gateways[name] = got
			return nil
		})
	}
	return live, g.Wait()
}

// regionReader reads one account and region.
type regionReader struct {
	clients GatewayClients
	lineage string
	wish    *wish

	onlyLists bool
	recalled  map[string]*plan.Object // keys that were taken from the state, by id

	claims []plan.Claim
	tags   map[string]map[string]string // of keys; read before, and by one goroutine

	listing sync.Mutex      // guards listed
	listed  map[string]bool // every key of the region; nil until a key is missing

	mu      sync.Mutex // guards what follows
	keys    map[string]kms.Key
	policy  map[string]string
	secrets map[string]*plan.Object
	dying   []kms.KeyRef
	aliases []kms.Alias
	names   []kms.SecretRef
	named   map[string]map[string]*plan.Object // by kind and name
}

func (r *regionReader) read(ctx context.Context) (*plan.LiveGateway, error) {
	r.named = map[string]map[string]*plan.Object{}
	r.keys, r.policy, r.secrets = map[string]kms.Key{}, map[string]string{}, map[string]*plan.Object{}
	if err := r.list(ctx); err != nil {
		return nil, err
	}
	r.claim()
	if r.onlyLists {
		if err := r.recallListed(ctx); err != nil {
			return nil, err
		}
	}
	if err := r.describe(ctx); err != nil {
		return nil, err
	}
	if err := r.lookBehind(ctx); err != nil {
		return nil, err
	}
	return r.snapshot(), nil
}

// list reads what the region lists.
func (r *regionReader) list(ctx context.Context) error {
	m := r.clients.Manager
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) {
		r.dying, err = m.ListKeys(ctx, kms.KeyFilter{States: []string{kms.StatePendingDeletion}})
		return err
	})
	g.Go(func() (err error) {
		r.aliases, err = m.ListAliases(ctx)
		return err
	})
	g.Go(func() (err error) {
		r.names, err = m.ListSecrets(ctx, true)
		return err
	})
	g.Go(func() (err error) {
		r.tags, err = m.ListTagResources(ctx, kms.KindKey, kms.TagQuery{Tags: map[string]string{plan.TagOwner: r.owner()}})
		return err
	})
	return g.Wait()
}

// describe reads the wished-for objects one by one, and the tags of keys in
// batches.
func (r *regionReader) describe(ctx context.Context) error {
	ids := slices.Sorted(maps.Keys(r.wish.keys))
	secrets := r.wantedSecrets()
	read := r.counting(len(ids) + len(secrets))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(readers)
	g.Go(func() error { return r.readTags(ctx, slices.Clone(ids)) })
	for _, id := range ids {
		g.Go(func() error { defer read(); return r.readKey(ctx, id) })
	}
	extra := 0
	for _, d := range r.dying {
		if !r.wish.keys[d.ID] && extra < maxDyingRead {
			extra++
			g.Go(func() error { return r.readKey(ctx, d.ID) })
		}
	}
	g.Go(func() error { return r.readAccess(ctx) })
	for _, name := range secrets {
		g.Go(func() error { defer read(); return r.readSecret(ctx, name) })
	}
	return g.Wait()
}

// counting returns what is called after each object that was read.
func (r *regionReader) counting(total int) func() {
	tell := r.clients.Read
	if tell == nil || total == 0 {
		return func() {}
	}
	var mu sync.Mutex
	done := 0
	tell(0, total)
	return func() {
		mu.Lock()
		defer mu.Unlock()
		done++
		tell(done, total)
	}
}

func (r *regionReader) readTags(ctx context.Context, ids []string) error {
	ids = slices.DeleteFunc(ids, func(id string) bool { return whole(r.tags[id]) })
	if len(ids) == 0 {
		return nil
	}
	tags, err := r.clients.Manager.ListTagResources(ctx, kms.KindKey, kms.TagQuery{IDs: ids})
	if err != nil {
		return err
	}
	for _, id := range ids {
		r.tags[id] = tags[id]
	}
	return nil
}

func (r *regionReader) readKey(ctx context.Context, id string) error {
	k, err := r.clients.Manager.DescribeKey(ctx, id)
	if kms.IsNotFound(err) {
		return r.confirmGone(ctx, id)
	}
	if err != nil {
		return err
	}
	if err := sameARN(k, r.wish.known[objectID{plan.KindKey, id}]); err != nil {
		return err
	}
	policy, read := "", r.wish.policies[id] && k.InstanceID != ""
	if read {
		if policy, err = r.clients.Manager.GetKeyPolicy(ctx, id); err != nil {
			return err
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.keys[id] = k
	if read {
		r.policy[id] = policy
	}
	return nil
}

// confirmGone asks a second time, in another way, before a key counts as gone.
func (r *regionReader) confirmGone(ctx context.Context, id string) error {
	keys, err := r.allKeys(ctx)
	if err != nil {
		return err
	}
	if keys[id] {
		return fmt.Errorf("the service lists key %s and denies that it exists; nothing is concluded from that, try again", id)
	}
	return nil
}

// allKeys lists the region's keys, once.
func (r *regionReader) allKeys(ctx context.Context) (map[string]bool, error) {
	r.listing.Lock()
	defer r.listing.Unlock()
	if r.listed != nil {
		return r.listed, nil
	}
	refs, err := r.clients.Manager.ListKeys(ctx, kms.KeyFilter{})
	if err != nil {
		return nil, err
	}
	r.listed = make(map[string]bool, len(refs))
	for _, k := range refs {
		r.listed[k.ID] = true
	}
	return r.listed, nil
}

// wantedSecrets are the wished-for names, those that state does not hold only
// if the region lists them.
func (r *regionReader) wantedSecrets() []string {
	listed := make(map[string]bool, len(r.names))
	for _, s := range r.names {
		listed[s.Name] = true
	}
	var out []string
	for _, name := range slices.Sorted(maps.Keys(r.wish.secrets)) {
		if listed[name] || r.wish.known[objectID{plan.KindSecret, name}] != nil {
			out = append(out, name)
		}
	}
	return out
}

func (r *regionReader) readSecret(ctx context.Context, name string) error {
	o, err := readSecret(ctx, r.clients.Manager, name, r.clients.Timing.patience())
	if err != nil || o == nil {
		return err
	}
	if r.wish.secretPolicies[name] && !o.Attrs["instance"].IsNull() {
		policy, err := r.clients.Manager.GetSecretPolicy(ctx, name)
		if err != nil {
			return err
		}
		o.Attrs["policy"] = str(policy)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.secrets[name] = o
	return nil
}

// readSecret reads a secret's metadata and versions, never its value; nil when it
// does not exist. Versions that are not listed yet although the secret exists are waited for.
func readSecret(ctx context.Context, m kms.Manager, name string, look *patience) (*plan.Object, error) {
	info, err := m.DescribeSecret(ctx, name)
	if kms.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	versions, err := m.ListSecretVersionIDs(ctx, name, false)
	for kms.IsNotFound(err) && look.more(ctx) {
		versions, err = m.ListSecretVersionIDs(ctx, name, false)
	}
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(versions, func(a, b kms.SecretVersion) int { return a.Created.Compare(b.Created) })
	return secretObject(info, versions), nil
}

// snapshot arranges what was read.
func (r *regionReader) snapshot() *plan.LiveGateway {
	live := &plan.LiveGateway{
		InstanceID: r.clients.InstanceID,
		Objects:    map[string]map[string]*plan.Object{plan.KindKey: {}, plan.KindAlias: {}, plan.KindSecret: r.secrets},
		Aliases:    make(map[string]string, len(r.aliases)),
		Secrets:    make(map[string]time.Time, len(r.names)),
		ByIntent:   map[string]string{},
		Owned:      map[string][]string{},
		Claims:     r.claims,
	}
	maps.Copy(live.Objects, r.named)
	for id, o := range r.recalled {
		live.Objects[plan.KindKey][id] = o
		live.AccountID = accountOf(text(o.Attrs["arn"]))
	}
	for id, k := range r.keys {
		o := keyObject(k, r.tags[id])
		if policy, read := r.policy[id]; read {
			o.Attrs["policy"] = str(policy)
		}
		live.Objects[plan.KindKey][id] = o
		if live.AccountID == "" {
			live.AccountID = accountOf(k.ARN)
		}
	}
	for _, a := range r.aliases {
		live.Aliases[a.Name] = a.KeyID
		if r.wish.aliases[a.Name] {
			live.Objects[plan.KindAlias][a.Name] = aliasObject(a.Name, a.ARN, a.KeyID)
		}
	}
	for _, s := range r.names {
		live.Secrets[s.Name] = s.DeleteAt
	}
	for _, d := range r.dying {
		live.Dying = append(live.Dying, plan.DyingKey{ID: d.ID, DeleteAt: r.keys[d.ID].DeleteAt})
	}
	r.own(live, plan.KindKey)
	r.own(live, plan.KindSecret)
	return live
}

// own indexes what carries our lineage by address and intent, oldest first.
func (r *regionReader) own(live *plan.LiveGateway, kind string) {
	var ours []*plan.Object
	for _, o := range live.Objects[kind] {
		if r.lineage != "" && o.Tags[plan.TagOwner] == r.lineage {
			ours = append(ours, o)
		}
	}
	slices.SortFunc(ours, olderFirst)
	for _, o := range ours {
		by := plan.OwnedBy(kind, o.Tags[plan.TagAddress])
		live.Owned[by] = append(live.Owned[by], o.ID)
		if intent := o.Tags[plan.TagIntent]; intent != "" && kind == plan.KindKey && live.ByIntent[intent] == "" {
			live.ByIntent[intent] = o.ID
		}
	}
}

func olderFirst(a, b *plan.Object) int {
	if c := a.Created.Compare(b.Created); c != 0 {
		return c
	}
	if a.ID < b.ID {
		return -1
	}
	return 1
}

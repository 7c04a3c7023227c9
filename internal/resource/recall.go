package resource

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/zclconf/go-cty/cty"
	"golang.org/x/sync/errgroup"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/kind"
	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/state"
)

// listedStates are the states that keys are listed by; a key in none of them is read by itself.
var listedStates = []string{kms.StateEnabled, kms.StateDisabled, kms.StatePendingDeletion, kms.StatePendingImport}

// SnapshotAs is Snapshot with less reading: what is not read is taken from the state. Who acts on it reads again.
func SnapshotAs(ctx context.Context, how plan.Reading, gateways map[string]GatewayClients, cfg *hcl.Config, st state.State) (plan.Live, error) {
	switch how {
	case plan.ReadNothing:
		return recalled(gateways, st), nil
	case plan.ReadList:
		return snapshot(ctx, gateways, cfg, st, true)
	}
	return snapshot(ctx, gateways, cfg, st, false)
}

// recallListed takes keys and secrets that the lists show from the state, and leaves the others to be read.
func (r *regionReader) recallListed(ctx context.Context) error {
	states, err := r.keyStates(ctx)
	if err != nil {
		return err
	}
	r.recalled = map[string]*plan.Object{}
	for id, known := range r.wish.known {
		if now := states[id.id]; id.kind == plan.KindKey && now != "" && now != kms.StatePendingDeletion && complete(known) && r.wish.keys[id.id] && whole(r.tags[id.id]) {
			r.recalled[id.id] = recalledKey(known, now, r.tags[id.id])
			delete(r.wish.keys, id.id)
		}
	}
	for _, s := range r.names {
		known := r.wish.known[objectID{plan.KindSecret, s.Name}]
		if known != nil && s.DeleteAt.IsZero() && r.wish.secrets[s.Name] && s.Tags[plan.TagOwner] != "" {
			r.secrets[s.Name] = recalledSecret(known, s.Tags)
			delete(r.wish.secrets, s.Name)
		}
	}
	return nil
}

// keyStates lists the region's keys by their states.
func (r *regionReader) keyStates(ctx context.Context) (map[string]string, error) {
	lists := make([][]kms.KeyRef, len(listedStates))
	g, ctx := errgroup.WithContext(ctx)
	for i, s := range listedStates {
		if s == kms.StatePendingDeletion {
			lists[i] = r.dying // read already
			continue
		}
		g.Go(func() (err error) {
			lists[i], err = r.clients.Manager.ListKeys(ctx, kms.KeyFilter{States: []string{s}})
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, fmt.Errorf("list the keys by their states: %w", err)
	}
	states := map[string]string{}
	for i, list := range lists {
		for _, k := range list {
			states[k.ID] = listedStates[i]
		}
	}
	return states, nil
}

// complete reports whether the state has an object's attributes, which it has not of predecessors.
func complete(r *state.Resource) bool { return r.Attributes["arn"] != nil && len(r.Attributes) > 2 }

// recalledObject is an object as the state has it.
func recalledObject(r *state.Resource, tags map[string]string) *plan.Object {
	o := &plan.Object{Kind: r.Kind, ID: r.ID, Attrs: map[string]cty.Value{}, Tags: tags}
	k := kind.Lookup(r.Kind, false)
	for i := range k.Attributes {
		at := &k.Attributes[i]
		if x, recorded := r.Attributes[at.Name]; recorded && !at.WriteOnly {
			o.Attrs[at.Name] = plan.FromState(x, at.Type)
		}
	}
	o.Created, _ = time.Parse(time.RFC3339, text(o.Attrs["created"]))
	return o
}

func recalledKey(r *state.Resource, now string, tags map[string]string) *plan.Object {
	o := recalledObject(r, tags)
	o.State = now
	o.Attrs["state"], o.Attrs["enabled"], o.Attrs["id"] = str(now), enabled(now), str(r.ID)
	if tags != nil {
		o.Attrs["tags"] = plan.MapOf(plan.UserTags(tags))
	}
	return o
}

func recalledSecret(r *state.Resource, tags map[string]string) *plan.Object {
	o := recalledObject(r, tags)
	o.Current, o.Versions = text(o.Attrs["current_version"]), slices.Clone(r.Versions)
	if kind := text(o.Attrs["type"]); kind != "" && kind != kms.SecretGeneric {
		o.Rotated = true
	}
	if tags != nil {
		o.Attrs["tags"] = plan.MapOf(plan.UserTags(tags))
	}
	return o
}

// recalled is the service as the state has it, without a look at it.
func recalled(gateways map[string]GatewayClients, st state.State) plan.Live {
	live := plan.Live{Gateways: map[string]*plan.LiveGateway{}}
	for name, g := range gateways {
		if g.Manager != nil {
			live.Gateways[name] = &plan.LiveGateway{
				InstanceID: g.InstanceID, Objects: map[string]map[string]*plan.Object{}, Aliases: map[string]string{},
				Secrets: map[string]time.Time{}, ByIntent: map[string]string{}, Owned: map[string][]string{},
			}
		}
	}
	for i := range st.Resources {
		r := &st.Resources[i]
		if g := live.Gateways[r.Gateway]; g != nil && kind.Lookup(r.Kind, false) != nil {
			recallInto(g, r, st.Lineage)
		}
	}
	return live
}

func recallInto(g *plan.LiveGateway, r *state.Resource, lineage string) {
	if g.Objects[r.Kind] == nil {
		g.Objects[r.Kind] = map[string]*plan.Object{}
	}
	var tags map[string]string
	if a, err := addr.Parse(r.Address); err == nil && r.Intent != "" {
		tags = plan.OwnerTags(lineage, a, r.Intent)
	}
	var o *plan.Object
	switch r.Kind {
	case plan.KindKey:
		now, _ := r.Attributes["state"].(string)
		o = recalledObject(r, tags)
		o.State = now
		if g.AccountID == "" {
			g.AccountID = accountOf(text(o.Attrs["arn"]))
		}
		for _, was := range r.Predecessors {
			g.Objects[r.Kind][was.ID] = recalledPredecessor(was)
		}
	case plan.KindSecret:
		o = recalledSecret(r, nil)
		o.Tags, g.Secrets[r.ID] = tags, time.Time{}
	case plan.KindAlias:
		o = recalledObject(r, nil)
		g.Aliases[r.ID] = text(o.Attrs["key"])
	default:
		o = recalledObject(r, nil)
	}
	g.Objects[r.Kind][r.ID] = o
}

// recalledPredecessor is as enabled as its retirement left it.
func recalledPredecessor(was state.Predecessor) *plan.Object {
	now := kms.StateEnabled
	switch was.Retire {
	case plan.RetireDisabled:
		now = kms.StateDisabled
	case plan.RetireScheduled:
		now = kms.StatePendingDeletion
	}
	return &plan.Object{Kind: plan.KindKey, ID: was.ID, State: now, Attrs: map[string]cty.Value{"id": str(was.ID), "arn": str(was.ARN), "state": str(now), "enabled": enabled(now)}}
}

package iam

import (
	"slices"
	"strings"

	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/kind"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/state"
)

// The commands that a policy can be for.
const (
	Plan  = "plan"
	Apply = "apply"
	Run   = "run"
	// Worker works on the objects of batches.
	Worker = "worker"
)

// Purposes are what a policy can be for.
var Purposes = []string{Plan, Apply, Run, Worker}

// Needs is what a policy is made from.
type Needs struct {
	Purpose string
	Gateway string // of this gateway alone; "" = of all
	Config  *hcl.Config
	State   state.State
}

// Policy is the least RAM policy that a command needs: for plan to read what state holds, for apply to bring the
// configuration about whatever the service has of it, for run to work on the files of the data blocks, for worker on the
// objects of batches. Notes say, in
// full sentences, where it had to be wider than it will be.
func Policy(in Needs) (Document, []string) {
	w := &work{Needs: in, grants: newGrants(), prior: plan.MovedAddresses(in.Config, in.State), objects: plan.Remember(in.Config, in.State, plan.Live{})}
	w.succession()
	if in.Purpose == Worker {
		w.batches()
		return w.document(), slices.Sorted(sortedKeys(w.notes))
	}
	if in.Purpose != Run {
		w.objectsOf()
	}
	if in.Purpose != Plan {
		w.files()
	}
	return w.document(), slices.Sorted(sortedKeys(w.notes))
}

func sortedKeys(m map[string]bool) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

type work struct {
	Needs
	*grants
	prior   map[addr.Address]*state.Resource
	objects *hcl.ObjectMap

	succeeded map[addr.Address]bool // keys in whose place another comes
}

// objectsOf goes through what is declared and what is only in state.
func (w *work) objectsOf() {
	for _, b := range w.Config.Blocks {
		if b.Kind.Class != kind.ManagedClass || !w.concerns(b.GatewayName()) {
			continue
		}
		for _, a := range b.Instances {
			body, _ := w.Config.Body(a, w.objects)
			w.object(&object{addr: a, kind: b.Kind, gateway: b.GatewayName(), body: body, prior: w.prior[a]})
		}
	}
	for a, r := range w.prior {
		if k := kind.Lookup(r.Kind, false); k != nil && !w.Config.Declares(a) && w.concerns(r.Gateway) {
			w.object(&object{addr: a, kind: k, gateway: r.Gateway, prior: r})
		}
	}
}

func (w *work) concerns(gateway string) bool { return w.Gateway == "" || w.Gateway == gateway }

// object is one object, declared or not.
type object struct {
	addr    addr.Address
	kind    *kind.Kind
	gateway string
	body    hcl.Body
	prior   *state.Resource
}

func (o *object) declared() bool { return o.body.Attrs != nil }

func (o *object) writes(attr string) bool { _, ok := o.body.Attrs[attr]; return ok }

func (o *object) text(attr string) string {
	v, ok := o.body.Attrs[attr]
	if !ok {
		return ""
	}
	if v, _ = v.UnmarkDeep(); !v.IsKnown() || v.IsNull() || v.Type() != cty.String {
		return ""
	}
	return v.AsString()
}

// lists are the calls that every plan of a gateway makes (resource.Snapshot).
var lists = []string{"ListAliases", "ListKeys", "ListSecrets", "ListTagResources"}

func (w *work) object(o *object) {
	w.allow(target{resource: "*"}, lists...)
	switch o.kind.Name {
	case plan.KindKey:
		w.key(o)
	case plan.KindAlias:
		w.alias(o)
	case plan.KindRotation:
		w.rotation(o)
	case plan.KindSecret:
		w.secret(o)
	case plan.KindClientKey:
		w.clientKey(o)
	default:
		if o.kind.CreatedBy != "" {
			w.named(o)
		}
	}
}

// arn names a resource in a gateway's account, which state tells once it has an object there.
func (w *work) arn(gateway, path string) string {
	region, account := "*", "*"
	for _, g := range w.Config.Gateways {
		if g.Name == gateway && g.Region != "" {
			region = g.Region
		}
	}
	for i := range w.State.Resources {
		r := &w.State.Resources[i]
		text, _ := r.Attributes["arn"].(string)
		if parts := strings.SplitN(text, ":", 5); r.Gateway == gateway && len(parts) == 5 {
			region, account = parts[2], parts[3]
			break
		}
	}
	if account == "*" {
		w.note("State does not know the account of gateway %q yet, so * stands for it. Print the policy again after the first apply.", gateway)
	}
	return "acs:kms:" + region + ":" + account + ":" + path
}

// keyTarget is a key by its id, or, where it does not exist yet, every key that carries this stack's tag.
func (w *work) keyTarget(gateway, id, of string) target {
	if id != "" {
		return target{resource: w.arn(gateway, "key/"+id)}
	}
	t := target{resource: w.arn(gateway, "key/*")}
	if w.State.Lineage != "" {
		t.tag = plan.TagOwner + "=" + w.State.Lineage
		w.note("The key of %s is not known yet: the policy holds for every key with this stack's tag. Print it again after the apply.", of)
		return t
	}
	w.note("The key of %s is not known yet, and this stack has no state: the policy holds for every key. Print it again after the apply.", of)
	return t
}

// changes are the calls that change what the block manages.
func (o *object) changes() (calls []string) {
	for i := range o.kind.Attributes {
		at := &o.kind.Attributes[i]
		if at.Mode != kind.Computed && o.writes(at.Name) {
			calls = append(calls, at.ChangedBy...)
		}
	}
	return calls
}

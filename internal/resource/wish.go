package resource

import (
	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/state"
)

// wish is what has to be read of one gateway beside its lists.
type wish struct {
	keys           map[string]bool // managed, imported, or named by a rotation policy
	policies       map[string]bool // keys whose policy is managed
	aliases        map[string]bool
	secrets        map[string]bool              // managed, declared or imported names
	secretPolicies map[string]bool              // secrets whose policy is managed
	named          map[objectID]bool            // what is known by its name alone
	users          map[string]bool              // kinds of which all are read, because they may name what is removed
	known          map[objectID]*state.Resource // what state has of this gateway
	search         bool                         // something declared is not in state: look for anybody's tags
	vacant         map[string]bool              // plan.OwnedBy of what is declared and not in state
}

// wisher goes through state and configuration and fills the wishes.
type wisher struct {
	cfg   *hcl.Config
	known *hcl.ObjectMap // what state remembers, for evaluation

	wishes map[string]*wish
}

func wishesOf(gateways map[string]GatewayClients, cfg *hcl.Config, st state.State, learnt plan.Live) map[string]*wish {
	w := &wisher{cfg: cfg, wishes: map[string]*wish{}}
	running := plan.Live{Gateways: map[string]*plan.LiveGateway{}, Answers: learnt.Answers, Deferred: learnt.Deferred}
	for name, g := range gateways {
		w.wishes[name] = &wish{
			keys: map[string]bool{}, policies: map[string]bool{}, aliases: map[string]bool{},
			secrets: map[string]bool{}, secretPolicies: map[string]bool{}, known: map[objectID]*state.Resource{}, named: map[objectID]bool{}, users: map[string]bool{}, vacant: map[string]bool{},
		}
		running.Gateways[name] = &plan.LiveGateway{InstanceID: g.InstanceID}
	}
	w.known = plan.Remember(cfg, st, running)
	w.wishState(st)
	inState := plan.MovedAddresses(cfg, st)
	w.wishConfig(inState)
	w.wishUsers(inState)
	return w.wishes
}

func (w *wisher) wishState(st state.State) {
	for i := range st.Resources {
		r := &st.Resources[i]
		wish := w.wishes[r.Gateway]
		if wish == nil {
			continue // the planner says that its gateway was not read
		}
		wish.known[objectID{r.Kind, r.ID}] = r
		if h := readerOf(r.Kind); h != nil {
			h.wishKnown(wish, r)
		}
	}
}

func (w *wisher) wishConfig(inState map[addr.Address]*state.Resource) {
	for _, block := range w.cfg.Blocks {
		if block.Kind.Data() { // files, and lookups, which read what they ask for
			continue
		}
		wish := w.wishes[block.GatewayName()]
		if wish == nil {
			continue
		}
		for _, a := range block.Instances {
			im, _ := w.cfg.ImportOf(a)
			readerOf(block.Kind.Name).wishDeclared(wish, declaration{w, a, inState[a], im.ID})
		}
	}
}

// wishUsers wishes for all that may name what state holds and configuration no longer declares.
func (w *wisher) wishUsers(inState map[addr.Address]*state.Resource) {
	for a, r := range inState {
		wish := w.wishes[r.Gateway]
		if wish == nil || w.cfg.Declares(a) {
			continue
		}
		for _, k := range accessKinds {
			if k.calls.kind == r.Kind && k.users != "" {
				wish.users[k.users] = true
			}
		}
	}
}

// declaration is one instance of configuration, while it is found out what to read for it.
type declaration struct {
	from     *wisher
	addr     addr.Address
	known    *state.Resource // what state has under the address; nil = nothing
	imported string          // the id of its import block, or ""
}

// id is the object that the instance has or will have, as far as it shows.
func (d declaration) id() string {
	if d.known != nil {
		return d.known.ID
	}
	return d.imported
}

// wishOwned looks for an object that carries the instance's address in its tags and that state does not know.
func (w *wish) wishOwned(kind string, d declaration) {
	if d.known == nil {
		w.vacant[plan.OwnedBy(kind, plan.AddressTag(d.addr))], w.search = true, true
	}
}

// attrs evaluates the instance as far as state allows; mistakes are the planner's to report.
func (d declaration) attrs() map[string]cty.Value {
	body, _ := d.from.cfg.Body(d.addr, d.from.known)
	return body.Attrs
}

func unmarked(v cty.Value) cty.Value {
	if v == cty.NilVal {
		return v
	}
	v, _ = v.UnmarkDeep()
	return v
}

// text returns a known string, or "".
func text(v cty.Value) string {
	v = unmarked(v)
	if v == cty.NilVal || !v.IsKnown() || v.IsNull() || v.Type() != cty.String {
		return ""
	}
	return v.AsString()
}

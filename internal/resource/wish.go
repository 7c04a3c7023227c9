package resource

import (
	"slices"

	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/state"
)

// wish is what has to be read of one gateway beside its lists.
type wish struct {
	keys     map[string]bool // managed, imported, or named by a rotation policy
	policies map[string]bool // keys whose policy is managed
	aliases  map[string]bool
	secrets  map[string]bool              // managed, declared or imported names
	known    map[objectID]*state.Resource // what state has of this gateway
	search   bool                         // something declared is not in state: look for anybody's tags
	vacant   map[string]bool              // plan.OwnedBy of what is declared and not in state
}

// wisher goes through state and configuration and fills the wishes.
type wisher struct {
	cfg   *hcl.Config
	known *hcl.ObjectMap // what state remembers, for evaluation

	imports  map[addr.Address]string
	wishes   map[string]*wish
	fallback string // the default gateway
}

func wishesOf(gateways map[string]GatewayClients, cfg *hcl.Config, st state.State) map[string]*wish {
	w := &wisher{
		cfg: cfg, imports: map[addr.Address]string{}, wishes: map[string]*wish{},
	}
	running := plan.Live{Gateways: map[string]*plan.LiveGateway{}}
	for name, g := range gateways {
		w.wishes[name] = &wish{
			keys: map[string]bool{}, policies: map[string]bool{}, aliases: map[string]bool{},
			secrets: map[string]bool{}, known: map[objectID]*state.Resource{}, vacant: map[string]bool{},
		}
		running.Gateways[name] = &plan.LiveGateway{InstanceID: g.InstanceID}
	}
	if len(cfg.Gateways) > 0 {
		w.fallback = cfg.Gateways[0].Name
	}
	for _, im := range cfg.Imports {
		w.imports[im.To] = im.ID
	}
	w.known = plan.Remember(cfg, st, running)
	w.wishState(st)
	w.wishConfig(plan.MovedAddresses(cfg, st))
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
		switch r.Kind {
		case plan.KindKey:
			wish.keys[r.ID] = true
			wish.policies[r.ID] = slices.Contains(r.Managed, "policy")
		case plan.KindAlias:
			wish.aliases[r.ID] = true
		case plan.KindSecret:
			wish.secrets[r.ID] = true
		}
	}
}

func (w *wisher) wishConfig(inState map[addr.Address]*state.Resource) {
	for _, block := range w.cfg.Blocks {
		if block.Kind.Data {
			continue
		}
		name := w.fallback
		if block.Gateway != nil {
			name = block.Gateway.Name
		}
		wish := w.wishes[name]
		if wish == nil {
			continue
		}
		policy := block.Kind.Name == plan.KindKey && w.writesPolicy(block)
		for _, a := range block.Instances {
			w.wishInstance(wish, block, a, inState[a], policy)
		}
	}
}

// writesPolicy looks at one instance: which attributes are written is the same
// for all of a block.
func (w *wisher) writesPolicy(block *hcl.Block) bool {
	if len(block.Instances) == 0 {
		return false
	}
	_, written := w.body(block.Instances[0])["policy"]
	return written
}

func (w *wisher) wishInstance(wish *wish, block *hcl.Block, a addr.Address, r *state.Resource, policy bool) {
	imported := w.imports[a]
	switch block.Kind.Name {
	case plan.KindKey:
		id := imported
		if r != nil {
			id = r.ID
		}
		if id != "" {
			wish.keys[id] = true
			wish.policies[id] = wish.policies[id] || policy
		}
		if r == nil {
			wish.vacant[plan.OwnedBy(plan.KindKey, plan.AddressTag(a))], wish.search = true, true
		}
	case plan.KindAlias:
		if r == nil {
			wish.aliases[text(w.body(a)["name"])] = true
			wish.search = true // whose is the key of an alias that is taken up?
		}
	case plan.KindSecret:
		if r == nil {
			wish.secrets[text(w.body(a)["name"])] = true
			wish.vacant[plan.OwnedBy(plan.KindSecret, plan.AddressTag(a))], wish.search = true, true
		}
		if imported != "" {
			wish.secrets[imported] = true
		}
	case plan.KindRotation:
		for _, id := range plan.Strings(unmarked(w.body(a)["keys"])) {
			wish.keys[id] = true
		}
	}
}

// body evaluates an instance as far as state allows; mistakes are the planner's
// to report.
func (w *wisher) body(a addr.Address) map[string]cty.Value {
	body, _ := w.cfg.Body(a, w.known)
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

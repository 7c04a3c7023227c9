package apply

import (
	"cmp"
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/kind"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/resource"
	"kmsplan.dev/kmsplan/internal/safety"
	"kmsplan.dev/kmsplan/internal/state"
)

// executor is what the steps of one run share.
type executor struct {
	work    Work
	files   FileRunner
	stop    <-chan struct{} // of the run
	given   map[addr.Address]resource.Given
	begun   func() error // makes sure, once, that the journal can be written, before any file is
	journal *state.Journal
	bell    *bell
	lineage string
	objects *hcl.ObjectMap
	pending map[string]Recovered // open calls of earlier runs, by address

	opening sync.Mutex
	opened  map[addr.Address]bool // ephemeral blocks whose values were read

	mu    sync.Mutex
	prior map[string]*state.Resource
	byID  map[objectID]string     // addresses
	kept  map[string][]state.File // the census, by address

	unwritten map[addr.Address]bool // data blocks whose files the plan changes and that are not done
}

func newExecutor(w Work, j *state.Journal, b *bell, st state.State) *executor {
	x := &executor{
		work: w, journal: j, bell: b, lineage: st.Lineage, objects: plan.Remember(w.Config, st, w.Live),
		pending: map[string]Recovered{},
		prior:   make(map[string]*state.Resource, len(st.Resources)), byID: make(map[objectID]string, len(st.Resources)), kept: map[string][]state.File{},
		unwritten: map[addr.Address]bool{}, opened: map[addr.Address]bool{},
	}
	for i := range st.Resources {
		r := &st.Resources[i]
		x.prior[r.Address], x.byID[idOfResource(r)] = r, r.Address
	}
	for _, f := range st.Files {
		x.kept[f.Address] = append(x.kept[f.Address], f)
	}
	x.begun = sync.OnceValue(func() error { return j.Append() })
	x.showGateways()
	return x
}

// showGateways makes the gateways at work visible to expressions.
func (x *executor) showGateways() {
	for name, g := range x.work.Gateways {
		if g.Gateway == nil {
			continue
		}
		instance := cty.NullVal(hcl.GatewayType.AttributeType("instance"))
		if g.InstanceID != "" {
			instance = cty.ObjectVal(map[string]cty.Value{"id": cty.StringVal(g.InstanceID)})
		}
		x.objects.SetGateway(name, cty.ObjectVal(map[string]cty.Value{
			"name": cty.StringVal(name), "region": cty.StringVal(cmp.Or(g.Region, g.Gateway.Region)), "instance": instance,
		}))
	}
}

func (x *executor) priorOf(a addr.Address) *state.Resource {
	x.mu.Lock()
	defer x.mu.Unlock()
	if id := a.PredecessorID(); id != "" {
		if of := x.successorOf(id); of != nil {
			return of.Predecessor(id)
		}
		return nil
	}
	return x.prior[a.String()]
}

// keep makes an object known to what is evaluated after it; nil for one that is gone.
func (x *executor) keep(a addr.Address, r *state.Resource) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if id := a.PredecessorID(); id != "" {
		x.keepPredecessor(id, r)
		return
	}
	if r == nil {
		delete(x.prior, a.String())
		return
	}
	x.prior[a.String()], x.byID[idOfResource(r)] = r, a.String()
	if k := kind.Lookup(r.Kind, false); k != nil {
		x.objects.Set(a, plan.ObjectValue(k, r, nil))
	}
}

// session prepares a handler's work on one change.
func (x *executor) session(c plan.Change, body hcl.Body, token string, j *changeJournal) (*resource.Session, resource.Handler, error) {
	handler := x.work.Handlers(c.Kind)
	if handler == nil {
		return nil, nil, fmt.Errorf("this version of kmsplan does not manage objects of the kind %q", c.Kind)
	}
	clients, ok := x.work.Gateways[c.Gateway]
	if !ok {
		return nil, nil, fmt.Errorf("its gateway %q is not configured; add the gateway block back", c.Gateway)
	}
	return &resource.Session{
		Manager: clients.Manager, Gateway: clients.Gateway, Region: clients.Region, Live: x.work.Live.Gateways[c.Gateway],
		Change: c, Body: body, Prior: x.priorOf(c.Addr), Lineage: x.lineage, Intent: token,
		Journal: j, Now: x.work.Now, ServiceTime: x.work.ServiceTime, Removed: x.work.Config.RemovedFor(c.Addr), Timing: clients.Timing,
		Seen:         func(o *plan.Object) error { return x.seen(c.Gateway, o) },
		Fingerprints: x.work.Fingerprints, Given: x.given[c.Addr],
		Dir: x.work.Config.Dir, Owned: x.work.Config.Owned().ReachesNow,
	}, handler, nil
}

func (x *executor) changeJournal(s Step, c plan.Change) *changeJournal {
	return &changeJournal{
		journal: x.journal, gateway: c.Gateway, hit: x.work.Failpoint.Hit,
		complete: func(r state.Resource) state.Resource { return x.complete(r, c) },
		entries:  func(r *state.Resource, id string) []state.Entry { return x.entries(c.Addr, r, id) },
		calling:  func(operation string) { x.bell.progress(s, operation) },
	}
}

// complete fills in what every recorded object carries, whatever its handler says.
// An object without a block keeps its guard and its dependencies; one that state does not know either
// gets its kind's guard.
func (x *executor) complete(r state.Resource, c plan.Change) state.Resource {
	r.Address, r.Kind, r.Gateway = c.Addr.String(), c.Kind, c.Gateway
	r.LastAppliedAt = x.work.Now().UTC()
	if prior := x.priorOf(c.Addr); prior != nil && r.Predecessors == nil {
		r.Predecessors = prior.Predecessors
		if k := kind.Lookup(c.Kind, false); k != nil && k.Succeeds && prior.ID != r.ID && !safety.Off(safety.PredecessorKept) {
			r = prior.SucceededBy(r, x.work.ServiceTime())
		}
	}
	if x.work.Config.Block(c.Addr.Block()) == nil {
		if prior := x.priorOf(c.Addr); prior != nil {
			r.Protected, r.DependsOn = prior.Protected, prior.DependsOn
		} else if k := kind.Lookup(c.Kind, false); k != nil {
			r.Protected = k.Protected
		}
		return r
	}
	r.Protected, r.DependsOn = c.Protected, addresses(x.work.Config.DependsOn(c.Addr))
	return r
}

func addresses(list []addr.Address) []string {
	var out []string
	for _, a := range list {
		out = append(out, a.String())
	}
	return out
}

// within runs work on one object to its end: an interrupt does not cancel a call that is
// under way, because its answer would be lost; its own deadline does.
func (x *executor) within(ctx context.Context, work func(ctx context.Context)) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), x.work.ChangeTimeout)
	defer cancel()
	work(ctx)
}

func newToken() string { return uuid.Must(uuid.NewV7()).String() }

func since(w Work, start time.Time) time.Duration { return w.Now().Sub(start) }

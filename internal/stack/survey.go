package stack

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/apply"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/resource"
	"kmsplan.dev/kmsplan/internal/state"
	"kmsplan.dev/kmsplan/internal/version"
)

// Survey brings the state up to date with interrupted runs and reads the service; in a narrower scope, only the gateways
// that it needs. operation names the command in the state's lock.
func (s *Stack) Survey(ctx context.Context, operation string, scope plan.Scope) error {
	stored, open, err := readStored(ctx, s.store)
	if err != nil {
		return err
	}
	s.State = s.renamed(stored)
	if err := s.checkScope(scope); err != nil {
		return err
	}
	s.needed = s.managing()
	if !scope.Whole() {
		s.needed = s.neededBy(scope, open)
		for name := range s.managing() {
			if !s.needed[name] {
				s.options.Note(fmt.Sprintf("gateway %q is not read: nothing that the plan is about is there", name))
			}
		}
	}
	clients, err := s.connect(ctx)
	if err != nil {
		return err
	}
	if err := s.proveMoved(ctx, stored, open); err != nil {
		return err
	}
	catchUp := apply.Foresee
	if writes(operation) {
		catchUp = apply.Recover // who applies writes anyway
	}
	recovery, err := catchUp(ctx, s.work(ctx, clients, operation, apply.Hooks{Recovered: s.options.Recovered}))
	if err != nil {
		return err
	}
	s.State = s.renamed(recovery.State)
	clear(s.keys)
	s.clients = s.sharing(clients)
	if s.live, err = resource.SnapshotAs(ctx, s.reading, s.clients, s.Config, s.State); err != nil || !writes(operation) {
		return err
	}
	another, err := s.underAnother(ctx)
	if err == nil && another != "" {
		err = otherKey(another)
	}
	return err
}

// writes reports whether a command goes on to change the state.
func writes(operation string) bool { return operation == "apply" || operation == "import" }

// Recover finds out what became of calls that interrupted runs left open, and which objects carry this stack's tags
// without being in its state. It does nothing else.
func (s *Stack) Recover(ctx context.Context) (apply.Recovery, error) {
	stored, open, err := readStored(ctx, s.store)
	if err != nil {
		return apply.Recovery{}, err
	}
	s.State = s.renamed(stored)
	s.needed = s.managing()
	clients, err := s.connect(ctx)
	if err != nil {
		return apply.Recovery{}, err
	}
	if err := s.proveMoved(ctx, stored, open); err != nil {
		return apply.Recovery{}, err
	}
	if err := s.allKnown(); err != nil {
		return apply.Recovery{}, err
	}
	found, err := apply.Recover(ctx, s.work(ctx, clients, "recover", apply.Hooks{Recovered: s.options.Recovered}))
	found.State = s.renamed(found.State)
	if err != nil {
		return found, err
	}
	if s.live, err = resource.Snapshot(ctx, clients, s.Config, found.State); err != nil {
		return found, err
	}
	found.Strays = apply.Strays(s.live, found.State)
	return found, nil
}

// connect opens every gateway that is needed to manage objects of this stack.
func (s *Stack) connect(ctx context.Context) (map[string]resource.GatewayClients, error) {
	out := map[string]resource.GatewayClients{}
	for name := range s.needed {
		var err error
		if out[name], err = s.clientsOf(ctx, name); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// clientsOf opens a gateway that is needed for management.
func (s *Stack) clientsOf(ctx context.Context, name string) (none resource.GatewayClients, err error) {
	if _, err := s.gateways.block(name); err != nil {
		return none, s.missingGateway(name, err)
	}
	g, err := s.gateways.get(ctx, name)
	if err != nil {
		return none, err
	}
	if g.public == nil {
		return none, hint(fmt.Errorf("gateway %q has no public gateway, and keys, aliases, policies and secrets are managed and looked up through that", name),
			"Add `public {}` to the gateway block, or move the blocks to a gateway that has one.")
	}
	return resource.GatewayClients{Gateway: g.block, Region: g.region, Manager: g.public, InstanceID: g.instanceID, Timing: g.timing, Read: s.progressOf(name, g.public)}, nil
}

// sharing are the clients of a survey whose lists lookups read too.
func (s *Stack) sharing(clients map[string]resource.GatewayClients) map[string]resource.GatewayClients {
	if !plan.HasLookups(s.Config) {
		return clients
	}
	out := make(map[string]resource.GatewayClients, len(clients))
	for name, c := range clients {
		c.Manager = resource.Shared(c.Manager)
		out[name] = c
	}
	return out
}

// missingGateway says what to do about a gateway block that is gone, or has another name, while state has objects on it.
func (s *Stack) missingGateway(name string, err error) error {
	var on []string
	for _, r := range s.State.Resources {
		if r.Gateway == name {
			on = append(on, "'"+r.Address+"'")
		}
	}
	objects, way := strings.Join(on, " "), fmt.Sprintf("kmsplan state replace-gateway %s %s", name, s.unheld())
	return hint(fmt.Errorf("%w, and the state has %d objects on it", err, len(on)), fmt.Sprintf(`If the block was renamed, tell the state so, or write a moved block from gateway.%s:
    %s
If it was taken out, write gateway %q again: an object stays on the gateway that it was applied on.
To let the objects go, which leaves them as they are:
    kmsplan state rm %s
The next plan takes them up on the gateway that their blocks name now: those that this stack created by their tags, aliases by their names, others by import blocks.`, name, way, name, objects))
}

// unheld is the gateway that no object of the state is on, where there is only one: the new name of one that is gone.
func (s *Stack) unheld() string {
	held, found := map[string]bool{}, ""
	for _, r := range s.State.Resources {
		held[r.Gateway] = true
	}
	for _, g := range s.Config.Gateways {
		switch {
		case held[g.Name]:
		case found != "":
			return "NEW"
		default:
			found = g.Name
		}
	}
	return cmp.Or(found, "NEW")
}

// managing names the gateways that declared or remembered objects and lookups use.
func (s *Stack) managing() map[string]bool {
	names := map[string]bool{}
	for _, b := range s.Config.Blocks {
		if !b.Kind.File() && b.Gateway != nil {
			names[b.Gateway.Name] = true
		}
	}
	for _, r := range s.State.Resources {
		names[r.Gateway] = true
	}
	return names
}

// neededBy names the gateways of what is targeted, of what that depends on, and of calls that are still open.
func (s *Stack) neededBy(scope plan.Scope, open []state.Intent) map[string]bool {
	names := map[string]bool{}
	seen := map[addr.Address]bool{}
	var add func(a addr.Address)
	add = func(a addr.Address) {
		if seen[a] {
			return
		}
		seen[a] = true
		if b := s.Config.Block(a.Block()); b != nil && !b.Kind.File() && b.Gateway != nil {
			names[b.Gateway.Name] = true
		}
		for _, d := range s.Config.DependsOn(a) {
			add(d)
		}
	}
	for _, b := range s.Config.Blocks {
		for _, a := range append([]addr.Address{b.Addr}, b.Instances...) {
			if scope.Holds(a) {
				add(a)
			}
		}
	}
	for _, r := range s.State.Resources {
		if a, err := addr.Parse(r.Address); err == nil && (seen[a] || seen[a.Block()] || scope.Holds(a)) {
			names[r.Gateway] = true
		}
	}
	for _, in := range open {
		names[s.Config.GatewayNow(in.Gateway)] = true
	}
	return names
}

// work is what apply and recovery need.
func (s *Stack) work(ctx context.Context, clients map[string]resource.GatewayClients, operation string, hooks apply.Hooks) apply.Work {
	return apply.Work{
		Config: s.Config, Store: s.store, Gateways: s.byEarlierNames(clients), Handlers: resource.For, LookUp: lookUp, Open: resource.Open, Live: s.live,
		Hooks: hooks, Writer: version.Number, Operation: operation, LockTimeout: s.options.LockTimeout, Now: s.options.Now,
		ServiceTime:  func() time.Time { return s.gateways.now(ctx) },
		Fingerprints: s.fingerprints(), Astray: s.strayed(),
	}
}

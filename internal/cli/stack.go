package cli

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	hclv2 "github.com/hashicorp/hcl/v2"
	"github.com/spf13/cobra"

	"kmsplan.dev/kmsplan/internal/apply"
	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/ops"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/resource"
	"kmsplan.dev/kmsplan/internal/state"
	"kmsplan.dev/kmsplan/internal/version"
)

// defaultLockTimeout is how long a command waits for the state or an emulator that
// another process holds, unless -lock-timeout says otherwise.
const defaultLockTimeout = 10 * time.Second

// defaultState is the local backend's path when the module names none.
const defaultState = "kmsplan.state.json"

// stack is a module with its state and gateways, open for planning.
type stack struct {
	app      *app
	cfg      *hcl.Config
	store    *state.Local
	gateways *gateways
	engine   *ops.Engine
	state    state.State
	live     plan.Live
	lock     time.Duration
}

// openStack loads the module, whose variables must all have a value, and opens its state. Nothing is
// called yet.
func (a *app) openStack(v *variables, lockTimeout time.Duration) (*stack, error) {
	cfg, diags := a.load(v, false)
	return a.openModule(cfg, diags, lockTimeout)
}

func (a *app) openModule(cfg *hcl.Config, diags hclv2.Diagnostics, lockTimeout time.Duration) (*stack, error) {
	a.diagnostics(diags, cfg.Files)
	if diags.HasErrors() {
		return nil, a.refuseVanished(cfg, diags)
	}
	store, err := openStore(cfg)
	if err != nil {
		return nil, err
	}
	s := &stack{app: a, cfg: cfg, store: store, gateways: a.newGateways(cfg, lockTimeout), lock: lockTimeout}
	s.engine = ops.New(ops.Options{Keyring: keyring{s.gateways}, Now: a.now})
	return s, nil
}

// refuseVanished ends a command whose module does not load. When that is because a protected
// object's block was taken out while others still refer to it, the guard is named too: it is what
// keeps the object, and what to do about it is the real question.
func (a *app) refuseVanished(cfg *hcl.Config, diags hclv2.Diagnostics) error {
	store, err := openStore(cfg)
	if err != nil {
		return exit{exitError}
	}
	st, err := currentState(context.Background(), store)
	if err != nil {
		return exit{exitError}
	}
	refusals := slices.DeleteFunc(plan.VanishedObjects(cfg, st), func(f plan.Refusal) bool {
		return !missed(diags, f.Addr.Block().String())
	})
	if len(refusals) == 0 {
		return exit{exitError}
	}
	a.refusals(refusals)
	return exit{exitRefused}
}

// missed reports whether a diagnostic says that something refers to a block that is not there.
func missed(diags hclv2.Diagnostics, block string) bool {
	return slices.ContainsFunc(diags, func(d *hclv2.Diagnostic) bool {
		return d.Severity == hclv2.DiagError && strings.Contains(d.Detail, "There is no "+block+".")
	})
}

// close ends what the stack started.
func (s *stack) close() {
	s.engine.Close()
	s.app.closing(s.gateways.close)
}

// openStore opens the module's backend.
func openStore(cfg *hcl.Config) (*state.Local, error) {
	if t := cfg.Settings.BackendType; t != "" && t != "local" {
		return nil, fmt.Errorf("backend %q is not supported by this version; use backend \"local\"", t)
	}
	path := cfg.Settings.Backend["path"]
	if path == "" {
		path = defaultState
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(cfg.Dir, path)
	}
	return state.NewLocal(path, nil)
}

// connect opens every gateway that manages objects of this stack.
func (s *stack) connect(ctx context.Context) (map[string]resource.GatewayClients, error) {
	out := map[string]resource.GatewayClients{}
	for name := range s.managing() {
		if _, err := s.gateways.block(name); err != nil {
			return nil, withHint(err, fmt.Sprintf("The state has objects of gateway %q. Declare it again under this name; or forget them with kmsplan state rm and take them up on another gateway with import blocks.", name))
		}
		g, err := s.gateways.get(ctx, name)
		if err != nil {
			return nil, err
		}
		if g.public == nil {
			return nil, withHint(fmt.Errorf("gateway %q has no public gateway, and keys, aliases, policies and secrets are managed through that", name),
				"Add `public {}` to the gateway block, or move the managed blocks to a gateway that has one.")
		}
		out[name] = resource.GatewayClients{Gateway: g.block, Manager: g.public, InstanceID: g.instanceID, LateCommit: lateCommit(g.block)}
	}
	return out, nil
}

// managing names the gateways that declared or remembered objects use.
func (s *stack) managing() map[string]bool {
	names := map[string]bool{}
	for _, b := range s.cfg.Blocks {
		if !b.Addr.Data && b.Gateway != nil {
			names[b.Gateway.Name] = true
		}
	}
	for _, r := range s.state.Resources {
		names[r.Gateway] = true
	}
	return names
}

// work is what apply and recovery need.
func (s *stack) work(clients map[string]resource.GatewayClients, operation string, hooks apply.Hooks) apply.Work {
	return apply.Work{
		Config: s.cfg, Store: s.store, Journal: s.store.JournalPath(), Gateways: clients, Handlers: resource.For, Live: s.live,
		Hooks: hooks, Writer: version.Number, Operation: operation, LockTimeout: s.lock, Now: s.app.now,
	}
}

// survey brings the state up to date with interrupted runs and reads the service.
func (s *stack) survey(ctx context.Context, operation string) (map[string]resource.GatewayClients, error) {
	var err error
	if s.state, _, err = s.store.Read(ctx); err != nil {
		return nil, err
	}
	clients, err := s.connect(ctx)
	if err != nil {
		return nil, err
	}
	recovery, err := apply.Recover(ctx, s.work(clients, operation, apply.Hooks{Recovered: s.app.recovered}))
	if err != nil {
		return nil, err
	}
	s.state = recovery.State
	s.live, err = resource.Snapshot(ctx, clients, s.cfg, s.state)
	return clients, err
}

// plan makes a plan of what was surveyed.
func (s *stack) plan(ctx context.Context, o planOptions) (*plan.Plan, error) {
	files, err := s.fileStatus(ctx)
	if err != nil {
		return nil, err
	}
	p, diags := plan.Calculate(plan.Input{
		Config: s.cfg, State: s.state, Live: s.live, Files: files, Now: s.gateways.now(ctx), Writer: version.Number, Targets: o.targets,
	})
	s.app.diagnostics(diags, s.cfg.Files)
	if diags.HasErrors() {
		return nil, exit{exitError}
	}
	p.Bind(s.cfg)
	return p, nil
}

// planOptions are the flags that plan and apply share.
type planOptions struct {
	vars        variables
	lockTimeout time.Duration
	targetTexts []string
	targets     []addrAddress
	json        bool
	jsonInto    string
	input       bool
}

// flags adds them.
func (o *planOptions) flags(c *cobra.Command) {
	o.vars.flags(c)
	f := c.Flags()
	f.DurationVar(&o.lockTimeout, "lock-timeout", defaultLockTimeout, "how long to wait for a state or emulator that another process holds")
	f.StringArrayVar(&o.targetTexts, "target", nil, "limit to `ADDRESS` and what it needs; repeatable, for exceptional use")
	f.BoolVar(&o.json, "json", false, "print JSON lines")
	f.StringVar(&o.jsonInto, "json-into", "", "also write the JSON lines to `FILE`")
	f.BoolVar(&o.input, "input", true, "ask for what is missing; -input=false never asks")
}

// lateCommit is how long a lost request to the gateway may still be carried out.
func lateCommit(b *hcl.Gateway) time.Duration {
	if b.Emulator != nil {
		return resource.LateCommitLoopback
	}
	return resource.LateCommitWindow
}

package stack

import (
	"context"
	"errors"
	"fmt"
	"slices"

	hclv2 "github.com/hashicorp/hcl/v2"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/ops"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/resource"
	"kmsplan.dev/kmsplan/internal/state"
)

// Stack is a module with its state and gateways, open for work. Close it.
type Stack struct {
	Config   *hcl.Config
	Warnings hclv2.Diagnostics // of loading the module
	State    state.State       // as far as it was read; Survey brings it up to date

	module   Module
	options  Options
	store    state.Store
	gateways *Gateways
	engine   *ops.Engine
	finger   fingerprinting
	live     plan.Live
	keys     map[[2]string]lookedUp             // by gateway and name, since the last survey
	needed   map[string]bool                    // gateways that were surveyed
	clients  map[string]resource.GatewayClients // theirs, for lookups: what the survey read is not read again
	moved    []plan.MovedGateway                // gateways that state has by an earlier name, proved by the survey
	astray   map[string]plan.Refusal            // gateways of state that are not known to lead to where their objects are
	reading  plan.Reading                       // of the next survey, and of the plan that is made of it
}

// Open loads a module, whose variables must all have a value, and opens its state. Nothing is called yet.
// Errors: InvalidError.
func Open(m Module, o Options) (*Stack, error) {
	cfg, diags := m.Load(false)
	return open(m, o, cfg, diags)
}

func open(m Module, o Options, cfg *hcl.Config, diags hclv2.Diagnostics) (*Stack, error) {
	if diags.HasErrors() {
		return nil, &InvalidError{Diagnostics: diags, Files: cfg.Files, Refusals: missedObjects(cfg, diags, o)}
	}
	o = o.withDefaults()
	if m.Sandbox != "" {
		if err := isolate(cfg, m.Sandbox); err != nil {
			return nil, fmt.Errorf("prepare a place to test in: %w", err)
		}
		o.Outside = append(o.Outside, m.Sandbox)
	}
	gateways := newGateways(cfg, o)
	store, err := openStore(cfg, o, gateways)
	if err != nil {
		return nil, err
	}
	s := &Stack{Config: cfg, Warnings: diags, module: m, options: o, store: store, gateways: gateways, keys: map[[2]string]lookedUp{}}
	engine := s.gateways.engineOptions()
	engine.Fingerprints, engine.Owned = s.fingerprints, cfg.Owned().ReachesNow
	s.engine = ops.New(engine)
	return s, nil
}

// Close ends what the stack started.
func (s *Stack) Close() error {
	s.engine.Close()
	return s.gateways.Close()
}

// missedObjects are the guards behind a module that does not load because a protected object's block was
// taken out while others still refer to it: what to do about the object is the real question.
func missedObjects(cfg *hcl.Config, diags hclv2.Diagnostics, o Options) []plan.Refusal {
	gateways := newGateways(cfg, o.withDefaults())
	defer gateways.Close()
	store, err := openStore(cfg, o, gateways)
	if err != nil {
		return nil
	}
	st, _, err := readStored(context.Background(), store)
	if err != nil {
		return nil
	}
	return slices.DeleteFunc(plan.VanishedObjects(cfg, st), func(f plan.Refusal) bool {
		return !missed(diags, f.Addr)
	})
}

// missed reports whether a diagnostic says that something refers to a block or a module that is not there, and that
// the object belonged to.
func missed(diags hclv2.Diagnostics, object addr.Address) bool {
	return slices.ContainsFunc(diags, func(d *hclv2.Diagnostic) bool {
		unknown, ok := d.Extra.(hcl.UnknownBlock)
		return ok && d.Severity == hclv2.DiagError && unknown.Addr.Covers(object)
	})
}

// invalid is the error of a module whose evaluation found mistakes.
func (s *Stack) invalid(diags hclv2.Diagnostics) error {
	return &InvalidError{Diagnostics: diags, Files: s.Config.Files}
}

// IsInvalid finds the InvalidError in an error.
func IsInvalid(err error) (*InvalidError, bool) {
	var invalid *InvalidError
	ok := errors.As(err, &invalid)
	return invalid, ok
}

package stack

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"kmsplan.dev/kmsplan/internal/emulator"
	"kmsplan.dev/kmsplan/internal/emulator/control"
	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/kms/public"
	"kmsplan.dev/kmsplan/internal/ops"
	"kmsplan.dev/kmsplan/internal/resource"
	"kmsplan.dev/kmsplan/internal/suggest"
)

// Gateways opens gateway blocks when they are first needed, each once, and keeps the
// emulators that were started for them. Close it.
type Gateways struct {
	Config  *hcl.Config
	Broken  bool // the module has errors elsewhere than in its gateway blocks
	options Options

	mu        sync.Mutex
	open      map[string]*gateway
	emulators map[string]*emulator.Server // by path
	seals     *ops.Engine                 // of the state; nil until it is needed
}

// gateway is one block at work.
type gateway struct {
	block      *hcl.Gateway
	public     *public.Client    // nil without public access
	crypt      kms.Cryptographer // the instance's, or the public gateway's
	instance   kms.Caller        // generic calls to the instance gateway; nil without one
	instanceID string
	region     string
	account    string          // "" where it is not known
	control    *control.Client // of an emulator
	timing     resource.Timing // the service's where it is zero
	aliases    kms.Aliases     // what the clients know together
	notes      []string
}

func newGateways(cfg *hcl.Config, o Options) *Gateways {
	return &Gateways{Config: cfg, options: o, open: map[string]*gateway{}, emulators: map[string]*emulator.Server{}}
}

// OpenGateways reads a module for its gateway blocks. Who needs nothing else works on a module that is
// broken elsewhere: who decrypts a file at 3 a.m. does not care for a missing alias. Errors: InvalidError
// when not one gateway block loads, unless Options.Identities make do without.
func OpenGateways(m Module, o Options) (*Gateways, error) {
	cfg, diags := m.Load(true)
	if diags.HasErrors() && len(cfg.Gateways) == 0 && len(o.Identities) == 0 {
		return nil, &InvalidError{Diagnostics: diags, Files: cfg.Files}
	}
	g := newGateways(cfg, o.withDefaults())
	g.Broken = diags.HasErrors()
	return g, nil
}

// Engine makes the file engine over the gateways.
func (g *Gateways) Engine() *ops.Engine { return ops.New(g.engineOptions()) }

// sealEngine is the engine that seals and opens the state, one for the run.
func (g *Gateways) sealEngine() *ops.Engine {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.seals == nil {
		g.seals = g.Engine()
	}
	return g.seals
}

func (g *Gateways) engineOptions() ops.Options {
	return ops.Options{Keyring: keyring{g}, Now: g.options.Now, Identities: g.options.Identities, Unproved: g.options.UnprovedDataKeys, FilesPerKey: g.options.FilesPerDataKey}
}

// Close stops the emulators.
func (g *Gateways) Close() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.seals != nil {
		g.seals.Close()
	}
	var failed []error
	for path, server := range g.emulators {
		if err := server.Close(); err != nil {
			failed = append(failed, fmt.Errorf("stop the emulator in %s: %w", path, err))
		}
	}
	clear(g.emulators)
	return errors.Join(failed...)
}

// block finds a gateway block by name; "" is the default, the first.
func (g *Gateways) block(name string) (*hcl.Gateway, error) {
	var names []string
	for _, b := range g.Config.Gateways {
		if b.Name == name || name == "" {
			return b, nil
		}
		names = append(names, b.Name)
	}
	if len(names) == 0 {
		return nil, hint(errors.New("the module has no gateway block"),
			"Declare one, for example:\n\n  gateway \"dev\" {\n    emulator {}\n  }")
	}
	return nil, fmt.Errorf("there is no gateway %q%s", name, suggest.Clause(name, names))
}

// get opens a gateway.
func (g *Gateways) get(ctx context.Context, name string) (*gateway, error) {
	b, err := g.block(name)
	if err != nil {
		return nil, err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if got := g.open[b.Name]; got != nil {
		return got, nil
	}
	got, err := g.connect(ctx, b)
	if err != nil {
		return nil, fmt.Errorf("gateway %q: %w", b.Name, err)
	}
	for _, note := range got.notes {
		g.options.Note(fmt.Sprintf("gateway %q: %s", b.Name, note))
	}
	g.open[b.Name] = got
	return got, nil
}

package stack

import (
	"context"

	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/state"
	"kmsplan.dev/kmsplan/internal/version"
)

// readStored is the stored state with an interrupted run's journal folded in, and the calls that are
// still open. Nothing is written.
func readStored(ctx context.Context, store state.Store) (state.State, []state.Intent, error) {
	at, err := state.Look(ctx, store)
	return at.State, at.Open, err
}

// Stored is a module's state for commands that need nothing else: variables need no value.
type Stored struct {
	config   *hcl.Config
	store    state.Store
	options  Options
	gateways *Gateways // opened when the state is encrypted
}

// OpenState opens the state of a module. Errors: InvalidError.
func OpenState(m Module, o Options) (*Stored, error) {
	cfg, diags := m.Load(true)
	if diags.HasErrors() {
		return nil, &InvalidError{Diagnostics: diags, Files: cfg.Files}
	}
	o = o.withDefaults()
	gateways := newGateways(cfg, o)
	store, err := openStore(cfg, o, gateways)
	if err != nil {
		return nil, err
	}
	return &Stored{cfg, store, o, gateways}, nil
}

// Close ends what was started to open the state.
func (s *Stored) Close() error { return s.gateways.Close() }

// Read is the state with an interrupted run's journal folded in, and the calls that are still open.
// Nothing is written.
func (s *Stored) Read(ctx context.Context) (state.State, []state.Intent, error) {
	return readStored(ctx, s.store)
}

// Checks is what the module's conditions say of a state: of what it remembers, and of nothing that has to be asked for. What
// depends on a variable that has no value here, on a lookup or on what is ephemeral is not known.
func (s *Stored) Checks(st state.State) []plan.Checked {
	return plan.CheckAll(s.config, plan.Remember(s.config, st, plan.Live{}))
}

// Remembered is Read's state under the names that gateways have now: moved blocks are followed, and nobody is asked whether
// they are true.
func (s *Stored) Remembered(ctx context.Context) (state.State, error) {
	st, _, err := s.Read(ctx)
	return renamed(s.config, st, nil), err
}

// Edit changes the state under its lock, once nothing of an interrupted run is open.
func (s *Stored) Edit(ctx context.Context, operation string, edit func(state.State) (state.State, error)) error {
	return s.options.locked(ctx, s.store, operation, func(at state.Position) error {
		next, err := edit(at.State)
		if err != nil {
			return err
		}
		_, err = s.store.CompareAndSwap(ctx, at.Version, next.Next(version.Number))
		return err
	})
}

// Push stores a state that was read elsewhere and returns its serial. force replaces the stored state even
// if it is of another stack or newer.
func (s *Stored) Push(ctx context.Context, pushed state.State, force bool) (serial uint64, err error) {
	err = s.options.locked(ctx, s.store, "state push", func(at state.Position) error {
		next, err := state.CheckPush(at.State, at.Version, pushed, force)
		if err != nil {
			return err
		}
		swap := s.store.CompareAndSwap
		if force {
			swap = s.store.Replace
		}
		serial = next.Serial
		_, err = swap(ctx, at.Version, next)
		return err
	})
	return serial, err
}

// ForceUnlock breaks the lock of that id.
func (s *Stored) ForceUnlock(ctx context.Context, id string) error {
	return s.store.ForceUnlock(ctx, id)
}

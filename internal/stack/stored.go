package stack

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/state"
	"kmsplan.dev/kmsplan/internal/state/local"
	"kmsplan.dev/kmsplan/internal/version"
)

// defaultState is the local backend's path when the module names none.
const defaultState = "kmsplan.state.json"

// openStore opens the module's backend, whose lock says whom it waits for.
func openStore(cfg *hcl.Config, o Options) (state.Store, error) {
	store, err := openBackend(cfg, o)
	if err != nil {
		return nil, err
	}
	return &announced{Store: store, waiting: o.waiting, patient: o.LockTimeout > 0}, nil
}

func openBackend(cfg *hcl.Config, o Options) (state.Store, error) {
	if o.Store != nil {
		return o.Store, nil
	}
	if t := cfg.Settings.BackendType; t != "" && t != "local" {
		return nil, fmt.Errorf("backend %q is not supported by this version; use backend \"local\"", t)
	}
	path, err := o.inside(cfg.Dir, statePath(cfg), theState)
	if err != nil {
		return nil, err
	}
	return local.Open(path, local.Options{})
}

// statePath is where the local backend keeps the state, as it is written.
func statePath(cfg *hcl.Config) string { return cmp.Or(cfg.Settings.Backend["path"], defaultState) }

// readStored is the stored state with an interrupted run's journal folded in, and the calls that are
// still open. Nothing is written.
func readStored(ctx context.Context, store state.Store) (state.State, []state.Intent, error) {
	at, err := state.Look(ctx, store)
	return at.State, at.Open, err
}

// Stored is a module's state for commands that need nothing else: variables need no value.
type Stored struct {
	config  *hcl.Config
	store   state.Store
	options Options
}

// OpenState opens the state of a module. Errors: InvalidError.
func OpenState(m Module, o Options) (*Stored, error) {
	cfg, diags := m.Load(true)
	if diags.HasErrors() {
		return nil, &InvalidError{Diagnostics: diags, Files: cfg.Files}
	}
	store, err := openStore(cfg, o)
	if err != nil {
		return nil, err
	}
	return &Stored{cfg, store, o.withDefaults()}, nil
}

// Read is the state with an interrupted run's journal folded in, and the calls that are still open.
// Nothing is written.
func (s *Stored) Read(ctx context.Context) (state.State, []state.Intent, error) {
	return readStored(ctx, s.store)
}

// Edit changes the state under its lock, once nothing of an interrupted run is open.
func (s *Stored) Edit(ctx context.Context, operation string, edit func(state.State) (state.State, error)) error {
	return s.locked(ctx, operation, func(at state.Position) error {
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
	err = s.locked(ctx, "state push", func(at state.Position) error {
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

// locked works on the stored state under its lock, once nothing of an interrupted run is open.
func (s *Stored) locked(ctx context.Context, operation string, work func(state.Position) error) error {
	info := state.NewLockInfo(operation, s.options.Now())
	info.Writer = version.Number
	err := state.Locked(ctx, s.store, info, s.options.LockTimeout, work)
	var open *state.OpenCallsError
	if errors.As(err, &open) {
		return hint(err, "Run kmsplan apply or kmsplan recover first: it finds out what became of them.")
	}
	return err
}

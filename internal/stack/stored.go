package stack

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/state"
	"kmsplan.dev/kmsplan/internal/version"
)

// defaultState is the local backend's path when the module names none.
const defaultState = "kmsplan.state.json"

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

// readStored is the stored state with an interrupted run's journal folded in, and the calls that are
// still open. Nothing is written.
func readStored(ctx context.Context, store *state.Local) (state.State, []state.Intent, error) {
	st, _, err := store.Read(ctx)
	if err != nil {
		return st, nil, err
	}
	entries, err := state.ReadJournal(store.JournalPath())
	if err != nil || len(entries) == 0 {
		return st, nil, err
	}
	return state.Fold(st, entries)
}

// Stored is a module's state for commands that need nothing else: variables need no value.
type Stored struct {
	store   *state.Local
	options Options
}

// OpenState opens the state of a module. Errors: InvalidError.
func OpenState(m Module, o Options) (*Stored, error) {
	cfg, diags := m.Load(true)
	if diags.HasErrors() {
		return nil, &InvalidError{Diagnostics: diags, Files: cfg.Files}
	}
	store, err := openStore(cfg)
	if err != nil {
		return nil, err
	}
	return &Stored{store, o.withDefaults()}, nil
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
		next.Serial, next.Writer = at.State.Serial+1, version.Number
		_, err = s.store.CompareAndSwap(ctx, at.Version, next)
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

// locked locks the state, folds in an interrupted run's journal, and works on it.
func (s *Stored) locked(ctx context.Context, operation string, work func(state.Position) error) (err error) {
	lock, err := state.LockWait(ctx, s.store, state.NewLockInfo(operation, s.options.Now()), s.options.LockTimeout)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Unlock()) }()
	journal, err := state.OpenJournal(s.store.JournalPath(), nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, journal.Close()) }()
	at, err := state.CatchUp(ctx, s.store, journal, version.Number)
	if err != nil {
		return err
	}
	if len(at.Open) > 0 {
		return hint(fmt.Errorf("%d calls of an interrupted run are still open", len(at.Open)), "Run kmsplan plan or kmsplan recover first: it finds out what became of them.")
	}
	at, err = state.Commit(ctx, s.store, journal, at, version.Number)
	if err != nil {
		return err
	}
	return work(at)
}

package core

import (
	"kmsplan.dev/kmsplan/internal/emulator/clock"
	"kmsplan.dev/kmsplan/internal/emulator/store"
)

// SaveSnapshot keeps the whole model, the time included, under a name.
func (e *Engine) SaveSnapshot(name string) error {
	e.timeMu.Lock()
	defer e.timeMu.Unlock()
	if err := e.keepClock(); err != nil {
		return err
	}
	return e.Db.Save(name)
}

// LoadSnapshot replaces the whole model. The clock goes on from the instant at
// which the snapshot was taken.
func (e *Engine) LoadSnapshot(name string) error {
	e.timeMu.Lock()
	defer e.timeMu.Unlock()
	if err := e.Db.Load(name); err != nil {
		return err
	}
	state, found := e.keptClock()
	if !found {
		return nil
	}
	state.Wall = e.clock.State().Wall
	return e.clock.Restore(state)
}

// Snapshots returns the names of the snapshots, sorted.
func (e *Engine) Snapshots() ([]string, error) { return e.Db.List() }

// DiffSnapshot tells how the model differs from a snapshot, the clock apart.
func (e *Engine) DiffSnapshot(name string) ([]store.Change, error) {
	all, err := e.Db.Diff(name)
	changes := []store.Change{}
	for _, c := range all {
		if c.Table != e.Table.clock.Name() {
			changes = append(changes, c)
		}
	}
	return changes, err
}

// Reset empties the model and bootstraps it anew: new credentials, a new
// instance, the clock at wall time. Snapshots stay. In the deterministic mode the
// random stream begins anew, so that what follows is what followed the start.
func (e *Engine) Reset() error {
	e.timeMu.Lock()
	defer e.timeMu.Unlock()
	if err := e.Db.Reset(); err != nil {
		return err
	}
	if l, ok := e.Rand.(*lockedReader); ok {
		l.restart()
	}
	wall := e.clock.State().Wall
	if err := e.clock.Restore(clock.State{Virtual: wall, Wall: wall, Rate: 1}); err != nil {
		return err
	}
	_, err := e.BootstrapIn(e.Opts.Region)
	return err
}

package stack

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"kmsplan.dev/kmsplan/internal/safety"
	"kmsplan.dev/kmsplan/internal/state"
)

// existing is the store of a workspace that somebody has made. One that is not there is no new stack: a slip in a name would
// otherwise plan to create everything once more.
type existing struct {
	state.Store
	at    backend
	found atomic.Bool
}

// errNoWorkspace says that nobody has made the workspace that is selected.
var errNoWorkspace = errors.New("there is no such workspace")

// missing is the error of a workspace that is not there.
func missing(b backend) error {
	return hint(fmt.Errorf("the workspace %q is selected, and %w: nothing lies in %s", b.workspace, errNoWorkspace, b.name()),
		"kmsplan workspace list shows those there are, kmsplan workspace new "+b.workspace+" makes this one, and kmsplan workspace select chooses another. "+
			"Where "+WorkspaceVariable+" is set, it has the last word.")
}

func (e *existing) is(v state.Version) error {
	if v.IsZero() && !safety.Off(safety.WorkspaceThere) {
		return missing(e.at)
	}
	e.found.Store(true)
	return nil
}

// Read implements state.Store.
func (e *existing) Read(ctx context.Context) (state.State, state.Version, error) {
	st, v, err := e.Store.Read(ctx)
	if err == nil {
		err = e.is(v)
	}
	return st, v, err
}

// Begin implements state.Store.
func (e *existing) Begin(ctx context.Context) (state.Tx, error) {
	tx, err := e.Store.Begin(ctx)
	if err != nil {
		return nil, err
	}
	_, v := tx.Base()
	if err := e.is(v); err != nil {
		return nil, errors.Join(err, tx.Abandon())
	}
	return tx, nil
}

// Lock implements state.Store. Nothing is locked where nothing is: a lock leaves traces.
func (e *existing) Lock(ctx context.Context, info state.LockInfo) (state.Unlocker, error) {
	if !e.found.Load() {
		if _, _, err := e.Read(ctx); err != nil {
			return nil, err
		}
	}
	return e.Store.Lock(ctx, info)
}

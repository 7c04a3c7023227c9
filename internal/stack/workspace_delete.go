package stack

import (
	"context"
	"fmt"
	"slices"

	"kmsplan.dev/kmsplan/internal/safety"
	"kmsplan.dev/kmsplan/internal/state"
	"kmsplan.dev/kmsplan/internal/state/remote"
)

// InUseError says that a workspace's state has something, which nothing would remember any more.
type InUseError struct {
	Workspace string
	Addresses []string       // of objects and files
	Open      []state.Intent // calls that an interrupted run left
}

func (e *InUseError) Error() string {
	return fmt.Sprintf("the state of the workspace %s holds %d objects and files, and %d calls of an interrupted run are open", e.Workspace, len(e.Addresses), len(e.Open))
}

// Delete takes a workspace away, with its history, and returns what its state held. What that holds is let go with force
// only: objects and files live on, and nothing remembers them. Errors: *InUseError.
func (w *Workspaces) Delete(ctx context.Context, name string, force bool) (held state.Position, err error) {
	switch {
	case name == state.DefaultWorkspace:
		return held, fmt.Errorf("the workspace %s cannot be deleted: every stack has it", name)
	case name == w.Selected:
		return held, hint(fmt.Errorf("the workspace %s is selected, and cannot be deleted while it is", name), "Select another first: kmsplan workspace select "+state.DefaultWorkspace)
	}
	if err := state.CheckWorkspace(name); err != nil {
		return held, err
	}
	there, err := w.List(ctx)
	if err != nil {
		return held, err
	}
	if !slices.Contains(there, name) {
		return held, hint(unknown(name, there), "kmsplan workspace list shows those there are.")
	}
	if held, err = w.discard(ctx, name, force); err != nil {
		return held, err
	}
	if !w.at.remote() {
		return held, nil
	}
	house, err := w.at.in(name).openPlace(ctx, w.with.options.getenv())
	if err == nil {
		err = remote.Vacate(ctx, house)
	}
	if err != nil {
		err = fmt.Errorf("the workspace %s is deleted; taking away the empty place that it leaves: %w", name, err)
	}
	return held, err
}

func (w *Workspaces) discard(ctx context.Context, name string, force bool) (held state.Position, err error) {
	store, err := w.open(w.at.in(name))
	if err != nil {
		return held, err
	}
	err = state.Discard(ctx, store, w.with.options.lockInfo("workspace delete"), w.with.options.LockTimeout, func(at state.Position) error {
		held = at
		addresses, err := state.Select(at.State)
		if err != nil || force || len(addresses)+len(at.Open) == 0 || safety.Off(safety.WorkspaceInUse) {
			return err
		}
		return &InUseError{name, addresses, at.Open}
	})
	return held, err
}

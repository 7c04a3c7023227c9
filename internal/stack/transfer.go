package stack

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"kmsplan.dev/kmsplan/internal/state"
	"kmsplan.dev/kmsplan/internal/state/remote"
	"kmsplan.dev/kmsplan/internal/version"
)

// transfer takes states from one backend to another, or seals them anew in the same one.
type transfer struct {
	to, from backend
	with     opening
}

// errNothing says that a workspace has no state to take along.
var errNothing = errors.New("there is no state")

// all takes along the states of every workspace, and returns what it did, in words. What one that failed left undone the next
// one does: a state that is there already is not stored again, and those of this machine stay in their place until all are.
func (t transfer) all(ctx context.Context) (said []string, err error) {
	if !t.to.remote() && t.to.same(t.from) {
		return []string{"The state lies on this machine, before and after. There is nothing to take along."}, nil
	}
	others, err := t.from.workspaces(ctx, t.with)
	if err != nil {
		return nil, fmt.Errorf("listing the workspaces of %s: %w", t.from.name(), err)
	}
	var took []string
	for _, workspace := range append([]string{state.DefaultWorkspace}, others...) {
		what, err := transfer{t.to.in(workspace), t.from.in(workspace), t.with}.one(ctx)
		switch {
		case errors.Is(err, errNothing) && len(others) > 0:
			continue // who works in others needs none there
		case err != nil && len(others) > 0:
			return said, fmt.Errorf("taking the workspace %s along: %w", workspace, err)
		case err != nil:
			return said, err
		}
		took, said = append(took, workspace), append(said, what)
	}
	switch {
	case t.to.same(t.from):
		return append(said, "The states before stay as they are until ten others follow."), nil
	case t.from.remote():
		return append(said, "What is in the former place stays there."), nil
	}
	aside, err := t.aside(took)
	if err != nil {
		return said, err
	}
	return append(said, "Here it is called "+strings.Join(aside, ", ")+"."), nil
}

// aside gives the states on this machine other names, so that nobody goes on with them.
func (t transfer) aside(workspaces []string) (names []string, err error) {
	for _, workspace := range workspaces {
		name, err := setAside(absolute(t.with.cfg.Dir, state.InWorkspace(t.from.path(), workspace)))
		if err != nil {
			return names, fmt.Errorf("setting the former state aside: %w", err)
		}
		names = append(names, filepath.Base(name))
	}
	return names, nil
}

// one takes the state of one workspace along: one more serial, sealed as the configuration says.
func (t transfer) one(ctx context.Context) (string, error) {
	source, target, err := t.stores()
	if err != nil {
		return "", err
	}
	info := t.with.options.lockInfo("init -migrate-state")
	var serial uint64
	if err := state.Locked(ctx, source, info, t.with.options.LockTimeout, func(at state.Position) (err error) {
		if at.State.Serial == 0 {
			return hint(fmt.Errorf("%w in %s to take along", errNothing, t.from.name()), "Run kmsplan init -reconfigure.")
		}
		if !t.to.same(t.from) {
			serial, err = t.carry(ctx, target, info, at.State)
			return err
		}
		next := at.State.Next(version.Number)
		serial = next.Serial
		_, err = target.CompareAndSwap(ctx, at.Version, next)
		return err
	}); err != nil {
		return "", err
	}
	if t.to.same(t.from) {
		return fmt.Sprintf("The state in %s is sealed anew, with serial %d.", t.to.name(), serial), nil
	}
	return fmt.Sprintf("The state of %s lies in %s now, with serial %d.", t.from.name(), t.to.name(), serial), nil
}

// carry stores a state in its new place, unless it is there already, and returns its serial there.
func (t transfer) carry(ctx context.Context, target state.Store, info state.LockInfo, carried state.State) (serial uint64, err error) {
	err = state.Locked(ctx, target, info, t.with.options.LockTimeout, func(there state.Position) error {
		if serial = there.State.Serial; !there.Version.IsZero() && state.SameContent(there.State, carried) {
			return nil
		}
		next, err := state.CheckPush(there.State, there.Version, carried, false)
		if err == nil {
			serial = next.Serial
			_, err = target.CompareAndSwap(ctx, there.Version, next)
		}
		return err
	})
	return serial, err
}

// stores opens both places. What was sealed in the former one opens by whatever key.
func (t transfer) stores() (source, target state.Store, err error) {
	sealer := remote.Sealer(remote.Clear{})
	if t.to.remote() {
		if sealer, err = t.with.sealer(t.to); err != nil {
			return nil, nil, err
		}
	}
	if t.to.same(t.from) {
		sealer = sealAnew{eitherWay{t.with, t.from}, sealer}
	}
	if target, err = openAny(t.to, t.with, sealer); err != nil || t.to.same(t.from) {
		return target, target, err // in one place, one handle: it holds the server's lock
	}
	source, err = openAny(t.from, t.with, eitherWay{t.with, t.from})
	return source, target, err
}

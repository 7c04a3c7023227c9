package stack

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"kmsplan.dev/kmsplan/internal/state"
	"kmsplan.dev/kmsplan/internal/state/local"
	"kmsplan.dev/kmsplan/internal/state/remote"
	"kmsplan.dev/kmsplan/internal/suggest"
	"kmsplan.dev/kmsplan/internal/version"
)

// Workspaces are those of a module. Close them.
type Workspaces struct {
	Selected string

	module Module
	with   opening
	at     backend
	seen   *notes
	end    func() error
}

// OpenWorkspaces opens the backend of a module. It calls nobody. Errors: InvalidError.
func OpenWorkspaces(m Module, o Options) (*Workspaces, error) {
	cfg, diags := m.Load(true)
	if diags.HasErrors() {
		return nil, &InvalidError{Diagnostics: diags, Files: cfg.Files}
	}
	b, seen, err := prepared(cfg)
	if err != nil {
		return nil, err
	}
	o = o.withDefaults()
	gateways := newGateways(cfg, o)
	return &Workspaces{Selected: cfg.Workspace, module: m, with: opening{cfg, o, gateways}, at: b, seen: seen, end: gateways.Close}, nil
}

// Close ends what was started to open states.
func (w *Workspaces) Close() error { return w.end() }

// List names the workspaces that there are, the default one first.
func (w *Workspaces) List(ctx context.Context) ([]string, error) {
	names, err := w.at.workspaces(ctx, w.with)
	if err != nil {
		return nil, fmt.Errorf("listing the workspaces of %s: %w", w.at.in("").name(), err)
	}
	return append([]string{state.DefaultWorkspace}, names...), nil
}

// workspaces names those of a backend that there are besides the default one, sorted.
func (b backend) workspaces(ctx context.Context, with opening) ([]string, error) {
	if b.remote() {
		house, err := b.openPlace(ctx, with.options.getenv())
		if err != nil {
			return nil, err
		}
		return remote.Workspaces(ctx, house)
	}
	path, err := with.options.inside(with.cfg.Dir, b.path(), theState)
	if err != nil {
		return nil, err
	}
	return local.Workspaces(path)
}

// New makes a workspace, with a state that has nothing yet, and selects it.
func (w *Workspaces) New(ctx context.Context, name string) error {
	if err := w.mayBeSelected(name); err != nil {
		return err
	}
	there, err := w.List(ctx)
	if err != nil {
		return err
	}
	for _, other := range there {
		if other == name {
			return hint(fmt.Errorf("there is a workspace %q already", name), "Run: kmsplan workspace select "+name)
		}
		if strings.EqualFold(other, name) {
			return fmt.Errorf("there is a workspace %q, and %q differs from it in capitals only, which not every store tells apart; choose another name", other, name)
		}
	}
	if err := w.make(ctx, name); err != nil {
		return fmt.Errorf("making the workspace %s: %w", name, err)
	}
	return remember(w.module.Dir, name)
}

func (w *Workspaces) make(ctx context.Context, name string) error {
	b := w.at.in(name)
	store, err := w.open(b)
	if err != nil {
		return err
	}
	if _, v, err := store.Read(ctx); err != nil || !v.IsZero() {
		return errors.Join(err, occupied(b, v))
	}
	return state.Locked(ctx, store, w.with.options.lockInfo("workspace new"), w.with.options.LockTimeout, func(at state.Position) error {
		if !at.Version.IsZero() {
			return occupied(b, at.Version)
		}
		_, err := store.CompareAndSwap(ctx, at.Version, at.State.Next(version.Number))
		return err
	})
}

// occupied is the error of a place that is another stack's, or that somebody was faster in.
func occupied(b backend, v state.Version) error {
	if v.IsZero() {
		return nil
	}
	return fmt.Errorf("something lies in %s already: %s", b.name(), v)
}

// Select chooses the workspace that commands of this directory work in, and reports whether it had to make it.
func (w *Workspaces) Select(ctx context.Context, name string, create bool) (made bool, err error) {
	if err := w.mayBeSelected(name); err != nil {
		return false, err
	}
	there, err := w.List(ctx)
	if err != nil {
		return false, err
	}
	switch {
	case slices.Contains(there, name):
		return false, remember(w.module.Dir, name)
	case create:
		return true, w.New(ctx, name)
	}
	return false, hint(unknown(name, there), "kmsplan workspace new "+name+" makes it.")
}

func unknown(name string, there []string) error {
	return fmt.Errorf("there is no workspace %q%s", name, suggest.Clause(name, there))
}

// mayBeSelected refuses what would have no effect, because the environment has the last word.
func (w *Workspaces) mayBeSelected(name string) error {
	if err := state.CheckWorkspace(name); err != nil {
		return err
	}
	if given, ok := w.module.given(); ok && given != name {
		return hint(fmt.Errorf("%s=%s is set, and has the last word: %q would be selected without effect", WorkspaceVariable, given, name), "Unset the variable, or set it to the workspace.")
	}
	return nil
}

// open opens the store of a workspace, whether or not it is there.
func (w *Workspaces) open(b backend) (state.Store, error) {
	store, err := b.open(w.with, w.seen)
	if err != nil {
		return nil, err
	}
	o := w.with.options
	return &announced{Store: store, waiting: o.waiting, patient: o.LockTimeout > 0}, nil
}

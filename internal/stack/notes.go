package stack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"sync"
	"time"

	"kmsplan.dev/kmsplan/internal/durable"
	"kmsplan.dev/kmsplan/internal/kind"
	"kmsplan.dev/kmsplan/internal/safety"
	"kmsplan.dev/kmsplan/internal/state"
)

// notes are what this machine remembers of a backend, in .kmsplan/backend.json: which one init has prepared, and the
// last state that was seen in it. No credential is among them.
type notes struct {
	Backend  string            `json:"backend,omitempty"`
	Config   map[string]string `json:"config,omitempty"`
	Given    map[string]string `json:"given,omitempty"` // of -backend-config
	Measured string            `json:"measured,omitempty"`
	At       time.Time         `json:"at,omitzero"`
	sighting                   // in the default workspace
	// Workspaces are the last states that were seen in others.
	Workspaces map[string]sighting `json:"workspaces,omitempty"`
}

// sighting is the last state that was seen.
type sighting struct {
	Lineage string `json:"lineage,omitempty"`
	Serial  uint64 `json:"serial,omitempty"`
	Digest  string `json:"digest,omitempty"`
}

// seenIn is what was seen in a workspace.
func (n notes) seenIn(workspace string) sighting {
	if isDefault(workspace) || safety.Off(safety.WorkspaceWitness) {
		return n.sighting
	}
	return n.Workspaces[workspace]
}

// see notes what was seen in a workspace; the zero sighting forgets it.
func (n *notes) see(workspace string, s sighting) {
	switch {
	case isDefault(workspace):
		n.sighting = s
	case s == sighting{}:
		n.Workspaces = maps.Clone(n.Workspaces)
		delete(n.Workspaces, workspace)
	default:
		n.Workspaces = maps.Clone(n.Workspaces)
		if n.Workspaces == nil {
			n.Workspaces = map[string]sighting{}
		}
		n.Workspaces[workspace] = s
	}
}

func isDefault(workspace string) bool { return workspace == "" || workspace == state.DefaultWorkspace }

func notesFile(dir string) string { return filepath.Join(dir, ".kmsplan", "backend.json") }

// readNotes reads them; there may be none.
func readNotes(dir string) (notes, error) {
	var n notes
	data, err := os.ReadFile(notesFile(dir))
	if errors.Is(err, fs.ErrNotExist) {
		return n, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &n)
	}
	if err != nil {
		return n, hint(fmt.Errorf("read %s: %w", notesFile(dir), err), "Remove the file and run kmsplan init again.")
	}
	return n, nil
}

func (n notes) write(dir string) error {
	data, err := json.MarshalIndent(n, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(notesFile(dir)), 0o700); err != nil {
		return err
	}
	return durable.WriteFile(notesFile(dir), append(data, '\n'), 0o600)
}

// of reports whether init has prepared this backend.
func (n notes) of(b backend) bool { return b.same(n.backend()) }

// backend is the one that was prepared: where nothing was, that of a module that names none.
func (n notes) backend() backend {
	if n.Backend == "" {
		return backend{kind: kind.DefaultBackend}
	}
	return backend{kind: n.Backend, config: n.Config}
}

// witnessed is a store that is held to what this machine has seen of it: an older state, or another stack's, that
// somebody put in its place is refused.
type witnessed struct {
	state.Store
	dir       string
	name      string
	workspace string
	least     uint64 // of -min-serial; 0 = none

	mu   sync.Mutex
	last state.Version
}

// Read implements state.Store.
func (w *witnessed) Read(ctx context.Context) (state.State, state.Version, error) {
	st, v, err := w.Store.Read(ctx)
	if err == nil {
		err = w.saw(v)
	}
	return st, v, err
}

// Begin implements state.Store.
func (w *witnessed) Begin(ctx context.Context) (state.Tx, error) {
	tx, err := w.Store.Begin(ctx)
	if err != nil {
		return nil, err
	}
	if _, v := tx.Base(); err == nil {
		err = w.saw(v)
	}
	if err != nil {
		return nil, errors.Join(err, tx.Abandon())
	}
	return &witnessedTx{tx, w}, nil
}

// CompareAndSwap implements state.Store.
func (w *witnessed) CompareAndSwap(ctx context.Context, old state.Version, next state.State) (state.Version, error) {
	v, err := w.Store.CompareAndSwap(ctx, old, next)
	return v, w.wrote(v, err)
}

// Replace implements state.Store.
func (w *witnessed) Replace(ctx context.Context, old state.Version, next state.State) (state.Version, error) {
	v, err := w.Store.Replace(ctx, old, next)
	return v, w.wrote(v, err)
}

type witnessedTx struct {
	state.Tx
	w *witnessed
}

// Commit implements state.Tx.
func (t *witnessedTx) Commit(ctx context.Context, next *state.State, carried []state.Entry) (state.Version, error) {
	v, err := t.Tx.Commit(ctx, next, carried)
	return v, t.w.wrote(v, err)
}

// Remove implements state.Tx: what was seen of a state that is removed is forgotten.
func (t *witnessedTx) Remove(ctx context.Context) error {
	if err := t.Tx.Remove(ctx); err != nil {
		return err
	}
	t.w.mu.Lock()
	defer t.w.mu.Unlock()
	n, err := readNotes(t.w.dir)
	if err != nil || n.seenIn(t.w.workspace) == (sighting{}) {
		return err
	}
	t.w.last = state.Version{}
	n.see(t.w.workspace, sighting{})
	return n.write(t.w.dir)
}

// wrote remembers a version that this process stored.
func (w *witnessed) wrote(v state.Version, err error) error {
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	n, err := readNotes(w.dir)
	if err != nil {
		return err
	}
	return w.remember(n, v)
}

// remember keeps a version as the last that was seen.
func (w *witnessed) remember(n notes, v state.Version) error {
	w.last = v
	if v.IsZero() || v == state.Version(n.seenIn(w.workspace)) {
		return nil
	}
	n.see(w.workspace, sighting(v))
	return n.write(w.dir)
}

// saw holds a version against what was seen before, and remembers it.
func (w *witnessed) saw(v state.Version) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if v.Serial < w.least && !safety.Off(safety.LeastSerial) {
		return hint(fmt.Errorf("the state in %s has serial %d, and -min-serial demands %d", w.name, v.Serial, w.least),
			"Somebody put an older state in its place, or the number is another stack's. Nothing was changed.")
	}
	if v == w.last && !v.IsZero() {
		return nil
	}
	n, err := readNotes(w.dir)
	if err != nil {
		return err
	}
	seen := n.seenIn(w.workspace)
	older := seen.Lineage != "" && (v.Serial < seen.Serial || v.Lineage != seen.Lineage || v.Serial == seen.Serial && v.Digest != seen.Digest)
	if older && w.least == 0 && !safety.Off(safety.SeenSerial) {
		return hint(fmt.Errorf("the state in %s is %s, and this machine has seen serial %d of lineage %s in it", w.name, v, seen.Serial, seen.Lineage),
			fmt.Sprintf("Somebody put an older or another state in its place. If that was meant, say so: -min-serial=%d, or kmsplan init -reconfigure. Nothing was changed.", v.Serial))
	}
	return w.remember(n, v)
}

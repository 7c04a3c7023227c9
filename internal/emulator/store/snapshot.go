package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"kmsplan.dev/kmsplan/internal/durable"
	"kmsplan.dev/kmsplan/internal/pattern"
)

const (
	snapshotDir  = "snapshots"
	snapshotExt  = ".snapshot"
	snapshotSeal = "snapshot\x00"
)

var snapshotName = pattern.New(`^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$`)

// ErrNoSnapshot says that no snapshot has the name.
var ErrNoSnapshot = errors.New("no such snapshot")

// Change is one difference between a snapshot and the present model. It names
// fields, never values.
type Change struct {
	Table  string   `json:"table"`
	Key    string   `json:"key"`
	Kind   string   `json:"kind"`             // added, removed or changed since the snapshot
	Fields []string `json:"fields,omitempty"` // of a changed record, sorted
}

// Save keeps the whole model under a name, replacing an older snapshot of that
// name. Names are letters, digits, ".", "_" and "-", at most 100.
func (db *DB) Save(name string) error {
	if !snapshotName.MatchString(name) {
		return fmt.Errorf("save snapshot: %q is not a valid name (letters, digits, . _ -, at most 100)", name)
	}
	db.writing.Lock()
	defer db.writing.Unlock()
	root := records(db.root.Load())
	if db.disk == nil {
		db.saved[name] = root
		return nil
	}
	all := map[string][]byte{}
	for place, e := range root.from(0) {
		all[place] = e.encoded()
	}
	text, err := json.Marshal(all)
	if err != nil {
		return fmt.Errorf("save snapshot %q: %w", name, err)
	}
	dir := filepath.Join(db.dir, snapshotDir)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("save snapshot %q: %w", name, err)
	}
	if err := durable.WriteFile(db.snapshotPath(name), db.seal.seal(snapshotSeal+name, text), 0o600); err != nil {
		return fmt.Errorf("save snapshot %q: %w", name, err)
	}
	return syncDir(dir)
}

// Load replaces the whole model by a snapshot, in one durable step.
func (db *DB) Load(name string) error {
	saved, err := db.readSnapshot(name)
	if err != nil {
		return fmt.Errorf("load snapshot: %w", err)
	}
	if err := db.replace(saved); err != nil {
		return fmt.Errorf("load snapshot %q: %w", name, err)
	}
	return nil
}

// Reset empties the model. Snapshots stay.
func (db *DB) Reset() error {
	if err := db.replace(nil); err != nil {
		return fmt.Errorf("reset the emulator: %w", err)
	}
	return nil
}

// List returns the names of the snapshots, sorted.
func (db *DB) List() ([]string, error) {
	if db.disk == nil {
		db.writing.Lock()
		defer db.writing.Unlock()
		return slices.Sorted(maps.Keys(db.saved)), nil
	}
	files, err := os.ReadDir(filepath.Join(db.dir, snapshotDir))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("list snapshots: %w", err)
	}
	names := []string{}
	for _, f := range files {
		if name, ok := strings.CutSuffix(f.Name(), snapshotExt); ok && snapshotName.MatchString(name) {
			names = append(names, name)
		}
	}
	return names, nil
}

// Diff tells how the present model differs from a snapshot, in order of table
// and key.
func (db *DB) Diff(name string) ([]Change, error) {
	old, err := db.readSnapshot(name)
	if err != nil {
		return nil, fmt.Errorf("compare with snapshot: %w", err)
	}
	now := records(db.root.Load())
	if old, err = db.decoded(old); err != nil { // both sides as this version writes them
		return nil, fmt.Errorf("compare with snapshot %q: %w", name, err)
	}
	changes := []Change{}
	for place, e := range now.from(0) {
		was, ok := old.get(place)
		switch {
		case !ok:
			changes = append(changes, change(place, "added", nil))
		default:
			before, after := was.encoded(), e.encoded()
			if string(before) != string(after) {
				changes = append(changes, change(place, "changed", changedFields(before, after)))
			}
		}
	}
	for place := range old.from(0) {
		if _, ok := now.get(place); !ok {
			changes = append(changes, change(place, "removed", nil))
		}
	}
	slices.SortFunc(changes, func(a, b Change) int {
		return strings.Compare(a.Table+"\x00"+a.Key, b.Table+"\x00"+b.Key)
	})
	return changes, nil
}

func change(place, kind string, fields []string) Change {
	table, key, _ := strings.Cut(strings.TrimPrefix(place, "r"), "\x00")
	return Change{Table: table, Key: key, Kind: kind, Fields: fields}
}

func changedFields(a, b []byte) []string {
	var x, y map[string]json.RawMessage
	if json.Unmarshal(a, &x) != nil || json.Unmarshal(b, &y) != nil {
		return nil
	}
	fields := map[string]bool{}
	for k := range x {
		fields[k] = string(x[k]) != string(y[k])
	}
	for k := range y {
		fields[k] = string(x[k]) != string(y[k])
	}
	maps.DeleteFunc(fields, func(_ string, differs bool) bool { return !differs })
	return slices.Sorted(maps.Keys(fields))
}

func (db *DB) snapshotPath(name string) string {
	return filepath.Join(db.dir, snapshotDir, name+snapshotExt)
}

func (db *DB) readSnapshot(name string) (*tree, error) {
	if db.disk == nil {
		db.writing.Lock()
		defer db.writing.Unlock()
		root, ok := db.saved[name]
		if !ok {
			return nil, fmt.Errorf("%w: %q", ErrNoSnapshot, name)
		}
		return root, nil
	}
	if !snapshotName.MatchString(name) {
		return nil, fmt.Errorf("%w: %q", ErrNoSnapshot, name)
	}
	sealed, err := os.ReadFile(db.snapshotPath(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %q", ErrNoSnapshot, name)
	}
	if err != nil {
		return nil, err
	}
	text, err := db.seal.open(snapshotSeal+name, sealed)
	if err != nil {
		return nil, fmt.Errorf("snapshot %q is damaged, was renamed, or belongs to another root key", name)
	}
	all := map[string][]byte{}
	if err := json.Unmarshal(text, &all); err != nil {
		return nil, fmt.Errorf("snapshot %q: %w", name, err)
	}
	b := builder{seed: db.seed}
	for _, place := range slices.Sorted(maps.Keys(all)) {
		b.add(place, &entry{plain: all[place]})
	}
	return b.tree(), nil
}

// decoded is a snapshot's records with those of the attached tables decoded.
func (db *DB) decoded(saved *tree) (*tree, error) {
	db.writing.Lock()
	defer db.writing.Unlock()
	root, err := records(saved).attach(db.seed, db.attached)
	return records(root), err
}

// replace makes the records of want the whole model.
func (db *DB) replace(want *tree) error {
	db.writing.Lock()
	defer db.writing.Unlock()
	if db.closed {
		return ErrClosed
	}
	root, err := records(want).attach(db.seed, db.attached)
	if err != nil {
		return err
	}
	changes := map[string]*entry{}
	for place := range records(db.root.Load()).from(0) {
		changes[place] = nil
	}
	for place, e := range want.from(0) {
		changes[place] = e
	}
	if err := db.persist(changes); err != nil {
		return err
	}
	db.show(root)
	db.history.forget() // another model's past
	return nil
}

// records drops the index entries of a model.
func records(root *tree) *tree {
	_, records := root.split("r")
	records, _ = records.split("s")
	return records
}

package local

import (
	"cmp"
	"context"
	"os"
	"slices"

	"kmsplan.dev/kmsplan/internal/state"
)

// History implements state.Store. The state file may be newer than what is kept beside it, and what is damaged there is named.
func (l *Store) History(ctx context.Context) ([]state.Kept, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	kept, err := l.kept()
	if err != nil {
		return nil, err
	}
	var all []state.Kept
	current, err := l.read()
	if err == nil && !current.isZero() {
		all = append(all, l.keptAs(current))
	}
	for _, g := range kept {
		k, ok := l.keptAt(g)
		if ok && !slices.ContainsFunc(all, func(other state.Kept) bool { return other.Version == k.Version }) {
			all = append(all, k)
		}
	}
	slices.SortStableFunc(all, func(a, b state.Kept) int { return cmp.Compare(b.Version.Serial, a.Version.Serial) })
	return all, err
}

// keptAt reads one generation; false when it was pruned since it was listed.
func (l *Store) keptAt(g generation) (state.Kept, bool) {
	path := l.pathOf(g)
	data, err := l.readFile(path)
	if err == nil && data == nil {
		return state.Kept{}, false
	}
	var d document
	if err == nil {
		d, err = decode(path, data)
	}
	if err != nil {
		return state.Kept{Version: state.Version{Serial: g.serial}, Problem: err.Error()}, true
	}
	return l.keptAs(d), true
}

func (l *Store) keptAs(d document) state.Kept {
	k := state.Kept{Version: d.version, Writer: d.state.Writer}
	if d.state.Stored != nil {
		k.Stored = *d.state.Stored
	} else if info, err := os.Stat(d.path); err == nil {
		k.Stored.At = info.ModTime().UTC()
	}
	return k
}

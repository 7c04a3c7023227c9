package local

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"kmsplan.dev/kmsplan/internal/durable"
)

// keptGenerations is how many serials stay in STATE.d, the current one included.
const keptGenerations = 10

// generation names a kept state: STATE.d/000123.json for serial 123. A later try, 000123.1.json, stands beside one
// that is damaged.
type generation struct {
	serial uint64
	try    int
}

func (g generation) name() string {
	if g.try == 0 {
		return fmt.Sprintf("%06d.json", g.serial)
	}
	return fmt.Sprintf("%06d.%d.json", g.serial, g.try)
}

func parseGeneration(name string) (g generation, ok bool) {
	text, ok := strings.CutSuffix(name, ".json")
	digits, try, more := strings.Cut(text, ".")
	serial, err := strconv.ParseUint(digits, 10, 64)
	if err == nil && more {
		g.try, err = strconv.Atoi(try)
	}
	g.serial = serial
	return g, ok && err == nil && g.try >= 0
}

func (l *Store) pathOf(g generation) string { return filepath.Join(l.generations(), g.name()) }

// kept lists the generations, oldest first.
func (l *Store) kept() ([]generation, error) {
	names, err := os.ReadDir(l.generations())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the generations of the state: %w", err)
	}
	var kept []generation
	for _, n := range names {
		if g, ok := parseGeneration(n.Name()); ok {
			kept = append(kept, g)
		}
	}
	slices.SortFunc(kept, func(a, b generation) int {
		return cmp.Or(cmp.Compare(a.serial, b.serial), cmp.Compare(a.try, b.try))
	})
	return kept, nil
}

// wholeGeneration returns the newest generation among the wanted serials that is whole, or none. Those that were listed may be
// pruned before they are read, by others that wrote ten more: then there are newer ones.
func (l *Store) wholeGeneration(wanted func(serial uint64) bool) (document, error) {
	for {
		kept, err := l.kept()
		if err != nil {
			return document{}, err
		}
		l.opts.Fail.Hit("state.listed")
		d, gone := l.newestWhole(kept, wanted)
		if !d.isZero() || !gone {
			return d, nil
		}
	}
}

// newestWhole returns the newest of the generations that is wanted and whole, or none, and whether one of them is gone.
func (l *Store) newestWhole(kept []generation, wanted func(serial uint64) bool) (d document, gone bool) {
	for _, g := range slices.Backward(kept) {
		if !wanted(g.serial) {
			continue
		}
		data, err := l.readFile(l.pathOf(g))
		if err == nil && data == nil {
			gone = true
		}
		if err != nil {
			continue
		}
		if d, err := decode(l.pathOf(g), data); err == nil && d.state.Serial == g.serial {
			return d, gone
		}
	}
	return document{}, gone
}

// prune removes the oldest generations. One that cannot be removed does no harm
// and is tried again at the next write, so failures are not reported.
func (l *Store) prune(dir *durable.Dir, current uint64) {
	kept, err := l.kept()
	if err != nil {
		return
	}
	for _, g := range kept {
		if g.serial+keptGenerations <= current {
			_ = dir.Root().Remove(g.name())
		}
	}
}

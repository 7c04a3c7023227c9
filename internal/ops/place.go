package ops

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"unicode/utf8"

	"kmsplan.dev/kmsplan/internal/safety"
	"kmsplan.dev/kmsplan/internal/state"
)

// place is a file below a directory that no step leaves.
type place struct {
	root *os.Root
	name string // slash-separated, relative to root
	// shown is the path as its caller gave it, for messages; "" = name.
	shown string
	// owned says what of kmsplan's or git's own writing here would destroy, or ""; nil = nothing. It is asked
	// again at the moment of writing, because links change.
	owned func(name string) string
}

// String is the whole path, as its caller gave it.
func (p place) String() string { return shown(cmp.Or(p.shown, p.name)) }

// shown is a path for a message: bytes that are part of no character as \xHH.
func shown(p string) string {
	if utf8.ValidString(p) {
		return p
	}
	text, _ := state.PathText(p).MarshalText() // never fails
	return string(text)
}

// writable refuses a place that is not its block's to write.
func (p place) writable() error {
	if p.owned == nil || safety.Off(safety.OwnedPlaces) {
		return nil
	}
	if what := p.owned(p.name); what != "" {
		return fmt.Errorf("%s is %s, which no data block may write over; give the block another output", p, what)
	}
	return nil
}

// at opens the directory a path is in.
func at(p string) (place, error) {
	shown, dir, name := p, filepath.Dir(filepath.Clean(p)), filepath.Base(filepath.Clean(p))
	root, err := os.OpenRoot(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return place{}, missing{p}
	}
	if err != nil {
		return place{}, fmt.Errorf("open the directory of %s: %w", p, err)
	}
	return place{root: root, name: name, shown: shown}, nil
}

// atNew is at for a file that will be written: the directory may be missing, and nothing is
// made before there is something to write.
func atNew(p string) (place, error) {
	shown, dir, name := p, filepath.Dir(filepath.Clean(p)), filepath.Base(filepath.Clean(p))
	for {
		root, err := os.OpenRoot(dir)
		if err == nil {
			return place{root: root, name: name, shown: shown}, nil
		}
		parent := filepath.Dir(dir)
		if !errors.Is(err, fs.ErrNotExist) || parent == dir {
			return place{}, fmt.Errorf("open the directory of %s: %w", p, err)
		}
		name, dir = path.Join(filepath.Base(dir), name), parent
	}
}

func (p place) close() { p.root.Close() }

// full is the path as the caller would write it.
func (p place) full() string { return path.Join(filepath.ToSlash(p.root.Name()), p.name) }

// sameFile reports whether both places are one file, by any of its names.
func sameFile(a, b place) bool {
	ai, aerr := a.root.Lstat(a.name)
	bi, berr := b.root.Lstat(b.name)
	if aerr == nil && berr == nil {
		return os.SameFile(ai, bi) && !safety.Off(safety.OverItself)
	}
	return filepath.Clean(a.full()) == filepath.Clean(b.full())
}

// slash makes a configured path one of a rooted directory.
func slash(p string) string { return filepath.ToSlash(filepath.Clean(p)) }

package ops

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
)

// place is a file below a directory that no step leaves.
type place struct {
	root *os.Root
	name string // slash-separated, relative to root
}

// at opens the directory a path is in.
func at(p string) (place, error) {
	dir, name := split(p)
	root, err := os.OpenRoot(dir)
	if err != nil {
		return place{}, fmt.Errorf("open the directory of %s: %w", p, err)
	}
	return place{root, name}, nil
}

// atNew is at for a file that will be written: the directory may be missing, and nothing is
// made before there is something to write.
func atNew(p string) (place, error) {
	dir, name := split(p)
	for {
		root, err := os.OpenRoot(dir)
		if err == nil {
			return place{root, name}, nil
		}
		parent := filepath.Dir(dir)
		if !errors.Is(err, fs.ErrNotExist) || parent == dir {
			return place{}, fmt.Errorf("open the directory of %s: %w", p, err)
		}
		name, dir = path.Join(filepath.Base(dir), name), parent
	}
}

// split is filepath.Split without an empty half.
func split(p string) (dir, name string) {
	p = filepath.Clean(p)
	return filepath.Dir(p), filepath.Base(p)
}

func (p place) close() { p.root.Close() }

// full is the path as the caller would write it.
func (p place) full() string { return path.Join(filepath.ToSlash(p.root.Name()), p.name) }

// sameFile reports whether both places are one file, by any of its names.
func sameFile(a, b place) bool {
	ai, aerr := a.root.Lstat(a.name)
	bi, berr := b.root.Lstat(b.name)
	if aerr == nil && berr == nil {
		return os.SameFile(ai, bi)
	}
	return filepath.Clean(a.full()) == filepath.Clean(b.full())
}

// slash makes a configured path one of a rooted directory.
func slash(p string) string { return filepath.ToSlash(filepath.Clean(p)) }

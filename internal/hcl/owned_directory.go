package hcl

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

// directory is what is known of a directory that files are written into.
type directory struct {
	info  os.FileInfo // of what is there; nil = it does not exist yet
	real  string      // absolute, links followed
	among string      // whose files it holds, or ""
}

// directories are those that were looked at. One that is still the same directory, by device and inode, is not looked at
// again: a call with a thousand files costs one look and a thousand comparisons.
type directories struct {
	mu  sync.Mutex
	all map[string]directory
}

func newDirectories() *directories { return &directories{all: map[string]directory{}} }

// directory is what dir is now. Of one that does not exist, the part that does is followed.
func (o *Owned) directory(dir string) (directory, error) {
	info, err := os.Stat(dir)
	if errors.Is(err, fs.ErrNotExist) && filepath.Dir(dir) != dir {
		above, err := o.directory(filepath.Dir(dir))
		above.info, above.real = nil, filepath.Join(above.real, filepath.Base(dir))
		return above, err
	}
	if err != nil {
		return directory{}, err
	}
	o.seen.mu.Lock()
	known, ok := o.seen.all[dir]
	o.seen.mu.Unlock()
	if ok && os.SameFile(known.info, info) {
		return known, nil
	}
	d, err := o.lookAt(dir)
	if err == nil {
		o.seen.mu.Lock()
		defer o.seen.mu.Unlock()
		o.seen.all[dir] = d
	}
	return d, err
}

func (o *Owned) lookAt(dir string) (directory, error) {
	real, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return directory{}, err
	}
	if real, err = filepath.Abs(real); err != nil {
		return directory{}, err
	}
	info, err := os.Stat(real) // of what was found, whatever the name leads to by now
	if err != nil {
		return directory{}, err
	}
	d := directory{info: info, real: real, among: amongEmulator(real)}
	if dir != o.dir {
		base, err := o.directory(o.dir)
		if err != nil {
			return directory{}, err
		}
		d.among = cmp.Or(o.sameTree(base.real, real), d.among)
	}
	return d, nil
}

// sameTree compares a directory and those above it with the owned ones: a mounted or differently spelt
// directory is the same directory.
func (o *Owned) sameTree(base, dir string) string {
	for ; dir != base && within(filepath.ToSlash(dir), filepath.ToSlash(base)); dir = filepath.Dir(dir) {
		info, err := os.Stat(dir)
		if err != nil {
			continue
		}
		for _, t := range o.trees {
			if owned, err := os.Stat(o.at(t.path)); err == nil && os.SameFile(owned, info) {
				return t.what
			}
		}
	}
	return ""
}

package scratch

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Dir is a directory that this run alone uses, mode 0700.
type Dir struct {
	Path     string
	InMemory bool // nothing of it is written to a disk, unless the system swaps
	lock     *os.File
}

// lockEnding is that of the file beside a run's directory, which the run has locked for as long as it lives.
const lockEnding = ".lock"

// Make makes a directory below the first of the bases that will do: it must be there, and what is in it for this user
// must be this user's alone. What dead runs left below any of them goes first.
func Make(bases []string) (*Dir, error) {
	var refused []error
	for _, base := range bases {
		own, err := ownIn(base)
		if err != nil {
			refused = append(refused, err)
			continue
		}
		sweep(own)
	}
	for _, base := range bases {
		own, err := ownIn(base)
		if err != nil {
			continue
		}
		d, err := makeIn(own)
		if err == nil {
			d.InMemory = inMemory(base)
			return d, nil
		}
		refused = append(refused, err)
	}
	return nil, fmt.Errorf("no private directory could be made: %w", errors.Join(refused...))
}

// Sweep removes what dead runs left below the bases. It is no matter if there is nothing.
func Sweep(bases []string) {
	for _, base := range bases {
		if own := filepath.Join(base, ownName()); private(own) == nil {
			sweep(own)
		}
	}
}

// ownIn is the directory of this user below a base, made where it is missing.
func ownIn(base string) (string, error) {
	if !filepath.IsAbs(base) {
		return "", fmt.Errorf("%q is no absolute path", base)
	}
	own := filepath.Join(base, ownName())
	if err := os.Mkdir(own, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return "", err
	}
	return own, private(own)
}

// private refuses a directory that others may enter, or that another user put there.
func private(path string) error {
	info, err := os.Lstat(path)
	switch {
	case err != nil:
		return err
	case !info.IsDir():
		return fmt.Errorf("%s is no directory", path)
	case !ours(info):
		return fmt.Errorf("%s is not this user's alone; whoever put it there should remove it", path)
	}
	return nil
}

func makeIn(own string) (*Dir, error) {
	for range 10 {
		lock, err := os.CreateTemp(own, "run-*"+lockEnding)
		if err != nil {
			return nil, err
		}
		if !held(lock) { // a sweep came between
			lock.Close()
			continue
		}
		path := strings.TrimSuffix(lock.Name(), lockEnding)
		if err := os.Mkdir(path, 0o700); err != nil {
			return nil, errors.Join(err, os.Remove(lock.Name()), lock.Close())
		}
		return &Dir{Path: path, lock: lock}, nil
	}
	return nil, fmt.Errorf("%s: other runs were in the way", own)
}

// Remove removes the directory with all that is in it. A second time it does nothing.
func (d *Dir) Remove() error {
	if d.lock == nil {
		return nil
	}
	err := os.RemoveAll(d.Path)
	if err == nil {
		err = os.Remove(d.lock.Name()) // what could not be removed a later run tries again
	}
	err = errors.Join(err, d.lock.Close())
	d.lock = nil
	return err
}

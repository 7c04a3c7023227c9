package hcl

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
)

// maxOwned bounds how many files of a directory that is owned are compared with a hard link.
const maxOwned = 2000

type ownedFile struct {
	info os.FileInfo
	what string
}

// Reaches is Named for what the path leads to on this machine: through linked directories and files, by
// another name of the same directory, as a hard link, or by what it holds: a saved plan, a state, a journal, another
// emulator's data. A path that leaves the module is others' to refuse.
func (o *Owned) Reaches(name string) string {
	if what := o.Named(name); what != "" {
		return what
	}
	base, err := o.resolve(o.dir)
	if err != nil {
		return ""
	}
	file := o.at(name)
	dir, err := o.resolve(filepath.Dir(file))
	if err != nil {
		return ""
	}
	real := filepath.Join(dir, filepath.Base(file))
	info, err := os.Lstat(real)
	if err == nil && info.Mode()&fs.ModeSymlink != 0 {
		if target, err := filepath.EvalSymlinks(real); err == nil {
			real = target
		}
		info, err = os.Stat(real)
	}
	if rel, relErr := filepath.Rel(base, real); relErr == nil {
		if what := o.Named(filepath.ToSlash(rel)); what != "" {
			return what
		}
	}
	if what := o.sameTree(base, filepath.Dir(real)); what != "" {
		return what
	}
	if err == nil && info.Mode().IsRegular() {
		if what := cmp.Or(o.linkedTo(info), contentOwned(real)); what != "" {
			return what
		}
	}
	return strangers(real)
}

// linkedTo says what a file is that has another name among those that are owned, or "".
func (o *Owned) linkedTo(info os.FileInfo) string {
	if !linked(info) {
		return ""
	}
	o.once.Do(o.list)
	for _, k := range o.known {
		if os.SameFile(k.info, info) {
			return k.what
		}
	}
	return ""
}

// ReachesNow is Reaches for the moment of writing: nothing that was found out before is relied on.
func (o *Owned) ReachesNow(name string) string {
	now := &Owned{dir: o.dir, states: o.states, trees: o.trees, files: o.files, all: o.all, resolved: map[string]string{}}
	return now.Reaches(name)
}

// linked reports whether a file may have several names. Where the system does not say, it may.
func linked(info os.FileInfo) bool {
	facts := reflect.Indirect(reflect.ValueOf(info.Sys()))
	if facts.Kind() != reflect.Struct {
		return true
	}
	n := facts.FieldByName("Nlink")
	return !n.IsValid() || !n.CanUint() || n.Uint() > 1
}

// resolve follows the links of a directory, of the part of it that exists.
func (o *Owned) resolve(dir string) (string, error) {
	o.mu.Lock()
	real, ok := o.resolved[dir]
	o.mu.Unlock()
	if ok {
		return real, nil
	}
	real, err := filepath.EvalSymlinks(dir)
	if errors.Is(err, fs.ErrNotExist) && filepath.Dir(dir) != dir {
		parent, err := o.resolve(filepath.Dir(dir))
		return filepath.Join(parent, filepath.Base(dir)), err // not kept: it may be made later
	}
	if err == nil {
		real, err = filepath.Abs(real)
	}
	if err == nil {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.resolved[dir] = real
	}
	return real, err
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

// list gathers the files that are owned now, to tell hard links to them.
func (o *Owned) list() {
	entries, _ := os.ReadDir(o.dir) // what cannot be read has no links we could tell
	for _, e := range entries {
		if what := o.Named(e.Name()); what != "" {
			o.note(o.at(e.Name()), what)
		}
	}
	for _, s := range slices.Concat(o.states, o.files) {
		o.note(o.at(s.path), s.what)
	}
	for _, t := range o.trees {
		n := 0
		_ = filepath.WalkDir(o.at(t.path), func(name string, _ fs.DirEntry, err error) error {
			if n++; err != nil || n > maxOwned {
				return fs.SkipAll
			}
			o.note(name, t.what)
			return nil
		})
	}
}

func (o *Owned) note(name, what string) {
	if info, err := os.Stat(name); err == nil && info.Mode().IsRegular() {
		o.known = append(o.known, ownedFile{info, what})
	}
}

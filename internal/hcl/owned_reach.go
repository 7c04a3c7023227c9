package hcl

import (
	"cmp"
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
	base, err := o.directory(o.dir)
	if err != nil {
		return ""
	}
	file := o.at(name)
	dir, err := o.directory(filepath.Dir(file))
	if err != nil {
		return ""
	}
	real := filepath.Join(dir.real, filepath.Base(file))
	info, err := os.Lstat(real)
	if err == nil && info.Mode()&fs.ModeSymlink != 0 {
		if target, err := filepath.EvalSymlinks(real); err == nil {
			real = target
			if dir, err = o.directory(filepath.Dir(real)); err != nil {
				return ""
			}
		}
		info, err = os.Stat(real)
	}
	if rel, relErr := filepath.Rel(base.real, real); relErr == nil {
		if what := o.Named(filepath.ToSlash(rel)); what != "" {
			return what
		}
	}
	if dir.among != "" {
		return dir.among
	}
	if err == nil && info.Mode().IsRegular() {
		if what := cmp.Or(o.linkedTo(info), contentOwned(real)); what != "" {
			return what
		}
	}
	return besideState(real)
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

// ReachesNow is Reaches for the moment of writing: it looks at all files anew, and at each directory that is another one
// than before.
func (o *Owned) ReachesNow(name string) string {
	now := &Owned{dir: o.dir, states: o.states, trees: o.trees, files: o.files, all: o.all, seen: o.seen}
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

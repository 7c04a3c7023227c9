package ops

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"syscall"
)

// atomicFile writes a file so that at every instant the name holds the whole old
// content or the whole new one: written beside it, synced, renamed over the name, and the
// directory synced. Nothing appears under the name before Commit; Abort leaves nothing, and neither
// does a crash where the system has files without a name (Linux).
type atomicFile struct {
	dir  *os.Root
	list *os.File // dir, open for syncing
	name string   // in dir
	path string   // for messages
	temp string   // name in dir until Commit; "" while it has none
	attr attributes
	f    *os.File
	done bool
}

// createAtomic opens the new file, 0600 until Commit. Its directory is made if it is missing.
// The target must be absent or a regular file.
func createAtomic(p place, attr attributes) (*atomicFile, error) {
	if _, err := refuseIrregular(p); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	parent := path.Dir(p.name)
	if err := p.root.MkdirAll(parent, 0o755); err != nil {
		return nil, fmt.Errorf("make the directory of %s: %w", p, err)
	}
	dir, err := p.root.OpenRoot(parent)
	if err != nil {
		return nil, fmt.Errorf("open the directory of %s: %w", p, err)
	}
	a := &atomicFile{dir: dir, name: path.Base(p.name), path: p.String(), attr: attr}
	if err := a.open(); err != nil {
		a.close()
		return nil, fmt.Errorf("create a file beside %s: %w", p, err)
	}
	return a, nil
}

// open makes the file, without a name where the system can. The lock tells a sweep that its
// writer lives.
func (a *atomicFile) open() (err error) {
	if a.list, err = a.dir.Open("."); err != nil {
		return err
	}
	if a.f, err = nameless(a.list); err != nil {
		return a.openNamed()
	}
	return tryLock(a.f)
}

func (a *atomicFile) openNamed() (err error) {
	a.temp = tempName()
	if a.f, err = a.dir.OpenFile(a.temp, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600); err != nil {
		return err
	}
	return tryLock(a.f)
}

// Temporary names: tempPrefix, 16 hex digits, tempSuffix.
const (
	tempPrefix = ".kmsplan-"
	tempSuffix = ".tmp"
	tempRandom = 8 // bytes
)

func tempName() string {
	random := make([]byte, tempRandom)
	rand.Read(random) // never fails: it ends the process instead
	return tempPrefix + hex.EncodeToString(random) + tempSuffix
}

// Write appends to the new file.
func (a *atomicFile) Write(p []byte) (int, error) { return a.f.Write(p) }

// Commit makes the new content the file's.
func (a *atomicFile) Commit() error {
	defer a.Abort()
	if err := a.settle(); err != nil {
		return fmt.Errorf("write %s: %w", a.path, err)
	}
	if err := a.dir.Rename(a.temp, a.name); err != nil {
		return fmt.Errorf("put the new %s in place: %w", a.path, err)
	}
	a.temp = ""
	return syncDir(a.list)
}

// settle gives the new file its attributes, puts it on the disk and gives it its temporary name.
func (a *atomicFile) settle() error {
	if err := a.attr.give(a.f); err != nil {
		return err
	}
	if err := a.f.Sync(); err != nil {
		return err
	}
	if a.temp == "" {
		temp := tempName()
		if err := giveName(a.f, a.list, temp); err != nil {
			return err
		}
		a.temp = temp
	}
	if a.attr.mtime.IsZero() {
		return nil
	}
	return a.dir.Chtimes(a.temp, a.attr.mtime, a.attr.mtime)
}

// Abort removes what is not in place. It does nothing after Commit.
func (a *atomicFile) Abort() {
	if a.done {
		return
	}
	a.done = true
	if a.temp != "" {
		_ = a.dir.Remove(a.temp)
	}
	a.close()
}

func (a *atomicFile) close() {
	a.f.Close()
	a.list.Close()
	a.dir.Close()
}

// syncDir makes a rename in the directory durable.
func syncDir(dir *os.File) error {
	if err := dir.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) {
		return fmt.Errorf("sync the directory %s: %w", dir.Name(), err)
	}
	return nil
}

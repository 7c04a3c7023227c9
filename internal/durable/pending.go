package durable

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// Pending is a file's new content, which nobody sees before Commit. Abort leaves nothing, and neither
// does a crash where the system has files without a name (Linux); elsewhere Sweep removes what it left.
type Pending struct {
	*File
	target  string
	temp    string // its name until Commit; "" while it has none
	modTime time.Time
	kept    bool // Commit leaves the file open
	done    bool
}

// Create begins new content for name, which does not need to exist; mode perm under any umask, until its
// owner changes it. The lock it holds tells Sweep that its writer lives.
func (d *Dir) Create(name string, perm fs.FileMode) (*Pending, error) {
	p := &Pending{File: &File{dir: d}, target: name}
	err := d.seam.step(p.op(Create, 0, nil), func() (err error) { p.f, err = nameless(d.list); return err })
	if err == nil {
		d.nameless.Store(true)
	}
	if errors.Is(err, errors.ErrUnsupported) {
		p.temp = tempName()
		p.File, err = d.CreateNew(p.temp, perm)
	}
	if err != nil {
		return nil, err
	}
	if err := errors.Join(p.f.Chmod(perm), TryLock(p.f)); err != nil {
		p.Abort()
		return nil, err
	}
	return p, nil
}

// Temporary names: tempPrefix, 16 hex digits, tempSuffix. They do not grow with the file's own.
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

// IsTemp reports whether a base name is one that Create gives.
func IsTemp(name string) bool {
	return strings.HasPrefix(name, tempPrefix) && strings.HasSuffix(name, tempSuffix) &&
		len(name) == len(tempPrefix)+2*tempRandom+len(tempSuffix)
}

// SetModTime makes the committed file carry a modification time.
func (p *Pending) SetModTime(t time.Time) { p.modTime = t }

// Keep leaves the file open, with its lock: the caller closes it, whatever becomes of the content.
func (p *Pending) Keep() *File {
	p.kept = true
	return p.File
}

// Commit makes the content the name's, in place of what it stood for. When it returns nil a power cut leaves
// the new content; when it fails, the old one or the new one, whole.
func (p *Pending) Commit() error {
	return p.commit(func() error {
		if err := p.giveTempName(); err != nil {
			return err
		}
		op := p.dir.op(Rename, p.temp)
		op.To = p.target
		err := p.dir.seam.step(op, func() error { return p.dir.root.Rename(p.temp, p.target) })
		if err == nil {
			p.temp = ""
		}
		return err
	})
}

// CommitNew is Commit for a name that must be free: of several that race for it, one gets it. Errors:
// fs.ErrExist; errors.ErrUnsupported where files cannot have two names, and nothing was done then.
func (p *Pending) CommitNew() error {
	return p.commit(func() error {
		op := p.op(Link, 0, nil)
		op.Name, op.To = p.temp, p.target
		return linkError(p.dir.seam.step(op, func() error {
			if p.temp == "" {
				return giveName(p.f, p.dir.list, p.target)
			}
			return p.dir.root.Link(p.temp, p.target)
		}))
	})
}

// commit syncs the content, puts it in place, and syncs the directory.
func (p *Pending) commit(place func() error) error {
	err := p.ready()
	if err == nil {
		err = place()
	}
	if err == nil {
		p.name = p.target
		err = p.dir.Sync()
	}
	p.Abort()
	return err
}

// linkError tells a file system without second names from other failures.
func linkError(err error) error {
	if errors.Is(err, syscall.EPERM) || errors.Is(err, errors.ErrUnsupported) {
		return errors.Join(errors.ErrUnsupported, err)
	}
	return err
}

// ready puts the content on disk.
func (p *Pending) ready() error {
	if err := p.Sync(); err != nil {
		return err
	}
	if runtime.GOOS == "windows" && !p.kept {
		return p.Close() // an open file cannot be renamed there
	}
	return nil
}

func (p *Pending) giveTempName() error {
	if p.temp == "" {
		temp := tempName()
		op := p.op(Link, 0, nil)
		op.To = temp
		if err := p.dir.seam.step(op, func() error { return giveName(p.f, p.dir.list, temp) }); err != nil {
			return err
		}
		p.temp = temp
	}
	if p.modTime.IsZero() {
		return nil
	}
	return p.dir.root.Chtimes(p.temp, p.modTime, p.modTime)
}

// Abort removes what is not in place and closes the file. It does nothing after Commit.
func (p *Pending) Abort() {
	if p.done {
		return
	}
	p.done = true
	if p.temp != "" {
		_ = p.dir.drop(p.temp)
	}
	if !p.kept {
		_ = p.Close()
	}
}

// staleAfter is how old an unlocked temporary must be to count as left behind where files have names from the beginning: its
// writer locks it right after it made it. Where they have none at first, they are locked before they get one.
const staleAfter = time.Minute

// Sweep removes what writers that died left in the directory: at once where Create has made a file without a name there, else
// what is a minute old. It is housekeeping: what cannot be removed
// does no harm, and is not reported.
func (d *Dir) Sweep(now time.Time) {
	dir, err := d.root.Open(".")
	if err != nil {
		return
	}
	defer dir.Close()
	names, _ := dir.Readdirnames(-1) // names alone: a directory of many files is not asked about each of them
	for _, name := range names {
		if !IsTemp(name) {
			continue
		}
		if info, err := d.root.Lstat(name); err == nil && info.Mode().IsRegular() {
			d.removeStale(name, now)
		}
	}
}

func (d *Dir) removeStale(name string, now time.Time) {
	f, err := d.OpenFile(name, os.O_RDONLY)
	if err != nil {
		return
	}
	defer f.Close()
	info, err := f.f.Stat()
	if err == nil && (d.nameless.Load() || now.Sub(info.ModTime()) > staleAfter) && f.TryLock() == nil {
		_ = d.drop(name)
	}
}

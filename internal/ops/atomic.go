package ops

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"syscall"
	"time"
)

// attributes are what of a file survives its being rewritten.
type attributes struct {
	mode     fs.FileMode
	uid, gid int       // -1 = leave
	mtime    time.Time // zero = leave
}

// newFile are the attributes of a file that did not exist.
func newFile(mode fs.FileMode) attributes { return attributes{mode: mode.Perm(), uid: -1, gid: -1} }

// attributesOf reads what to keep of an existing file.
func attributesOf(info fs.FileInfo) attributes {
	a := newFile(info.Mode())
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		a.uid, a.gid = int(st.Uid), int(st.Gid)
	}
	return a
}

// atomicFile writes a file so that at every instant the name holds the whole old
// content or the whole new one: a temporary file beside it, synced, renamed over the
// name, and the directory synced. Nothing appears before Commit; Abort leaves nothing.
type atomicFile struct {
	root *os.Root
	name string // target, relative to root
	temp string
	attr attributes
	f    *os.File
	done bool
}

// createAtomic opens the temporary file, 0600 until Commit. The directory is made if
// it is missing. The target must be absent or a regular file: a symbolic link is refused.
func createAtomic(root *os.Root, name string, attr attributes) (*atomicFile, error) {
	if err := refuseIrregular(root, name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if dir := path.Dir(name); dir != "." {
		if err := root.MkdirAll(dir, 0o755); err != nil {
			return nil, fmt.Errorf("make the directory of %s: %w", name, err)
		}
	}
	suffix := make([]byte, 8)
	rand.Read(suffix)
	temp := path.Join(path.Dir(name), "."+path.Base(name)+"."+hex.EncodeToString(suffix)+".tmp")
	f, err := root.OpenFile(temp, os.O_RDWR|os.O_CREATE|os.O_EXCL|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, fmt.Errorf("create a file beside %s: %w", name, err)
	}
	return &atomicFile{root: root, name: name, temp: temp, attr: attr, f: f}, nil
}

// Write appends to the temporary file.
func (a *atomicFile) Write(p []byte) (int, error) { return a.f.Write(p) }

// WriteAt writes into the temporary file; the sealer patches its header with it.
func (a *atomicFile) WriteAt(p []byte, off int64) (int, error) { return a.f.WriteAt(p, off) }

// Commit makes the new content the file's.
func (a *atomicFile) Commit() error {
	defer a.Abort()
	if err := a.settle(); err != nil {
		return fmt.Errorf("write %s: %w", a.name, err)
	}
	if err := a.root.Rename(a.temp, a.name); err != nil {
		return fmt.Errorf("put the new %s in place: %w", a.name, err)
	}
	a.done = true
	return syncDir(a.root, path.Dir(a.name))
}

// settle gives the temporary file its attributes and puts it on the disk.
func (a *atomicFile) settle() error {
	if a.attr.uid >= 0 {
		if err := a.f.Chown(a.attr.uid, a.attr.gid); err != nil && !errors.Is(err, fs.ErrPermission) {
			return err
		}
	}
	if err := a.f.Chmod(a.attr.mode); err != nil {
		return err
	}
	if err := a.f.Sync(); err != nil {
		return err
	}
	if !a.attr.mtime.IsZero() {
		if err := a.root.Chtimes(a.temp, a.attr.mtime, a.attr.mtime); err != nil {
			return err
		}
	}
	return a.f.Close()
}

// Abort removes the temporary file. It does nothing after Commit.
func (a *atomicFile) Abort() {
	a.f.Close()
	if !a.done {
		a.root.Remove(a.temp)
		a.done = true
	}
}

// syncDir makes a rename in the directory durable.
func syncDir(root *os.Root, dir string) error {
	d, err := root.Open(dir)
	if err != nil {
		return fmt.Errorf("sync the directory %s: %w", dir, err)
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) {
		return fmt.Errorf("sync the directory %s: %w", dir, err)
	}
	return nil
}

// refuseIrregular allows regular files only: no symbolic link, device, pipe or directory.
func refuseIrregular(root *os.Root, name string) error {
	info, err := root.Lstat(name)
	if err != nil {
		return err
	}
	switch mode := info.Mode(); {
	case mode.IsRegular():
		return nil
	case mode&fs.ModeSymlink != 0:
		return fmt.Errorf("%s is a symbolic link; name the file itself", name)
	case mode.IsDir():
		return fmt.Errorf("%s is a directory; name a file in it", name)
	default:
		return fmt.Errorf("%s is not a regular file", name)
	}
}

// openRegular opens a regular file for reading and returns its facts.
func openRegular(root *os.Root, name string) (*os.File, fs.FileInfo, error) {
	if err := refuseIrregular(root, name); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, nil, fmt.Errorf("%s does not exist", name)
		}
		return nil, nil, err
	}
	f, err := root.OpenFile(name, os.O_RDONLY|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("open %s: %w", name, err)
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is not a regular file", name)
	}
	if err != nil {
		f.Close()
		return nil, nil, err
	}
	return f, info, nil
}

// counting counts what passes through a writer and reports it.
type counting struct {
	w     io.Writer
	n     int64
	every func(n int64) // nil = silent
}

func (c *counting) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	if c.every != nil {
		c.every(c.n)
	}
	return n, err
}

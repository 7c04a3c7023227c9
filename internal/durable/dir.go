package durable

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"syscall"

	"kmsplan.dev/kmsplan/internal/safety"
)

// Dir is a directory whose files are written durably. Names are relative to it and have one
// element.
type Dir struct {
	root *os.Root
	list *os.File // for syncing
	seam Seam

	nameless atomic.Bool // Create has made a file without a name here
}

// Open opens an existing directory.
func Open(name string, seam Seam) (*Dir, error) {
	root, err := os.OpenRoot(name)
	if err != nil {
		return nil, err
	}
	return opened(root, seam)
}

// In opens the directory name (slashes between its elements) below root. If it is missing it is made with its
// parents, mode perm less the umask, and their names are on disk when In returns.
func In(root *os.Root, name string, perm fs.FileMode, seam Seam) (*Dir, error) {
	dir, err := root.OpenRoot(name)
	if errors.Is(err, fs.ErrNotExist) && name != "." {
		if err = makeIn(root, name, perm, seam); err == nil {
			dir, err = root.OpenRoot(name)
		}
	}
	if err != nil {
		return nil, err
	}
	return opened(dir, seam)
}

// makeIn makes one directory in its parent, which is made like it. Another process may be making it too.
func makeIn(root *os.Root, name string, perm fs.FileMode, seam Seam) error {
	parent, err := In(root, path.Dir(name), perm, seam)
	if err != nil {
		return err
	}
	defer parent.Close()
	base := path.Base(name)
	err = seam.step(parent.op(Mkdir, base), func() error { return parent.root.Mkdir(base, perm) })
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return parent.Sync()
}

// Make is In for a path anywhere.
func Make(name string, perm fs.FileMode, seam Seam) (*Dir, error) {
	d, err := Open(name, seam)
	if !errors.Is(err, fs.ErrNotExist) {
		return d, err
	}
	parent, err := Make(filepath.Dir(filepath.Clean(name)), perm, seam)
	if err != nil {
		return nil, err
	}
	defer parent.Close()
	return In(parent.root, filepath.Base(name), perm, seam)
}

func opened(root *os.Root, seam Seam) (*Dir, error) {
	list, err := root.Open(".")
	if err != nil {
		return nil, errors.Join(err, root.Close())
	}
	return &Dir{root: root, list: list, seam: seam}, nil
}

// Close closes the directory; its open files stay open.
func (d *Dir) Close() error { return errors.Join(d.list.Close(), d.root.Close()) }

// Root is the directory for reading.
func (d *Dir) Root() *os.Root { return d.root }

// Path is the file's path for messages.
func (d *Dir) Path(name string) string { return filepath.Join(d.root.Name(), name) }

func (d *Dir) op(kind Kind, name string) Op { return Op{Kind: kind, Dir: d.Path(""), Name: name} }

// Sync puts the directory's names on disk.
func (d *Dir) Sync() error {
	if safety.Off(safety.SyncDirectory) {
		return nil
	}
	return d.seam.step(d.op(SyncDir, ""), func() error {
		if runtime.GOOS == "windows" {
			return nil // directories cannot be synced there; the file system's own journal orders renames
		}
		if err := d.list.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) {
			return fmt.Errorf("sync the directory %s: %w", d.Path(""), err)
		}
		return nil
	})
}

// Remove removes a name, which may be gone already, and puts that on disk.
func (d *Dir) Remove(name string) error {
	if err := d.drop(name); err != nil {
		return err
	}
	return d.Sync()
}

// drop is Remove without the sync.
func (d *Dir) drop(name string) error {
	err := d.seam.step(d.op(Remove, name), func() error { return d.root.Remove(name) })
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// WriteFile puts data under name: the whole old content or the whole new one, at every instant. The mode is
// perm under any umask.
func (d *Dir) WriteFile(name string, data []byte, perm fs.FileMode) error {
	p, err := d.Create(name, perm)
	if err != nil {
		return err
	}
	defer p.Abort()
	if _, err := p.Write(data); err != nil {
		return err
	}
	return p.Commit()
}

// WriteFile puts data at a path, as Dir.WriteFile does. The directory exists.
func WriteFile(name string, data []byte, perm fs.FileMode) error {
	d, err := Open(filepath.Dir(name), nil)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.WriteFile(filepath.Base(name), data, perm)
}

// OpenFile opens an existing regular file: see OpenRegular.
func (d *Dir) OpenFile(name string, flag int) (*File, error) {
	f, _, err := OpenRegular(d.root, name, flag)
	if err != nil {
		return nil, err
	}
	return d.File(f, name), nil
}

// ReadFile reads a regular file of at most limit bytes. Errors: fs.ErrNotExist, ErrIrregular.
func (d *Dir) ReadFile(name string, limit int64) ([]byte, error) {
	f, err := d.OpenFile(name, os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return f.ReadAll(limit)
}

// ReadAll reads an open file of at most limit bytes from where it stands.
func (f *File) ReadAll(limit int64) ([]byte, error) {
	var data bytes.Buffer
	if info, err := f.f.Stat(); err == nil && info.Mode().IsRegular() { // a large file is not moved from buffer to buffer
		data.Grow(int(min(info.Size(), limit)) + bytes.MinRead)
	}
	_, err := data.ReadFrom(io.LimitReader(f, limit+1))
	if err == nil && int64(data.Len()) > limit {
		err = fmt.Errorf("%s has more than the %d bytes that are read", f.f.Name(), limit)
	}
	if err != nil {
		return nil, err
	}
	return data.Bytes(), nil
}

package durable

import (
	"errors"
	"io"
	"io/fs"
	"os"

	"kmsplan.dev/kmsplan/internal/safety"
)

// File is an open file whose writes and syncs pass the seam.
type File struct {
	f    *os.File
	dir  *Dir
	name string // "" while it has none
}

// File is an open file of the directory, opened elsewhere, so that what it does passes the seam.
func (d *Dir) File(f *os.File, name string) *File { return &File{f: f, dir: d, name: name} }

// OS is the file for what does not change its content: Stat, Chmod, Chown.
func (f *File) OS() *os.File { return f.f }

// Read reads from where the file stands.
func (f *File) Read(data []byte) (int, error) { return f.f.Read(data) }

// ReadAt reads at an offset.
func (f *File) ReadAt(data []byte, offset int64) (int, error) { return f.f.ReadAt(data, offset) }

// Seek moves where the file stands.
func (f *File) Seek(offset int64, whence int) (int64, error) { return f.f.Seek(offset, whence) }

// Close closes the file, and lets its lock go.
func (f *File) Close() error { return f.f.Close() }

func (f *File) op(kind Kind, offset int64, data []byte) Op {
	return Op{Kind: kind, Dir: f.dir.Path(""), Name: f.name, File: f, Offset: offset, Data: data}
}

// Write appends at the file's position.
func (f *File) Write(data []byte) (n int, err error) {
	at, err := f.Seek(0, io.SeekCurrent)
	if err != nil {
		return 0, err
	}
	err = f.dir.seam.step(f.op(Write, at, data), func() (err error) { n, err = f.f.Write(data); return err })
	return n, err
}

// WriteAt writes at an offset.
func (f *File) WriteAt(data []byte, offset int64) (n int, err error) {
	err = f.dir.seam.step(f.op(Write, offset, data), func() (err error) { n, err = f.f.WriteAt(data, offset); return err })
	return n, err
}

// Sync puts the file's content on disk; its name is Dir.Sync's.
func (f *File) Sync() error {
	if safety.Off(safety.SyncFile) {
		return nil
	}
	return f.dir.seam.step(f.op(Sync, 0, nil), f.f.Sync)
}

// Truncate cuts the file.
func (f *File) Truncate(length int64) error {
	return f.dir.seam.step(f.op(Truncate, length, nil), func() error { return f.f.Truncate(length) })
}

// ErrHeld says that another open file holds the lock.
var ErrHeld = errors.New("held by another process")

// TryLock takes the file's advisory lock, exclusively, or fails at once with ErrHeld. The system gives it
// back when the file is closed or the process dies.
func (f *File) TryLock() error {
	return f.dir.seam.step(f.op(Lock, 0, nil), func() error { return TryLock(f.f) })
}

// Named reports whether the file's name still stands for it.
func (f *File) Named() bool { return f.dir.is(f.name, f.f) }

func (d *Dir) is(name string, f *os.File) bool {
	is, err := f.Stat()
	if err != nil {
		return false
	}
	there, err := d.root.Lstat(name)
	return err == nil && os.SameFile(is, there)
}

// Hold opens an existing regular file and takes its lock. Who waited may hold a file that has lost its name
// meanwhile; so the name is looked at again. Errors: ErrHeld, fs.ErrNotExist, ErrIrregular.
func (d *Dir) Hold(name string, flag int) (*File, error) {
	for {
		f, err := d.OpenFile(name, flag)
		if err != nil {
			return nil, err
		}
		if err := f.TryLock(); err != nil {
			return nil, errors.Join(err, f.Close())
		}
		if f.Named() {
			return f, nil
		}
		if err := f.Close(); err != nil {
			return nil, err
		}
	}
}

// CreateNew makes an empty file under a name that is free, mode perm under any umask. Its name is on disk
// after Dir.Sync. Errors: fs.ErrExist.
func (d *Dir) CreateNew(name string, perm fs.FileMode) (*File, error) {
	f := &File{dir: d, name: name}
	err := d.seam.step(f.op(Create, 0, nil), func() (err error) {
		f.f, err = d.root.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, perm)
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := f.f.Chmod(perm); err != nil {
		return nil, errors.Join(err, f.Close(), d.drop(name))
	}
	return f, nil
}

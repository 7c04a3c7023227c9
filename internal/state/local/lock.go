package local

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"kmsplan.dev/kmsplan/internal/durable"
	"kmsplan.dev/kmsplan/internal/state"
)

// maxLockInfo bounds the holder's description in a lock file.
const maxLockInfo = 64 << 10

func (l *Store) lockPath() string { return l.path + ".lock" }

// Lock implements state.Store: a lock on STATE.lock, which the system releases when the
// process dies, with the holder's description in the file. It is also where a directory that
// cannot be written is noticed, before anything is called.
func (l *Store) Lock(ctx context.Context, info state.LockInfo) (state.Unlocker, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	dir, err := durable.Make(filepath.Dir(l.path), dirMode, l.opts.Disk)
	if err != nil {
		return nil, l.unwritable(err)
	}
	held, err := holdOwn(dir, l.lockName())
	if err == nil {
		if err = writeLockInfo(held, info); err != nil {
			err = errors.Join(err, held.Close())
		}
	}
	switch {
	case errors.Is(err, durable.ErrHeld):
		err = &state.LockedError{Info: readLockInfo(dir, l.lockName()), Path: l.lockPath()}
	case err != nil:
		err = l.unwritable(err)
	}
	if err != nil {
		return nil, errors.Join(err, dir.Close())
	}
	l.author.Took(info)
	return &lock{dir: dir, name: l.lockName(), held: held, left: func() { l.author.Left(info.ID) }}, nil
}

func (l *Store) unwritable(err error) error {
	return fmt.Errorf("locking the state: the directory %s cannot be written; make it writable or set another backend path: %w",
		filepath.Dir(l.path), err)
}

// ForceUnlock implements state.Store. It takes the lock file away from under its holder; the
// next Lock makes a new one.
func (l *Store) ForceUnlock(ctx context.Context, id string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	dir, err := l.dir()
	if err != nil {
		return fmt.Errorf("breaking the lock: %w", err)
	}
	defer dir.Close()
	info := readLockInfo(dir, l.lockName())
	switch {
	case info.ID == "":
		return fmt.Errorf("%w: %q; the state is not locked: %s names nobody", state.ErrLockID, id, l.lockPath())
	case info.ID != id:
		return fmt.Errorf("%w: %q; the state is locked by another: %w", state.ErrLockID, id, &state.LockedError{Info: info, Path: l.lockPath()})
	}
	if err := dir.Remove(l.lockName()); err != nil {
		return fmt.Errorf("breaking the lock: %w", err)
	}
	return nil
}

// writeLockInfo describes the holder in the lock file. The file is politeness, so
// it is not synced.
func writeLockInfo(held *durable.File, info state.LockInfo) error {
	data, err := json.MarshalIndent(info, "", "  ")
	if err != nil {
		return err
	}
	if err := held.Truncate(0); err != nil {
		return err
	}
	_, err = held.WriteAt(append(data, '\n'), 0)
	return err
}

// readLockInfo returns the holder, or the zero LockInfo while it is being written.
func readLockInfo(dir *durable.Dir, name string) state.LockInfo {
	var info state.LockInfo
	data, err := dir.ReadFile(name, maxLockInfo)
	if err != nil || json.Unmarshal(data, &info) != nil {
		return state.LockInfo{}
	}
	return info
}

type lock struct {
	dir  *durable.Dir
	name string
	once sync.Once
	held *durable.File
	left func()
	err  error
}

// Unlock implements state.Unlocker. The file is removed only while it is still the one we
// hold. A ForceUnlock at the same instant may cost the next holder its file, which costs
// politeness, not safety.
func (u *lock) Unlock() error {
	u.once.Do(func() {
		u.left()
		if u.held.Named() {
			u.err = u.dir.Root().Remove(u.name)
		}
		if errors.Is(u.err, os.ErrNotExist) {
			u.err = nil // where locks do nothing, another holder was faster
		}
		u.err = errors.Join(u.err, u.held.Close(), u.dir.Close())
	})
	return u.err
}

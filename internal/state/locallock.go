package state

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/gofrs/flock"
)

// maxLockInfo bounds the holder's description in a lock file.
const maxLockInfo = 64 << 10

func (l *Local) lockPath() string { return l.path + ".lock" }

// Lock implements Store: flock on STATE.lock, which the system releases when the
// process dies, with the holder's description in the file. It is also where a directory that
// cannot be written is noticed, before anything is called.
func (l *Local) Lock(ctx context.Context, info LockInfo) (Unlocker, error) {
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		err := os.MkdirAll(filepath.Dir(l.path), dirMode)
		if err == nil {
			err = touch(l.lockPath())
		}
		if err != nil {
			return nil, fmt.Errorf("locking the state: the directory %s cannot be written; make it writable or set another backend path: %w",
				filepath.Dir(l.path), err)
		}
		held, err := holdFile(l.lockPath())
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue // unlocked and removed between the two steps
		case errors.Is(err, errHeld):
			return nil, &LockedError{Info: readLockInfo(l.lockPath()), Path: l.lockPath()}
		case err != nil:
			return nil, fmt.Errorf("locking the state: %w", err)
		}
		if err := writeLockInfo(l.lockPath(), info); err != nil {
			return nil, errors.Join(fmt.Errorf("locking the state: %w", err), held.Unlock())
		}
		return &localLock{path: l.lockPath(), held: held}, nil
	}
}

// ForceUnlock implements Store. It takes the lock file away from under its holder; the
// next Lock makes a new one.
func (l *Local) ForceUnlock(ctx context.Context, id string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	info := readLockInfo(l.lockPath())
	if id == "" || info.ID != id {
		return fmt.Errorf("%w: %q; the lock file %s names %q", ErrLockID, id, l.lockPath(), info.ID)
	}
	if err := removeSynced(l.lockPath()); err != nil {
		return fmt.Errorf("breaking the lock: %w", err)
	}
	return nil
}

// touch makes sure that the file exists.
func touch(path string) error {
	file, err := createOwn(path)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return file.Close()
}

// writeLockInfo describes the holder in the lock file. The file is politeness, so
// it is not synced.
func writeLockInfo(path string, info LockInfo) error {
	data, err := json.MarshalIndent(info, "", "  ")
	if err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_TRUNC|noFollow, 0)
	if err != nil {
		return err
	}
	_, err = file.Write(append(data, '\n'))
	return errors.Join(err, file.Close())
}

// readLockInfo returns the holder, or the zero LockInfo while it is being written.
func readLockInfo(path string) LockInfo {
	var info LockInfo
	data, err := readFile(path, maxLockInfo)
	if err != nil || json.Unmarshal(data, &info) != nil {
		return LockInfo{}
	}
	return info
}

type localLock struct {
	path string
	once sync.Once
	held *flock.Flock
	err  error
}

// Unlock implements Unlocker. The file is removed only while it is still the one we
// hold. A ForceUnlock at the same instant may cost the next holder its file, which costs
// politeness, not safety.
func (u *localLock) Unlock() error {
	u.once.Do(func() {
		if isSameFile(u.held, u.path) {
			u.err = os.Remove(u.path)
		}
		u.err = errors.Join(u.err, u.held.Unlock())
	})
	return u.err
}

package durable

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/windows"
)

const noBlock = 0

// TryLock is File.TryLock for a file that was opened elsewhere. It locks one byte far behind the
// end: locked bytes cannot be read there.
func TryLock(f *os.File) error {
	far := &windows.Overlapped{OffsetHigh: 1 << 30}
	err := windows.LockFileEx(windows.Handle(f.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, far)
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) || errors.Is(err, windows.ERROR_IO_PENDING) {
		return ErrHeld
	}
	if err != nil {
		return fmt.Errorf("lock %s: %w", f.Name(), err)
	}
	return nil
}

// Unlock lets a lock go before the file is closed.
func Unlock(f *os.File) error {
	far := &windows.Overlapped{OffsetHigh: 1 << 30}
	if err := windows.UnlockFileEx(windows.Handle(f.Fd()), 0, 1, 0, far); err != nil {
		return fmt.Errorf("unlock %s: %w", f.Name(), err)
	}
	return nil
}

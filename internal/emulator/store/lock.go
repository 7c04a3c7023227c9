package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

const lockFile = "lock"

// Holder tells who holds a data directory.
type Holder struct {
	PID   int       `json:"pid"`
	Host  string    `json:"host"`
	Since time.Time `json:"since"`
}

// LockedError says that another process holds the data directory.
type LockedError struct {
	Path   string
	Holder Holder // zero when the holder has not written its name yet
}

func (e *LockedError) Error() string {
	who := "another process"
	if e.Holder.PID != 0 {
		who = fmt.Sprintf("process %d on %s, since %s", e.Holder.PID, e.Holder.Host, e.Holder.Since.UTC().Format(time.RFC3339))
	}
	return fmt.Sprintf("the emulator's data directory %s is held by %s: stop it, wait longer for the lock, or use another directory", e.Path, who)
}

// lockPoll is how often a waiting process tries again.
const lockPoll = 20 * time.Millisecond

// acquire takes the directory's lock, waiting up to timeout. waiting, which may be nil, is told once whom it waits for.
func acquire(dir string, timeout time.Duration, waiting func(error)) (*flock.Flock, error) {
	path := filepath.Join(dir, lockFile)
	lock := flock.New(path, flock.SetPermissions(0o600))
	deadline := time.Now().Add(timeout)
	for {
		ok, err := lock.TryLock()
		if err != nil {
			return nil, fmt.Errorf("lock the emulator's data directory: %w", err)
		}
		if ok {
			return lock, writeHolder(lock, path)
		}
		left := time.Until(deadline)
		if left <= 0 {
			return nil, &LockedError{Path: dir, Holder: readHolder(path)}
		}
		if waiting != nil {
			waiting(&LockedError{Path: dir, Holder: readHolder(path)})
			waiting = nil
		}
		time.Sleep(min(lockPoll, left))
	}
}

func writeHolder(lock *flock.Flock, path string) error {
	host, _ := os.Hostname()
	text, err := json.Marshal(Holder{PID: os.Getpid(), Host: host, Since: time.Now().UTC().Truncate(time.Second)})
	if err == nil {
		err = os.WriteFile(path, text, 0o600)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write the lock file %s: %w", path, err), lock.Unlock())
	}
	return nil
}

func readHolder(path string) Holder {
	var h Holder
	if text, err := os.ReadFile(path); err == nil {
		_ = json.Unmarshal(text, &h) // a holder that is just writing its name is simply unnamed
	}
	return h
}

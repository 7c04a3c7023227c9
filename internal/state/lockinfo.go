package state

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"
	"time"

	"github.com/google/uuid"
)

// LockInfo says who holds a lock and what for.
type LockInfo struct {
	ID        string    `json:"id"`
	Operation string    `json:"operation"` // plan, apply, state mv …
	User      string    `json:"user"`
	Host      string    `json:"host"`
	PID       int       `json:"pid"`
	Since     time.Time `json:"since"`
	Writer    string    `json:"writer,omitempty"` // kmsplan version
}

// NewLockInfo describes this process with a fresh lock id.
func NewLockInfo(operation string, now time.Time) LockInfo {
	info := LockInfo{
		ID: uuid.NewString(), Operation: operation, User: "unknown", Host: "unknown", PID: os.Getpid(), Since: now.UTC(),
	}
	if u, err := user.Current(); err == nil {
		info.User = u.Username
	}
	if h, err := os.Hostname(); err == nil {
		info.Host = h
	}
	return info
}

// Holder renders the holder: "ada@build-7, process 4711".
func (i LockInfo) Holder() string { return fmt.Sprintf("%s@%s, process %d", i.User, i.Host, i.PID) }

// The pauses between two attempts of LockWait.
const (
	lockPauseFirst = 50 * time.Millisecond
	lockPauseMost  = time.Second
)

// LockWait takes the store's lock, trying again for at most timeout while
// another holds it; a timeout of zero tries once. It returns the last ErrLocked, which
// names the holder.
func LockWait(ctx context.Context, s Store, info LockInfo, timeout time.Duration) (Unlocker, error) {
	deadline := time.NewTimer(timeout)
	defer deadline.Stop()
	for pause := lockPauseFirst; ; pause = min(2*pause, lockPauseMost) {
		u, err := s.Lock(ctx, info)
		if err == nil || !errors.Is(err, ErrLocked) || timeout <= 0 {
			return u, err
		}
		retry := time.NewTimer(pause)
		select {
		case <-retry.C:
		case <-deadline.C:
			retry.Stop()
			return nil, err
		case <-ctx.Done():
			retry.Stop()
			return nil, errors.Join(ctx.Err(), err)
		}
	}
}

package state

import (
	"sync"
	"time"
)

// Stored says who stored a state, when, and in which command. It is for people; nothing is decided by it.
type Stored struct {
	At        time.Time `json:"at"`
	By        string    `json:"by,omitempty"`        // USER@HOST
	Operation string    `json:"operation,omitempty"` // "" where the store's lock was not held
}

// Kept is one of the states that a store keeps, as it says without opening it.
type Kept struct {
	Version Version
	Stored  Stored // zero in what was stored before this was recorded; local: the file's time
	Writer  string // kmsplan version that wrote it
	Key     string // the KMS key it is sealed under, as its envelope names it; "" = it is not sealed
	Problem string // why it cannot be read, as far as that is seen here: a clause
}

// Author remembers who holds a store's lock through this handle: what it stores is theirs. It is safe for concurrent use.
type Author struct {
	mu   sync.Mutex
	info LockInfo
}

// Took is told of a lock that was taken.
func (a *Author) Took(info LockInfo) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.info = info
}

// Left is told of a lock that was given back.
func (a *Author) Left(id string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.info.ID == id {
		a.info = LockInfo{}
	}
}

// Stored says of a state that is stored now who does that.
func (a *Author) Stored(now time.Time) Stored {
	a.mu.Lock()
	info := a.info
	a.mu.Unlock()
	if info.ID == "" {
		info = NewLockInfo("", now)
	}
	return Stored{At: now.UTC(), By: info.User + "@" + info.Host, Operation: info.Operation}
}

package state

import (
	"context"
	"fmt"
)

// Store keeps one state. Every implementation passes statetest.Run.
//
// The safety is CompareAndSwap: a write names the version it replaces, and is
// refused when the store holds another. The lock is politeness: it keeps two people from
// working against each other, and losing it costs work, never state.
type Store interface {
	// Read returns the state and its version. A store that holds none returns a new state (serial 0,
	// fresh lineage) and the zero Version; nothing is created by reading. Errors: ErrCorrupt,
	// ErrNewerFormat.
	Read(ctx context.Context) (State, Version, error)

	// CompareAndSwap replaces the state whose version is old by next and returns next's version. next
	// carries old's serial + 1 and old's lineage (the zero Version accepts any). When it
	// returns nil, next survives a power cut; when it returns an error, the store holds old or, if the error
	// is not ErrStale, possibly next: whole in both cases. Errors: ErrStale.
	CompareAndSwap(ctx context.Context, old Version, next State) (Version, error)

	// Replace is CompareAndSwap for a next of another lineage. Only `state push -force` uses it.
	Replace(ctx context.Context, old Version, next State) (Version, error)

	// Lock takes the store's lock or fails at once with ErrLocked; LockWait waits for it. info.ID
	// names the lock. The lock of a process that died is free.
	Lock(ctx context.Context, info LockInfo) (Unlocker, error)

	// ForceUnlock breaks the lock of that id. The holder's CompareAndSwap then competes like anybody's.
	// Errors: ErrLockID when another lock, or none, is held.
	ForceUnlock(ctx context.Context, id string) error
}

// Unlocker gives a lock back. Unlocking twice, or after a ForceUnlock, does nothing.
type Unlocker interface {
	Unlock() error
}

// Version names one stored state. It is comparable; the zero Version means that
// the store holds no state yet.
type Version struct {
	Lineage string
	Serial  uint64
	Digest  string // SHA-256 of the stored bytes, hex
}

// IsZero reports whether the store held no state.
func (v Version) IsZero() bool { return v == Version{} }

// String renders the version for messages.
func (v Version) String() string {
	if v.IsZero() {
		return "no state yet"
	}
	return fmt.Sprintf("serial %d of lineage %s", v.Serial, v.Lineage)
}

// checkSuccession holds the rules of CompareAndSwap that do not depend on the store.
func checkSuccession(old Version, next State, sameLineage bool) error {
	if next.Version != FormatVersion {
		return fmt.Errorf("refused to write a state of format %d: this version of kmsplan writes %d", next.Version, FormatVersion)
	}
	if next.Lineage == "" {
		return fmt.Errorf("refused to write a state without lineage")
	}
	if next.Serial != old.Serial+1 {
		return fmt.Errorf("refused to write serial %d over serial %d: a state's serial grows by one", next.Serial, old.Serial)
	}
	if sameLineage && !old.IsZero() && next.Lineage != old.Lineage {
		return fmt.Errorf("refused to write lineage %s over lineage %s: it is another stack's state", next.Lineage, old.Lineage)
	}
	return nil
}

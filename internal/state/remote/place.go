package remote

import (
	"context"
	"errors"

	"kmsplan.dev/kmsplan/internal/state"
)

// Place is one stack's room on a server. Its methods are safe for concurrent use, and each call ends by its context.
// No error names a credential.
type Place interface {
	// Head returns the head and its revision: nothing and the zero Revision when there is none. What it returns is
	// never older than a head that somebody was told is stored.
	Head(ctx context.Context) ([]byte, Revision, error)

	// Swap stores head in place of the one whose revision is old (zero: where there is none) and returns its
	// revision. When it returns nil, head is durable. Errors: ErrConflict when another head is stored and this one
	// is not; after any other error it may be stored, now or a little later.
	Swap(ctx context.Context, old Revision, head []byte) (Revision, error)

	// Put stores an object: durably, and for everybody to read, at the latest with this Place's Swap of a head whose text has
	// its name in it. Once no head has, it may be gone. A name is used for one content only: storing it again changes nothing.
	Put(ctx context.Context, name string, object []byte) error

	// Get returns an object. Errors: ErrNoObject.
	Get(ctx context.Context, name string) ([]byte, error)

	// Drop deletes objects, as far as it can: one that is left over does no harm.
	Drop(ctx context.Context, names ...string) error

	// String names the place for messages, without credentials: "s3 bucket b, key prod/kms".
	String() string
}

// Locker is a Place whose server has locks of its own, which are used in place of the head's lease.
type Locker interface {
	// Locks reports whether it has.
	Locks() bool
	// Lock takes the server's lock for info.ID. Errors: state.ErrLocked, as a *state.LockedError with the holder.
	Lock(ctx context.Context, info state.LockInfo) error
	// Unlock frees the lock of that id and reports whether it was held.
	Unlock(ctx context.Context, id string) (bool, error)
}

// locker finds the Locker in or behind a Place.
func locker(p Place) Locker {
	for {
		if l, ok := p.(Locker); ok && l.Locks() {
			return l
		}
		behind, ok := p.(interface{ Behind() Place })
		if !ok {
			return nil
		}
		p = behind.Behind()
	}
}

// Revision names one stored head of a Place; the zero Revision is none.
type Revision string

// What a Place reports for errors.Is.
var (
	ErrConflict = errors.New("another head is stored")
	ErrNoObject = errors.New("there is no such object")
	// ErrRefused is in errors that trying again does not mend: credentials, permissions, a name that does not exist.
	ErrRefused = errors.New("the store refuses this")
)

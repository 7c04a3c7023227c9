package state

import (
	"context"
	"fmt"

	"kmsplan.dev/kmsplan/internal/safety"
)

// Store keeps one state and the journal of the calls that lead to the next one. Every
// implementation passes statetest.Run.
//
// The safety is in the writes: each names what it replaces, and is refused when the store holds
// something else. The lock is politeness: it keeps two people from working against each other, and losing it costs work,
// never state.
type Store interface {
	// Read returns the state and its version. A store that holds none returns a new state (serial 0,
	// fresh lineage) and the zero Version; nothing is created by reading. A state of an older format is upgraded in
	// memory. Errors: ErrCorrupt, ErrNewerFormat.
	Read(ctx context.Context) (State, Version, error)

	// ReadJournal returns what is in the journal, header first, oldest first; nothing when no call waits to be
	// folded into the state. It takes no lock and holds nobody off. Errors: ErrJournal, ErrNewerFormat.
	ReadJournal(ctx context.Context) ([]Entry, error)

	// CompareAndSwap replaces the state whose version is old by next and returns next's version. next
	// carries old's serial + 1 and old's lineage (the zero Version accepts any). When it
	// returns nil, next survives a power cut; when it returns an error, the store holds old or, if the error
	// is not ErrStale, possibly next: whole in both cases. Errors: ErrStale.
	CompareAndSwap(ctx context.Context, old Version, next State) (Version, error)

	// Replace is CompareAndSwap for a next of another lineage. Only `state push -force` uses it.
	Replace(ctx context.Context, old Version, next State) (Version, error)

	// Begin opens the journal for this writer. It continues what an interrupted run left, and fences off whoever
	// had it before: an earlier writer appends nothing after it, and what it had appended is in Entries. It creates
	// nothing before the first Append. The caller holds the lock. Errors: ErrJournal, ErrNewerFormat; ErrJournalBusy
	// where the store knows that an earlier writer lives.
	Begin(ctx context.Context) (Tx, error)

	// Lock takes the store's lock or fails at once with ErrLocked; LockWait waits for it. info.ID
	// names the lock. The lock of a process that died is free.
	Lock(ctx context.Context, info LockInfo) (Unlocker, error)

	// ForceUnlock breaks the lock of that id. The holder's writes then compete like anybody's.
	// Errors: ErrLockID when another lock, or none, is held.
	ForceUnlock(ctx context.Context, id string) error

	// Generation returns a past state by its serial; a store keeps at least the last ten. Errors: ErrNoGeneration.
	Generation(ctx context.Context, serial uint64) (State, error)

	// History returns what the store keeps, the current state first and then the past ones, newest first. It opens
	// nothing that is sealed; one that cannot be read is in the list, with its Problem. Nothing is written.
	History(ctx context.Context) ([]Kept, error)
}

// Tx is one writer's hold on a store. Its methods are called one at a time; Journal orders them. After
// Commit or Abandon it is over.
type Tx interface {
	// Base is the state as it was stored at Begin.
	Base() (State, Version)

	// Entries is everything that is durable in the journal: what was there at Begin and what was appended since.
	Entries() []Entry

	// Append makes entries durable, all of them or none, before it returns nil. After an error none or all may be
	// there, and nothing may be called on their account. Errors: ErrFenced when another writer began.
	Append(ctx context.Context, entries ...Entry) error

	// Commit stores next in Base's place, as CompareAndSwap does (nil leaves the state as it is), and the journal then
	// holds carried, or nothing. A crash in between leaves the journal as it was beside the new state, which names it
	// in State.Journal. Errors: ErrStale, ErrFenced.
	Commit(ctx context.Context, next *State, carried []Entry) (Version, error)

	// Remove takes the state away, with those that are kept and the journal: the store then is as one that never had a
	// state, and what others do on the ground of the old one is refused. Errors: ErrStale, ErrFenced.
	Remove(ctx context.Context) error

	// Abandon lets go. What was appended stays, for whoever begins next.
	Abandon() error
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

// CheckSuccession holds the rules of CompareAndSwap and Replace that do not depend on the store; every store
// asks it before it writes.
func CheckSuccession(old Version, next State, sameLineage bool) error {
	if next.Version != FormatVersion {
		return fmt.Errorf("refused to write a state of format %d: this version of kmsplan writes %d", next.Version, FormatVersion)
	}
	if next.Lineage == "" {
		return fmt.Errorf("refused to write a state without lineage")
	}
	first := old.IsZero() && next.Serial > 0 // a state that comes from elsewhere keeps counting
	if next.Serial != old.Serial+1 && !first && !safety.Off(safety.StateSerial) {
		return fmt.Errorf("refused to write serial %d over serial %d: a state's serial grows by one", next.Serial, old.Serial)
	}
	if sameLineage && !old.IsZero() && next.Lineage != old.Lineage && !safety.Off(safety.StateLineage) {
		return fmt.Errorf("refused to write lineage %s over lineage %s: it is another stack's state", next.Lineage, old.Lineage)
	}
	return nil
}

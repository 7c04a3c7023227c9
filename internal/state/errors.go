package state

import (
	"errors"
	"fmt"
	"time"
)

// The kinds of failure a caller decides on, for errors.Is. The typed errors
// below carry the details, for errors.As.
var (
	ErrLocked       = errors.New("the state is locked")
	ErrLockID       = errors.New("no lock of that id is held")
	ErrStale        = errors.New("the state was changed by someone else")
	ErrCorrupt      = errors.New("the state is damaged")
	ErrNewerFormat  = errors.New("the state was written by a newer kmsplan")
	ErrJournal      = errors.New("the journal is damaged")
	ErrJournalBusy  = errors.New("the journal is in use")
	ErrFenced       = errors.New("another process took the journal over")
	ErrNoGeneration = errors.New("no such generation of the state is kept")
	ErrUnclear      = errors.New("whether the state was written is not known")
)

// LockedError is ErrLocked with the holder.
type LockedError struct {
	Info LockInfo // zero when the holder has not written it yet
	Path string
}

func (e *LockedError) Error() string {
	if e.Info.ID == "" {
		return fmt.Sprintf("the state is locked by another process (%s); wait for it to end, or give -lock-timeout", e.Path)
	}
	return fmt.Sprintf("the state is locked since %s by %s for %s (lock id %s); wait for it to end or give -lock-timeout; "+
		"if that process cannot end, run: kmsplan force-unlock %s",
		e.Info.Since.UTC().Format(time.RFC3339), e.Info.Holder(), e.Info.Operation, e.Info.ID, e.Info.ID)
}

// Is makes errors.Is(err, ErrLocked) hold.
func (e *LockedError) Is(target error) bool { return target == ErrLocked }

// StaleError is ErrStale with both versions.
type StaleError struct {
	Expected, Found Version
}

func (e *StaleError) Error() string {
	return fmt.Sprintf("the state was changed by someone else: expected %s, found %s; nothing was written; plan again", e.Expected, e.Found)
}

// Is makes errors.Is(err, ErrStale) hold.
func (e *StaleError) Is(target error) bool { return target == ErrStale }

// CorruptError is ErrCorrupt with the newest generation that is whole.
type CorruptError struct {
	Path       string
	Reason     string
	Generation string // path of the newest valid generation; "" when there is none
	Serial     uint64 // its serial
	Foreign    bool   // it is whole, and somebody else's
}

func (e *CorruptError) Error() string {
	if e.Foreign {
		return fmt.Sprintf("%s is no state of this stack: %s; nothing was changed; move it away, or give the backend another path", e.Path, e.Reason)
	}
	msg := fmt.Sprintf("the state %s is damaged: %s; nothing was changed", e.Path, e.Reason)
	if e.Generation == "" {
		return msg + "; no valid generation is kept beside it, so restore it from a backup"
	}
	return fmt.Sprintf("%s; the newest whole generation is serial %d, to go back to it run: cp %q %q", msg, e.Serial, e.Generation, e.Path)
}

// Is makes errors.Is(err, ErrCorrupt) hold.
func (e *CorruptError) Is(target error) bool { return target == ErrCorrupt }

// NewerFormatError is ErrNewerFormat with the numbers.
type NewerFormatError struct {
	Path   string
	Format int
	Writer string
}

func (e *NewerFormatError) Error() string {
	return fmt.Sprintf("%s has format %d, written by kmsplan %s; this version reads up to format %d; upgrade kmsplan",
		e.Path, e.Format, e.Writer, FormatVersion)
}

// Is makes errors.Is(err, ErrNewerFormat) hold.
func (e *NewerFormatError) Is(target error) bool { return target == ErrNewerFormat }

// FencedError is ErrFenced with what to do.
type FencedError struct{ Path string }

func (e *FencedError) Error() string {
	return fmt.Sprintf("another process took the journal %s over while this one was away: nothing more is called or written here; "+
		"what was done before is in the journal, and that process folds it in; plan again when it has ended", e.Path)
}

// Is makes errors.Is(err, ErrFenced) hold.
func (e *FencedError) Is(target error) bool { return target == ErrFenced }

// JournalError is ErrJournal with the place. A journal torn at its end by a
// crash is no error; this is damage in what was already durable.
type JournalError struct {
	Path   string
	Line   int // 1-based
	Reason string
}

func (e *JournalError) Error() string {
	return fmt.Sprintf("the journal %s is damaged in line %d: %s; it holds calls that are not in the state yet, so nothing was changed; "+
		"restore the file from a backup, or move it away and run `kmsplan recover` to find the objects by their tags", e.Path, e.Line, e.Reason)
}

// Is makes errors.Is(err, ErrJournal) hold.
func (e *JournalError) Is(target error) bool { return target == ErrJournal }

package state

import (
	"context"
	"errors"
	"fmt"
	"time"

	"kmsplan.dev/kmsplan/internal/safety"
)

// Position is everything that a store knows: the state with the journal of an interrupted run folded in, and
// the calls that are still open. State has the serial that it has, or will have once it is stored.
type Position struct {
	State   State
	Version Version // of the state as it is stored
	Open    []Intent
}

// Position is what the journal's store knows by now.
func (j *Journal) Position() (Position, error) {
	defer j.alone()()
	return j.position()
}

func (j *Journal) position() (Position, error) {
	st, v := j.tx.Base()
	return fold(st, v, j.tx.Entries(), j.writer)
}

func fold(st State, v Version, entries []Entry, writer string) (Position, error) {
	h := headerOf(entries)
	if h == nil {
		return Position{State: st, Version: v}, nil
	}
	next, open, err := Fold(st, entries)
	if err != nil {
		return Position{State: st, Version: v}, err
	}
	objects, files := changes(entries)
	if st.Journal == h.ID || !objects && !files {
		next.Journal = st.Journal
		return Position{State: next, Version: v, Open: open}, nil
	}
	next = next.successor(writer, objects, files)
	return Position{State: next, Version: v, Open: open}, nil
}

// glances is how often a store that is being written is looked at before Look gives up.
const glances = 8

// Look returns what a store knows. It takes no lock and writes nothing.
func Look(ctx context.Context, s Store) (Position, error) {
	tx, err := glance(ctx, s)
	if err != nil {
		return Position{}, err
	}
	return newJournal(ctx, tx, "").Position()
}

// Rehearse returns a journal over what a store knows, of which nothing reaches the store: a plan finds out with it
// what became of open calls, and leaves recording that to whoever applies.
func Rehearse(ctx context.Context, s Store, writer string) (*Journal, Position, error) {
	tx, err := glance(ctx, s)
	if err != nil {
		return nil, Position{}, err
	}
	j := newJournal(ctx, tx, writer)
	at, err := j.Position()
	return j, at, err
}

// glance reads journal and state as they belong together: the journal first, because a commit stores the state
// before it takes the journal away, and again, because another may have begun meanwhile.
func glance(ctx context.Context, s Store) (*rehearsal, error) {
	entries, err := s.ReadJournal(ctx)
	if err != nil {
		return nil, err
	}
	for range glances {
		st, v, err := s.Read(ctx)
		if err != nil {
			return nil, err
		}
		again, err := s.ReadJournal(ctx)
		if err != nil {
			return nil, err
		}
		if journalID(again) == journalID(entries) || len(again) == 0 && st.Journal == journalID(entries) {
			entries, err = unfolded(st, entries)
			return &rehearsal{st: st, v: v, entries: entries}, err
		}
		entries = again
	}
	return nil, errors.New("the state is being written all the time; try again when nobody applies")
}

func journalID(entries []Entry) string {
	if h := headerOf(entries); h != nil {
		return h.ID
	}
	return ""
}

// rehearsal is a Tx in memory.
type rehearsal struct {
	st      State
	v       Version
	entries []Entry
}

func (r *rehearsal) Base() (State, Version) { return r.st, r.v }
func (r *rehearsal) Entries() []Entry       { return r.entries }
func (r *rehearsal) Abandon() error         { return nil }

func (r *rehearsal) Append(_ context.Context, entries ...Entry) error {
	r.entries = append(r.entries[:len(r.entries):len(r.entries)], entries...)
	return nil
}

func (r *rehearsal) Remove(context.Context) error { return nil }

func (r *rehearsal) Commit(context.Context, *State, []Entry) (Version, error) { return r.v, nil }

// OpenCallsError says that nothing may be edited before open calls are resolved.
type OpenCallsError struct{ Open []Intent }

func (e *OpenCallsError) Error() string {
	return fmt.Sprintf("%d calls of an interrupted run are still open", len(e.Open))
}

// Discard takes away what a store has, under its lock, where allowed says so of what it knows. Errors: ErrLocked.
func Discard(ctx context.Context, s Store, info LockInfo, wait time.Duration, allowed func(Position) error) (err error) {
	lock, err := LockWait(ctx, s, info, wait)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Unlock()) }()
	tx, err := s.Begin(ctx)
	if err != nil {
		return err
	}
	at, err := newJournal(ctx, tx, info.Writer).Position()
	if err == nil {
		err = allowed(at)
	}
	if err != nil {
		return errors.Join(err, tx.Abandon())
	}
	return tx.Remove(ctx)
}

// Locked does work on the stored state under the store's lock, once nothing of an interrupted run is open: what it
// left is folded in and stored first. Errors: ErrLocked, OpenCallsError.
func Locked(ctx context.Context, s Store, info LockInfo, wait time.Duration, work func(Position) error) (err error) {
	lock, err := LockWait(ctx, s, info, wait)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Unlock()) }()
	j, at, err := Open(ctx, s, info.Writer)
	if err != nil {
		return err
	}
	if len(at.Open) > 0 && !safety.Off(safety.EditOpen) {
		return errors.Join(&OpenCallsError{Open: at.Open}, j.Abandon())
	}
	if at, err = j.Commit(ctx); err != nil {
		return err
	}
	return work(at)
}

package state

import (
	"context"
	"fmt"
)

// Position is a state as it is stored, with the calls that are still open beside it.
type Position struct {
	State   State
	Version Version
	Open    []Intent
}

// CatchUp reads the state and folds in what an interrupted run left in the
// journal, so that the caller starts from everything that is known. Whoever writes a state calls
// it first, under the store's lock; a state written past a leftover journal may hide objects. Calls that stay
// open are kept in the journal; resolving them is package apply's.
func CatchUp(ctx context.Context, s Store, j *Journal, writer string) (Position, error) {
	st, v, err := s.Read(ctx)
	if err != nil {
		return Position{}, err
	}
	h := headerOf(j.Entries())
	if h == nil {
		return Position{State: st, Version: v}, nil
	}
	return Commit(ctx, s, j, Position{State: st, Version: v}, writer)
}

// Commit folds the journal into the state read at p, stores the result if it says
// anything new, and settles the journal. It returns the new position. On an error the journal
// still holds everything.
func Commit(ctx context.Context, s Store, j *Journal, p Position, writer string) (Position, error) {
	entries := j.Entries()
	h := headerOf(entries)
	if h == nil {
		return p, nil
	}
	next, open, err := Fold(p.State, entries)
	if err != nil {
		return p, err
	}
	changed := HasChanges(entries) && p.State.Journal != h.ID
	done := Position{State: next, Version: p.Version, Open: open}
	if changed {
		done.State.Serial, done.State.Writer = p.State.Serial+1, writer
		if done.Version, err = s.CompareAndSwap(ctx, p.Version, done.State); err != nil {
			return p, fmt.Errorf("storing the state; the journal %s still holds what was done and the next run folds it in: %w", j.Path(), err)
		}
	} else {
		done.State.Journal = p.State.Journal
	}
	j.fail.Hit("commit.stored")
	if !changed && len(open) > 0 && len(open) == len(entries)-1 && h.Base == done.State.Serial {
		return done, nil // it already holds the open calls and nothing else
	}
	if err := j.Settle(done.State.Lineage, done.State.Serial, open); err != nil {
		return done, err
	}
	return done, nil
}

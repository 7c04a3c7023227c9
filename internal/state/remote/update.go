package remote

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"kmsplan.dev/kmsplan/internal/safety"
	"kmsplan.dev/kmsplan/internal/state"
)

// seen is a head as it was read or written last.
type seen struct {
	head head
	rev  Revision
}

// look reads the head. With ErrJournal the head is returned too: its journal is damaged, the rest is whole.
func (s *Store) look(ctx context.Context) (seen, error) {
	if err := ctx.Err(); err != nil {
		return seen{}, err
	}
	data, rev, err := s.place.Head(ctx)
	if err != nil {
		return seen{}, fmt.Errorf("reading the state: %w", err)
	}
	h, err := decodeHead(s.place.String(), data)
	return seen{head: h, rev: rev}, err
}

// mostConflicts bounds the rounds of update: each means that somebody else wrote.
const mostConflicts = 100

// update changes the head, whatever others change of it meanwhile, as long as allowed says that this may still be
// done: allowed is asked for each head that change is made on. It leaves the head as it then is in at.
//
// A write whose answer is lost ends in ErrConflict when it is tried again, and the head then carries its id.
func (s *Store) update(ctx context.Context, at *seen, change, allowed func(*head) error) error {
	for range mostConflicts {
		if err := allowed(&at.head); err != nil {
			return err
		}
		next := at.head
		if err := change(&next); err != nil {
			return err
		}
		next.Write = uuid.NewString()
		data, err := next.encode()
		if err != nil {
			return err
		}
		rev, err := s.place.Swap(ctx, at.rev, data)
		if err == nil {
			*at = seen{head: next, rev: rev}
			return nil
		}
		if !errors.Is(err, ErrConflict) {
			return fmt.Errorf("writing the state: %w", err)
		}
		if *at, err = s.look(ctx); err != nil && !errors.Is(err, state.ErrJournal) {
			return err
		}
		if at.head.Write == next.Write && !safety.Off(safety.RemoteOwnWrite) {
			return nil
		}
	}
	return fmt.Errorf("writing %s: others wrote each time, %d times; try again when fewer work on it", s.place, mostConflicts)
}

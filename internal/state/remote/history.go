package remote

import (
	"context"
	"errors"
	"fmt"

	"kmsplan.dev/kmsplan/internal/state"
)

// History implements state.Store.
func (s *Store) History(ctx context.Context) ([]state.Kept, error) {
	at, err := s.look(ctx)
	if err != nil && !errors.Is(err, state.ErrJournal) {
		return nil, err
	}
	var all []state.Kept
	for _, ref := range at.head.states() {
		k, err := s.keptAs(ctx, ref)
		if err != nil {
			return nil, err
		}
		all = append(all, k)
	}
	return all, nil
}

// states are all that a head names, newest first.
func (h *head) states() []stateRef {
	if h.State == nil {
		return h.Past
	}
	return append([]stateRef{*h.State}, h.Past...)
}

func (s *Store) keptAs(ctx context.Context, ref stateRef) (state.Kept, error) {
	k := state.Kept{Version: ref.version(), Stored: state.Stored{At: ref.At, By: ref.By, Operation: ref.Operation}, Writer: ref.Writer, Key: ref.Key}
	if _, tells := s.seal.Sealer.(Teller); !tells || ref.Key != "" || ref.By != "" {
		return k, nil
	}
	// It was stored before heads said under which key.
	object, err := s.place.Get(ctx, ref.Object)
	switch {
	case errors.Is(err, ErrNoObject):
		k.Problem = "its object " + ref.Object + " is gone"
	case err != nil:
		return k, fmt.Errorf("reading the state of serial %d: %w", ref.Serial, err)
	default:
		k.Key = s.seal.under(object)
	}
	return k, nil
}

// JournalKey is the key that the journal is sealed under; "" when there is none, or it is not sealed.
func (s *Store) JournalKey(ctx context.Context) (string, error) {
	at, err := s.look(ctx)
	if err != nil || at.head.Journal == nil {
		return "", err
	}
	return s.seal.under(at.head.Journal), nil
}

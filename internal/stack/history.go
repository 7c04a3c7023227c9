package stack

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"kmsplan.dev/kmsplan/internal/safety"
	"kmsplan.dev/kmsplan/internal/state"
	"kmsplan.dev/kmsplan/internal/version"
)

// History is what the store keeps of the module's states, the current one first.
func (s *Stored) History(ctx context.Context) ([]state.Kept, error) { return s.store.History(ctx) }

// Rollback finds out what going back to a kept state would do. Nothing is written, and no lock is taken: somebody may be
// asked first.
func (s *Stored) Rollback(ctx context.Context, serial uint64) (state.Rollback, error) {
	at, err := state.Look(ctx, s.store)
	if err != nil {
		return state.Rollback{}, err
	}
	if len(at.Open) > 0 {
		return state.Rollback{}, openCalls(&state.OpenCallsError{Open: at.Open})
	}
	return s.rollback(ctx, at, serial)
}

func (s *Stored) rollback(ctx context.Context, at state.Position, serial uint64) (state.Rollback, error) {
	older, err := s.store.Generation(ctx, serial)
	if errors.Is(err, state.ErrNoGeneration) {
		return state.Rollback{}, hint(err, "kmsplan state history lists those there are.")
	}
	if err != nil {
		return state.Rollback{}, err
	}
	return state.RollBack(at.State, at.Version, older, version.Number)
}

// RollBack goes back as planned, and only so: to what was written since, the plan does not apply. Keys that would be lost
// sight of are lost with forget only. Errors: *LostKeysError, state.ErrStale.
func (s *Stored) RollBack(ctx context.Context, planned state.Rollback, serial uint64, forget bool) (stored uint64, err error) {
	err = s.options.locked(ctx, s.store, "state rollback", func(at state.Position) error {
		if at.Version != planned.From {
			return &state.StaleError{Expected: planned.From, Found: at.Version}
		}
		now, err := s.rollback(ctx, at, serial)
		if err != nil {
			return err
		}
		if keys := now.Keys(); len(keys) > 0 && !forget && !safety.Off(safety.RollbackKeys) {
			return &LostKeysError{keys}
		}
		stored = now.Next.Serial
		_, err = s.store.CompareAndSwap(ctx, at.Version, now.Next)
		return err
	})
	return stored, err
}

// LostKeysError says which keys an older state does not know: they live, and nothing would remember them.
type LostKeysError struct{ Keys []state.Resource }

func (e *LostKeysError) Error() string {
	var names []string
	for _, k := range e.Keys {
		names = append(names, fmt.Sprintf("%s (%s)", k.Address, k.ID))
	}
	return fmt.Sprintf("the older state does not know %d keys that this stack has: %s; they would live on with nothing that remembers them", len(names), strings.Join(slices.Compact(names), ", "))
}

// openCalls says what to do about calls that are still open.
func openCalls(err error) error {
	return hint(err, "Run kmsplan apply or kmsplan recover first: it finds out what became of them.")
}

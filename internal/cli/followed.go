package cli

import (
	"context"
	"path/filepath"
	"sync"
	"time"

	"kmsplan.dev/kmsplan/internal/census"
	"kmsplan.dev/kmsplan/internal/ops"
	"kmsplan.dev/kmsplan/internal/stack"
	"kmsplan.dev/kmsplan/internal/state"
)

// followPatience is how long a command waits for the state at its end, when its files are done.
const followPatience = 10 * time.Second

// following collects the files that a command rewrapped or encrypted anew, whose plaintext it knows to be the same: what the
// state's census has of them follows at its end.
type following struct {
	app  *app
	vars *variables

	mu   sync.Mutex
	done []ops.Envelope
}

// add takes a file by the name that the command was given.
func (f *following) add(name string, got ops.Envelope) {
	at, err := filepath.Abs(f.app.path(name))
	if err != nil || got.Before == nil {
		return
	}
	got.Path = at
	f.mu.Lock()
	defer f.mu.Unlock()
	f.done = append(f.done, got)
}

// record lets the census follow. That it cannot fails nothing: the files are as they should be, and the way on is said.
func (f *following) record(ctx context.Context, operation string) {
	if len(f.done) == 0 || f.app.gatewayFrom != "" {
		return
	}
	err := f.app.withState(f.vars, followPatience, func(stored *stack.Stored) error {
		st, err := stored.Remembered(ctx)
		if err != nil {
			return err
		}
		if _, changed := census.Follow(stored.Dir(), st.Files, f.done); changed == 0 {
			return nil
		}
		return stored.EditCensus(ctx, operation, func(now state.State) (state.State, error) {
			now.Files, _ = census.Follow(stored.Dir(), now.Files, f.done)
			return now, ctx.Err()
		})
	})
	if err != nil {
		f.app.view.Notef("the state's census does not know of it: %v. kmsplan status -refresh records what was rewrapped; what was encrypted anew, kmsplan run writes once more", err)
	}
}

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

// following collects the files that a command changed in their places: what the state's census has of them follows at its end.
type following struct {
	app  *app
	vars *variables

	mu    sync.Mutex
	done  []ops.Envelope // rewrapped or encrypted anew: the command knows that the plaintext is the same
	wrote []string       // of another plaintext now, or of one that nothing is known of
}

// add takes a file whose plaintext stayed, by the name that the command was given.
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

// over takes a file that the command wrote over.
func (f *following) over(name string) {
	at, err := filepath.Abs(f.app.path(name))
	if err != nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.wrote = append(f.wrote, at)
}

// record lets the census follow. That it cannot fails nothing: the files are as they should be, and the way on is said.
func (f *following) record(ctx context.Context, operation string) {
	if len(f.done)+len(f.wrote) == 0 || f.app.gatewayFrom != "" {
		return
	}
	err := f.app.withState(f.vars, followPatience, func(stored *stack.Stored) error {
		st, err := stored.Remembered(ctx)
		if err != nil {
			return err
		}
		_, changed, kept := f.follow(stored.Dir(), st.Files)
		f.tell(kept)
		if changed == 0 {
			return nil
		}
		return stored.EditCensus(ctx, operation, func(now state.State) (state.State, error) {
			now.Files, _, _ = f.follow(stored.Dir(), now.Files)
			return now, ctx.Err()
		})
	})
	switch {
	case err == nil:
	case len(f.done) > 0:
		f.app.view.Notef("the state's census does not know of it: %v. kmsplan status -refresh records what was rewrapped; what was encrypted anew, kmsplan run writes once more", err)
	default:
		f.app.view.Notef("the state's census does not know of it, if it has the file: %v. kmsplan status -refresh records it then", err)
	}
}

func (f *following) follow(dir string, files []state.File) (next []state.File, changed int, kept []census.Entry) {
	next, followed := census.Follow(dir, files, f.done)
	next, wrote, kept := census.Wrote(dir, next, f.wrote)
	return next, followed + wrote, kept
}

// tell says of files that a data block keeps what its next run makes of the change, and of those that are plain now that they
// go on counting.
func (f *following) tell(kept []census.Entry) {
	for i := range kept {
		e := &kept[i]
		sealed := pathWord(e.Sealed())
		plain := e.Status == census.Unreadable
		switch kind := e.Kind(); {
		case kind == "encrypt":
			f.app.view.Notef("%s is what %s makes of %s, and the next kmsplan run makes it of that again: what is to stay, change there", sealed, e.Address, pathWord(e.Source))
		case kind == "decrypt" && plain:
			f.app.view.Notef("%s is not encrypted any more, and %s decrypts it: runs end with an error until it is encrypted again", sealed, e.Address)
		case kind == "decrypt":
			f.app.view.Notef("%s is what %s made of %s before; the next kmsplan run decrypts it again", pathWord(e.Path), e.Address, sealed)
		case kind == "rewrap":
			f.app.view.Notef("%s is a file of %s; the next kmsplan run brings it under the key of that", sealed, e.Address)
		case plain:
			f.app.view.Notef("%s goes on counting in the census, as it was, while it is plain: encrypt it again in its place, or forget it by kmsplan import-census -forget %[1]s", sealed)
		}
	}
}

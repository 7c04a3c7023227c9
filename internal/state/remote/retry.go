package remote

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"kmsplan.dev/kmsplan/internal/state"
)

// Retrying is how long a call of a Place is tried again.
type Retrying struct {
	Attempts int           // of one call, at least 1; 0 = 6
	Pause    time.Duration // before the second attempt, doubled for each further one up to 32-fold, ± half; 0 = 250 ms
	Each     time.Duration // the longest that one attempt may take; 0 = 20 s
}

// Retry tries a Place's calls again whose answer is an error or does not come. Swap is among them: what it
// names as replaced is there at most once, so that it takes effect once or ends in ErrConflict.
func Retry(p Place, r Retrying) Place { return retrying{p, r.withDefaults()} }

func (r Retrying) withDefaults() Retrying {
	if r.Attempts == 0 {
		r.Attempts = 6
	}
	if r.Pause == 0 {
		r.Pause = 250 * time.Millisecond
	}
	if r.Each == 0 {
		r.Each = 20 * time.Second
	}
	return r
}

type retrying struct {
	Place
	r Retrying
}

// Behind is the Place that is decorated.
func (p retrying) Behind() Place { return p.Place }

// Head implements Place.
func (p retrying) Head(ctx context.Context) (data []byte, rev Revision, err error) {
	err = p.do(ctx, func(ctx context.Context) error { data, rev, err = p.Place.Head(ctx); return err })
	return data, rev, err
}

// Swap implements Place.
func (p retrying) Swap(ctx context.Context, old Revision, head []byte) (rev Revision, err error) {
	err = p.do(ctx, func(ctx context.Context) error { rev, err = p.Place.Swap(ctx, old, head); return err })
	return rev, err
}

// Put implements Place.
func (p retrying) Put(ctx context.Context, name string, object []byte) error {
	return p.do(ctx, func(ctx context.Context) error { return p.Place.Put(ctx, name, object) })
}

// Get implements Place.
func (p retrying) Get(ctx context.Context, name string) (object []byte, err error) {
	err = p.do(ctx, func(ctx context.Context) error { object, err = p.Place.Get(ctx, name); return err })
	return object, err
}

func (p retrying) do(ctx context.Context, call func(context.Context) error) error {
	return p.r.Do(ctx, final, call)
}

// Do calls until the call gives no error, or one that another attempt does not change, or the attempts are used up. Each
// attempt has a deadline of its own.
func (r Retrying) Do(ctx context.Context, final func(error) bool, call func(context.Context) error) error {
	r = r.withDefaults()
	pause := r.Pause
	for attempt := 1; ; attempt++ {
		err := r.once(ctx, call)
		if err == nil || final(err) || ctx.Err() != nil {
			return err
		}
		if attempt == r.Attempts {
			return fmt.Errorf("after %d attempts: %w", attempt, err)
		}
		wait := time.NewTimer(pause/2 + rand.N(pause))
		select {
		case <-wait.C:
		case <-ctx.Done():
			wait.Stop()
			return errors.Join(ctx.Err(), err)
		}
		pause = min(2*pause, 32*r.Pause)
	}
}

func (r Retrying) once(ctx context.Context, call func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, r.Each)
	defer cancel()
	return call(ctx)
}

// final reports errors that another attempt does not change.
func final(err error) bool {
	return errors.Is(err, ErrConflict) || errors.Is(err, ErrNoObject) || errors.Is(err, ErrRefused) || errors.Is(err, state.ErrCorrupt)
}

package remote

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// Prober is a Place that can be tried out beside what is stored.
type Prober interface {
	// Probe returns a place of its own, and what takes it away again.
	Probe() (probe Place, remove func(context.Context) error)
}

// probers is how many write the same head at once in Measure.
const probers = 8

// Measure finds out by writes whether a server keeps what Swap promises; what it is called is not believed. Errors:
// ErrRefused with what it does instead.
func Measure(ctx context.Context, p Prober) (err error) {
	place, remove := p.Probe()
	defer func() { err = errors.Join(err, remove(context.WithoutCancel(ctx))) }()
	first, err := place.Swap(ctx, "", []byte(`{"probe":1}`))
	if err != nil {
		return fmt.Errorf("the first probe: %w", err)
	}
	if _, err := place.Swap(ctx, "", []byte(`{"probe":"second first"}`)); !errors.Is(err, ErrConflict) {
		return unfit(place, "it takes a write that may only be the first where something is stored", err)
	}
	second, err := place.Swap(ctx, first, []byte(`{"probe":2}`))
	if err != nil {
		return fmt.Errorf("the second probe: %w", err)
	}
	if _, err := place.Swap(ctx, first, []byte(`{"probe":"late"}`)); !errors.Is(err, ErrConflict) {
		return unfit(place, "it takes a write that names a version which was replaced", err)
	}
	if n, err := winners(ctx, place, second); err != nil || n != 1 {
		return unfit(place, fmt.Sprintf("of %d writes at once that name the same version it takes %d", probers, n), err)
	}
	return nil
}

// winners counts the writes that took effect, of several at once.
func winners(ctx context.Context, place Place, old Revision) (n int, err error) {
	var mu sync.Mutex
	var wg sync.WaitGroup
	for i := range probers {
		wg.Go(func() {
			_, e := place.Swap(ctx, old, fmt.Appendf(nil, `{"probe":"at once %d"}`, i))
			mu.Lock()
			defer mu.Unlock()
			if e == nil {
				n++
			} else if !errors.Is(e, ErrConflict) {
				err = e
			}
		})
	}
	wg.Wait()
	return n, err
}

func unfit(place Place, what string, err error) error {
	if err != nil && !errors.Is(err, ErrConflict) {
		return fmt.Errorf("%s: measuring what it honours: %w", place, err)
	}
	return fmt.Errorf("%s cannot keep a state: %s, so that two runs could write over each other; use another store: %w", place, what, ErrRefused)
}

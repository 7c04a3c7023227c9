package remote_test

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"kmsplan.dev/kmsplan/internal/state/remote"
	"kmsplan.dev/kmsplan/internal/state/remote/placetest"
)

// weather is one process's way to the server: calls take time, fail before or after they took effect, take effect long after
// their caller gave up, or twice; the process may stand still for an hour, or be dead.
type weather struct {
	remote.Place
	random *rand.Rand
	calm   bool

	mu    sync.Mutex
	until time.Time // it stands still
	dead  bool
}

func (w *weather) standStill(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.until = time.Now().Add(d)
}

func (w *weather) die() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.dead = true
}

// step is what the next call meets: how long it takes, and when it arrives should it be late. Each delay is another one, so that one seed is one order of events.
func (w *weather) step() (delay, late time.Duration, luck float64, dead bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delay, luck = time.Duration(w.random.Int64N(int64(200*time.Millisecond))), w.random.Float64()
	late = time.Duration(w.random.Int64N(int64(10 * time.Second)))
	if still := time.Until(w.until); still > 0 {
		delay += still
	}
	return delay, late, luck, w.dead
}

// call makes one, through the weather. again makes it once more behind the caller's back.
func (w *weather) call(do func() error, again func()) error {
	delay, late, luck, dead := w.step()
	time.Sleep(delay)
	if w.calm {
		return do()
	}
	switch {
	case dead:
		return placetest.ErrDown
	case luck < 0.04: // it never arrived
		return placetest.ErrDown
	case luck < 0.08: // its answer is lost
		_ = do()
		return placetest.ErrDown
	case luck < 0.11: // it arrives when nobody waits for it any more
		go func() { time.Sleep(late); again() }()
		return placetest.ErrDown
	case luck < 0.14: // it arrives twice
		err := do()
		again()
		return err
	}
	return do()
}

func (w *weather) Head(ctx context.Context) (data []byte, rev remote.Revision, err error) {
	err = w.call(func() error { data, rev, err = w.Place.Head(ctx); return err }, func() {})
	return data, rev, err
}

func (w *weather) Swap(_ context.Context, old remote.Revision, head []byte) (rev remote.Revision, err error) {
	always := context.Background() // the server does not know that its caller has gone
	err = w.call(func() error { rev, err = w.Place.Swap(always, old, head); return err }, func() { _, _ = w.Place.Swap(always, old, head) })
	return rev, err
}

func (w *weather) Put(_ context.Context, name string, object []byte) error {
	put := func() error { return w.Place.Put(context.Background(), name, object) }
	return w.call(put, func() { _ = put() })
}

func (w *weather) Get(ctx context.Context, name string) (object []byte, err error) {
	err = w.call(func() error { object, err = w.Place.Get(ctx, name); return err }, func() {})
	return object, err
}

func (w *weather) Drop(_ context.Context, names ...string) error {
	drop := func() error { return w.Place.Drop(context.Background(), names...) }
	return w.call(drop, func() { _ = drop() })
}

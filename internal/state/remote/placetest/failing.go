package placetest

import (
	"context"
	"errors"
	"sync"

	"kmsplan.dev/kmsplan/internal/state/remote"
)

// Failing fails the nth call of a Place: before it took effect, or after; once, or with all that follow, as for a process
// that dies there, or a server that is gone. What fails is ErrDown.
type Failing struct {
	remote.Place
	after, dies bool

	mu  sync.Mutex
	n   int
	hit bool
}

// FailAt fails p's nth call, counted from 1.
func FailAt(p remote.Place, n int, after, dies bool) *Failing {
	return &Failing{Place: p, after: after, dies: dies, n: n}
}

// Hit reports whether there was such a call.
func (f *Failing) Hit() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.hit
}

// Behind is the Place itself.
func (f *Failing) Behind() remote.Place { return f.Place }

func (f *Failing) call(do func() error) error {
	f.mu.Lock()
	f.n--
	now, dead := f.n == 0, f.dies && f.n < 0
	f.hit = f.hit || now
	f.mu.Unlock()
	switch {
	case dead, now && !f.after:
		return ErrDown
	case now:
		return errors.Join(ErrDown, do())
	}
	return do()
}

// Mend brings the network back, for who was cut off as well.
func (f *Failing) Mend() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.n, f.dies = 0, false
}

// Head implements remote.Place.
func (f *Failing) Head(ctx context.Context) (data []byte, rev remote.Revision, err error) {
	err = f.call(func() error { data, rev, err = f.Place.Head(ctx); return err })
	return data, rev, err
}

// Swap implements remote.Place.
func (f *Failing) Swap(ctx context.Context, old remote.Revision, head []byte) (rev remote.Revision, err error) {
	if err := f.call(func() error { rev, err = f.Place.Swap(ctx, old, head); return err }); err != nil {
		if errors.Is(err, ErrDown) { // whoever lost the answer does not learn that it was a conflict
			err = ErrDown
		}
		return "", err
	}
	return rev, nil
}

// Put implements remote.Place.
func (f *Failing) Put(ctx context.Context, name string, object []byte) error {
	return f.call(func() error { return f.Place.Put(ctx, name, object) })
}

// Get implements remote.Place.
func (f *Failing) Get(ctx context.Context, name string) (object []byte, err error) {
	err = f.call(func() error { object, err = f.Place.Get(ctx, name); return err })
	return object, err
}

// Drop implements remote.Place.
func (f *Failing) Drop(ctx context.Context, names ...string) error {
	return f.call(func() error { return f.Place.Drop(ctx, names...) })
}

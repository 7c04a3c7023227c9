package remote

import "context"

// Limit bounds how many calls are made at once, of all Places that it is put on.
type Limit struct{ turns chan struct{} }

// NewLimit lets n calls through at once, at least 1.
func NewLimit(n int) Limit { return Limit{make(chan struct{}, max(n, 1))} }

// On puts the limit on a Place. A call whose context ends before its turn is not made.
func (l Limit) On(p Place) Place { return limited{p, l} }

type limited struct {
	Place
	limit Limit
}

// Behind is the Place that is decorated.
func (p limited) Behind() Place { return p.Place }

func (p limited) inTurn(ctx context.Context, call func() error) error {
	select {
	case p.limit.turns <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-p.limit.turns }()
	return call()
}

// Head implements Place.
func (p limited) Head(ctx context.Context) (data []byte, rev Revision, err error) {
	err = p.inTurn(ctx, func() error { data, rev, err = p.Place.Head(ctx); return err })
	return data, rev, err
}

// Swap implements Place.
func (p limited) Swap(ctx context.Context, old Revision, head []byte) (rev Revision, err error) {
	err = p.inTurn(ctx, func() error { rev, err = p.Place.Swap(ctx, old, head); return err })
	return rev, err
}

// Put implements Place.
func (p limited) Put(ctx context.Context, name string, object []byte) error {
	return p.inTurn(ctx, func() error { return p.Place.Put(ctx, name, object) })
}

// Get implements Place.
func (p limited) Get(ctx context.Context, name string) (object []byte, err error) {
	err = p.inTurn(ctx, func() error { object, err = p.Place.Get(ctx, name); return err })
	return object, err
}

// Drop implements Place.
func (p limited) Drop(ctx context.Context, names ...string) error {
	return p.inTurn(ctx, func() error { return p.Place.Drop(ctx, names...) })
}

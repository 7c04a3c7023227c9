package placetest

import (
	"context"
	"sync"
	"time"

	"kmsplan.dev/kmsplan/internal/state/remote"
)

// Quick gives up soon.
var Quick = remote.Retrying{Attempts: 3, Pause: time.Microsecond}

// Faulty stands between stores and their Places and loses answers, for servers that cannot be told to.
type Faulty struct {
	mu   sync.Mutex
	down int
	lose bool
}

// Lose lets the next Swap take effect, and it and the calls after it fail, n altogether.
func (f *Faulty) Lose(n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.down, f.lose = n, true
}

// Over returns p with the faults.
func (f *Faulty) Over(p remote.Place) remote.Place { return &faulty{p, f} }

type faulty struct {
	remote.Place
	f *Faulty
}

// Behind is the Place itself.
func (p *faulty) Behind() remote.Place { return p.Place }

func (f *Faulty) away() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.down == 0 || f.lose {
		return nil
	}
	f.down--
	return ErrDown
}

// Head implements remote.Place.
func (p *faulty) Head(ctx context.Context) ([]byte, remote.Revision, error) {
	if err := p.f.away(); err != nil {
		return nil, "", err
	}
	return p.Place.Head(ctx)
}

// Swap implements remote.Place.
func (p *faulty) Swap(ctx context.Context, old remote.Revision, head []byte) (remote.Revision, error) {
	if err := p.f.away(); err != nil {
		return "", err
	}
	rev, err := p.Place.Swap(ctx, old, head)
	p.f.mu.Lock()
	defer p.f.mu.Unlock()
	if p.f.lose && err == nil {
		p.f.lose = false
		p.f.down--
		return "", ErrDown
	}
	return rev, err
}

// Put implements remote.Place.
func (p *faulty) Put(ctx context.Context, name string, object []byte) error {
	if err := p.f.away(); err != nil {
		return err
	}
	return p.Place.Put(ctx, name, object)
}

// Get implements remote.Place.
func (p *faulty) Get(ctx context.Context, name string) ([]byte, error) {
	if err := p.f.away(); err != nil {
		return nil, err
	}
	return p.Place.Get(ctx, name)
}

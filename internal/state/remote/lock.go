package remote

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"kmsplan.dev/kmsplan/internal/state"
)

// lease says who works on a stack. It is for people: what keeps a writer from writing over another is the head's
// revision and its epoch.
type lease struct {
	Info    state.LockInfo `json:"info"`
	Beat    uint64         `json:"beat"` // +1 with each renewal
	Seconds int            `json:"seconds"`
	Until   time.Time      `json:"until"` // by the holder's clock
}

// clockSkew is how far two runners' clocks are believed to be apart at most.
const clockSkew = 5 * time.Minute

// watched is the lease that was seen last, and since when it has not been renewed, by our own clock.
type watched struct {
	id    string
	beat  uint64
	since time.Time
}

// runOut reports whether a lease is over: its holder's clock and ours say so, or it was not renewed for its whole time
// while we looked on.
func (s *Store) runOut(l *lease) bool {
	if l == nil {
		return true
	}
	now := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.watch.id != l.Info.ID || s.watch.beat != l.Beat {
		s.watch = watched{l.Info.ID, l.Beat, now}
	}
	return now.Sub(s.watch.since) > time.Duration(l.Seconds)*time.Second || now.After(l.Until.Add(clockSkew))
}

func (s *Store) newLease(info state.LockInfo, beat uint64) *lease {
	return &lease{Info: info, Beat: beat, Seconds: int(s.lease / time.Second), Until: s.now().Add(s.lease).UTC()}
}

// Lock implements state.Store. The lock of a process that died is free after the lease.
func (s *Store) Lock(ctx context.Context, info state.LockInfo) (state.Unlocker, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if l := locker(s.place); l != nil {
		if err := l.Lock(ctx, info); err != nil {
			return nil, err
		}
		s.author.Took(info)
		return &unlocker{s: s, id: info.ID, stop: make(chan struct{})}, nil
	}
	at, err := s.look(ctx)
	if err != nil && !errors.Is(err, state.ErrJournal) {
		return nil, err
	}
	err = s.update(ctx, &at, func(h *head) error {
		h.Lease = s.newLease(info, 1)
		return nil
	}, func(h *head) error {
		if !s.runOut(h.Lease) && h.Lease.Info.ID != info.ID {
			return &state.LockedError{Info: h.Lease.Info, Path: s.place.String()}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	s.author.Took(info)
	u := &unlocker{s: s, id: info.ID, stop: make(chan struct{})}
	u.renewing.Go(u.renew)
	return u, nil
}

// ForceUnlock implements state.Store.
func (s *Store) ForceUnlock(ctx context.Context, id string) error {
	free, err := s.release(ctx, id)
	if err == nil && !free {
		err = fmt.Errorf("%w: %q", state.ErrLockID, id)
	}
	return err
}

var errNotHeld = errors.New("not held")

// release takes the lease away from the holder with that id; it reports false when somebody else, or nobody, holds it.
func (s *Store) release(ctx context.Context, id string) (bool, error) {
	if l := locker(s.place); l != nil {
		return l.Unlock(ctx, id)
	}
	at, err := s.look(ctx)
	if err != nil && !errors.Is(err, state.ErrJournal) {
		return false, err
	}
	err = s.update(ctx, &at, func(h *head) error {
		h.Lease = nil
		return nil
	}, held(id))
	if errors.Is(err, errNotHeld) {
		return false, nil
	}
	return err == nil, err
}

func held(id string) func(*head) error {
	return func(h *head) error {
		if h.Lease == nil || h.Lease.Info.ID != id {
			return errNotHeld
		}
		return nil
	}
}

// unlocker holds a lease and renews it.
type unlocker struct {
	s        *Store
	id       string
	once     sync.Once
	stop     chan struct{}
	renewing sync.WaitGroup
	err      error
}

// renew runs until Unlock, or until the lease is somebody else's. A renewal that fails is tried again at the next
// beat: when all fail the lease runs out, which costs others nothing and us only the fence.
func (u *unlocker) renew() {
	tick := time.NewTicker(u.s.lease / 3)
	defer tick.Stop()
	for {
		select {
		case <-u.stop:
			return
		case <-tick.C:
		}
		if errors.Is(u.beat(), errNotHeld) {
			return
		}
	}
}

func (u *unlocker) beat() error {
	ctx, cancel := context.WithTimeout(context.Background(), u.s.lease/3)
	defer cancel()
	at, err := u.s.look(ctx)
	if err != nil {
		return err
	}
	return u.s.update(ctx, &at, func(h *head) error {
		h.Lease = u.s.newLease(h.Lease.Info, h.Lease.Beat+1)
		return nil
	}, held(u.id))
}

// unlockTimeout is how long giving a lock back may take; the lease runs out anyway.
const unlockTimeout = 30 * time.Second

// Unlock implements state.Unlocker.
func (u *unlocker) Unlock() error {
	u.once.Do(func() {
		close(u.stop)
		u.s.author.Left(u.id)
		u.renewing.Wait()
		ctx, cancel := context.WithTimeout(context.Background(), unlockTimeout)
		defer cancel()
		_, u.err = u.s.release(ctx, u.id)
	})
	return u.err
}

package http

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"kmsplan.dev/kmsplan/internal/state"
	"kmsplan.dev/kmsplan/internal/state/remote"
)

// wireLock is a lock as the protocol writes it.
type wireLock struct {
	ID        string
	Operation string
	Info      string
	Who       string
	Version   string
	Created   time.Time
	Path      string
}

func toWire(i state.LockInfo) wireLock {
	info, _ := json.Marshal(i) // what the protocol has no field for
	return wireLock{ID: i.ID, Operation: i.Operation, Info: string(info), Who: i.User + "@" + i.Host, Version: i.Writer, Created: i.Since}
}

func fromWire(body []byte) state.LockInfo {
	var w wireLock
	if json.Unmarshal(body, &w) != nil {
		return state.LockInfo{}
	}
	var i state.LockInfo
	if json.Unmarshal([]byte(w.Info), &i) == nil && i.ID == w.ID {
		return i
	}
	return state.LockInfo{ID: w.ID, Operation: w.Operation, User: w.Who, Host: "another tool", Since: w.Created, Writer: w.Version}
}

// Locks reports whether the server has locks; without them the head's lease is the lock.
func (p *Place) Locks() bool { return p.o.LockAddress != "" }

// Lock implements remote.Locker.
func (p *Place) Lock(ctx context.Context, info state.LockInfo) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.lock(ctx, info); err != nil {
		return err
	}
	p.held = info.ID
	return nil
}

func (p *Place) lock(ctx context.Context, info state.LockInfo) error {
	body, err := json.Marshal(toWire(info))
	if err != nil {
		return err
	}
	answer, err := p.exchange(ctx, request{method: p.o.LockMethod, address: p.o.LockAddress, body: body})
	switch {
	case err != nil:
		return err
	case answer.ok():
		return nil
	case answer.status == http.StatusLocked || answer.status == http.StatusConflict:
		holder := fromWire(answer.body)
		if holder.ID == info.ID {
			return nil // an attempt before this one, whose answer was lost
		}
		return &state.LockedError{Info: holder, Path: p.name}
	}
	return p.refusal(answer)
}

// Unlock implements remote.Locker.
func (p *Place) Unlock(ctx context.Context, id string) (bool, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	held, err := p.unlock(ctx, id)
	if err == nil && p.held == id {
		p.held = ""
	}
	return held, err
}

// unlock gives back the lock of that id. Servers of this protocol do not agree on what a wrong id is: who holds
// the lock is asked for first, by trying to take it.
func (p *Place) unlock(ctx context.Context, id string) (bool, error) {
	probe := state.NewLockInfo("unlock", time.Now())
	err := p.lock(ctx, probe)
	var locked *state.LockedError
	if err == nil {
		return false, p.free(ctx, probe.ID)
	}
	if !errors.As(err, &locked) {
		return false, err
	}
	if locked.Info.ID != id {
		return false, nil
	}
	return true, p.free(ctx, id)
}

func (p *Place) free(ctx context.Context, id string) error {
	body, err := json.Marshal(toWire(state.LockInfo{ID: id, Since: time.Now().UTC()}))
	if err != nil {
		return err
	}
	u, err := url.Parse(p.o.UnlockAddress)
	if err != nil {
		return err
	}
	answer, err := p.exchange(ctx, request{method: p.o.UnlockMethod, address: u.String(), body: body, lock: id})
	switch {
	case err != nil:
		return err
	case answer.ok(), answer.status == http.StatusNotFound, answer.status == http.StatusConflict, answer.status == http.StatusLocked:
		return nil
	}
	return p.refusal(answer)
}

// How long a write that holds no lock waits for one, and between two attempts.
const (
	waitForLock  = 20 * time.Second
	betweenLocks = 20 * time.Millisecond
)

// oneWrite is the operation of a lock that is held for one write. Whoever has seen the same one for patienceDefault frees
// it: its writer has died, or will find its write refused.
const (
	oneWrite        = "write"
	patienceDefault = 5 * time.Second
)

// writeLocked stores next while the server's lock keeps everybody else from writing: the one that is held for
// the whole run, or one for this write.
func (p *Place) writeLocked(ctx context.Context, old remote.Revision, next document) error {
	if p.held != "" {
		err := p.writeUnder(ctx, p.held, old, next)
		if !errors.Is(err, errWaits) {
			return err
		}
		p.held = "" // it was broken: from now on this process competes like any other
	}
	info := state.NewLockInfo(oneWrite, time.Now())
	if err := p.waitLock(ctx, info); err != nil {
		return err
	}
	err := p.writeUnder(ctx, info.ID, old, next)
	free, cancel := context.WithTimeout(context.WithoutCancel(ctx), waitForLock)
	defer cancel()
	return errors.Join(err, p.free(free, info.ID))
}

func (p *Place) waitLock(ctx context.Context, info state.LockInfo) error {
	ctx, cancel := context.WithTimeout(ctx, waitForLock)
	defer cancel()
	var seen string
	var since time.Time
	var locked *state.LockedError
	for {
		err := p.lock(ctx, info)
		if locked != nil && ctx.Err() != nil {
			return locked // while it was asked once more
		}
		if !errors.As(err, &locked) {
			return err
		}
		if locked.Info.ID != seen {
			seen, since = locked.Info.ID, time.Now()
		}
		if locked.Info.Operation == oneWrite && time.Since(since) > p.o.Patience {
			if err := p.free(ctx, seen); err != nil {
				return err
			}
		}
		wait := time.NewTimer(betweenLocks)
		select {
		case <-wait.C:
		case <-ctx.Done():
			wait.Stop()
			return locked
		}
	}
}

// writeUnder stores next under a lock's id if the document is still the one that was seen. errWaits says that the
// lock is somebody else's.
func (p *Place) writeUnder(ctx context.Context, id string, old remote.Revision, next document) error {
	if err := p.read(ctx); err != nil {
		return err
	}
	if p.at.revision() != old {
		return p.conflict()
	}
	answer, data, err := p.send(ctx, request{method: p.o.UpdateMethod, address: p.o.Address, lock: id}, next)
	switch {
	case err != nil:
		return err
	case answer.status == http.StatusLocked || answer.status == http.StatusConflict:
		return fmt.Errorf("%s: %w", p.name, errWaits)
	case !answer.ok():
		return p.refusal(answer)
	}
	p.at = stored{next, answer.etag, sumOf(data)}
	return nil
}

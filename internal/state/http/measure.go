package http

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/google/uuid"

	"kmsplan.dev/kmsplan/internal/state"
	"kmsplan.dev/kmsplan/internal/state/remote"
)

// Measure finds out what the server honours, by writes that it has to refuse, and returns it in words. A server
// that refuses none of them is refused. What is stored stays as it is.
func (p *Place) Measure(ctx context.Context) (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.read(ctx); err != nil {
		return "", err
	}
	known := p.at.doc.Guard
	switch err := p.measure(ctx, p.lock); {
	case errors.Is(err, state.ErrLocked) && known != "":
		return "it was measured before, and somebody works on it now", nil
	case err != nil:
		return "", err
	}
	if p.at.doc.Guard == byMatch {
		return "it refuses a write whose If-Match does not fit", nil
	}
	return "it refuses a write under another lock's id", nil
}

// measure sets the guard of the document that was read; take gets the lock that it needs, at once or after a while.
func (p *Place) measure(ctx context.Context, take func(context.Context, state.LockInfo) error) error {
	match, err := p.honoursMatch(ctx)
	if err != nil {
		return err
	}
	if match {
		p.at.doc.Guard = byMatch
		return nil
	}
	lock, err := p.honoursLocks(ctx, take)
	if err != nil {
		return err
	}
	if lock {
		p.at.doc.Guard = byLock
		return nil
	}
	why := "it does not refuse a write under another lock's id either"
	if !p.Locks() {
		why = "no lock_address is given"
	}
	return fmt.Errorf("%s: this server cannot keep a state: it takes a write whose If-Match names another version, and %s, so that two runs could write over each other; "+
		"use a server that honours If-Match, GitLab, or another backend: %w", p.name, why, remote.ErrRefused)
}

// probe is what is written where a write has to be refused: what is there already, or a document that is empty.
func (p *Place) probe() document {
	if p.at.doc.Format != 0 {
		return p.at.doc
	}
	return document{Format: documentFormat}
}

// honoursMatch writes with the version of a document that never was.
func (p *Place) honoursMatch(ctx context.Context) (bool, error) {
	answer, _, err := p.send(ctx, request{method: p.o.UpdateMethod, address: p.o.Address, match: `"` + uuid.NewString() + `"`}, p.probe())
	if err != nil {
		return false, err
	}
	if answer.status == http.StatusPreconditionFailed {
		// It refuses what does not fit; it must also say what would.
		return p.at.etag != "" || p.at.doc.Format == 0, nil
	}
	if answer.status == http.StatusUnauthorized || answer.status == http.StatusForbidden {
		return false, p.refusal(answer)
	}
	return false, p.read(ctx) // it may have taken the probe, or have failed over it
}

// honoursLocks writes under an id that is not the lock's.
func (p *Place) honoursLocks(ctx context.Context, take func(context.Context, state.LockInfo) error) (bool, error) {
	if !p.Locks() {
		return false, nil
	}
	id := p.held
	if id == "" {
		info := state.NewLockInfo(oneWrite, time.Now())
		if err := take(ctx, info); err != nil {
			return false, err
		}
		defer func() { _ = p.free(context.WithoutCancel(ctx), info.ID) }()
	}
	d := p.probe()
	d.Serial++
	answer, _, err := p.send(ctx, request{method: p.o.UpdateMethod, address: p.o.Address, lock: uuid.NewString()}, d)
	if err != nil {
		return false, err
	}
	if answer.status == http.StatusLocked || answer.status == http.StatusConflict {
		return true, nil
	}
	return false, p.read(ctx)
}

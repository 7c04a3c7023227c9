package store

import (
	"errors"
	"fmt"
	"sync"
	"syscall"
	"time"
)

// Bounds of the history: how many states, and how old.
const (
	maxHistory = 1024
	maxAge     = time.Hour
)

// ErrPast is returned by an Update of a past model.
var ErrPast = errors.New("the past of the emulator's store cannot be changed")

// history keeps the latest states of the model. States share what they have in
// common, so that one costs no more than its change.
type history struct {
	mu     sync.Mutex
	now    func() time.Time // nil = nothing is kept
	states []past           // oldest first
}

type past struct {
	at   time.Time
	root *tree
}

// Remember keeps the states of the last hour from now on, 1,024 at most, so
// that AsOf finds them. Now is the clock that their age is told by.
func (db *DB) Remember(now func() time.Time) {
	h := &db.history
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now, h.states = now, []past{{now(), db.root.Load()}}
}

// add keeps a new state and forgets what is too old, save the newest of them:
// it is what the model was at the edge.
func (h *history) add(root *tree) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.now == nil {
		return
	}
	at := h.now()
	h.states = append(h.states, past{at, root})
	for len(h.states) > maxHistory || len(h.states) > 1 && h.states[1].at.Before(at.Add(-maxAge)) {
		h.states = h.states[1:]
	}
}

// forget drops every state but the present one.
func (h *history) forget() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if n := len(h.states); n > 0 {
		h.states = h.states[n-1:]
	}
}

// AsOf returns the model as it was at an instant, for reading: its Updates fail
// with ErrPast. Before the oldest state that is kept, it is the oldest.
func (db *DB) AsOf(t time.Time) *DB {
	h := &db.history
	h.mu.Lock()
	defer h.mu.Unlock()
	root := db.root.Load()
	for n := len(h.states) - 1; n >= 0; n-- {
		if root = h.states[n].root; !h.states[n].at.After(t) {
			break
		}
	}
	old := &DB{dir: db.dir, seed: db.seed, refuse: func(error) error { return ErrPast }}
	old.root.Store(root)
	return old
}

// Full returns the model with a full disk below: reading works, and an Update
// that would change something fails as it does when the real disk is full,
// nothing being changed.
func (db *DB) Full() *DB {
	full := &DB{dir: db.dir, seed: db.seed, of: db, refuse: func(err error) error {
		if err == nil {
			err = db.fullError(syscall.ENOSPC)
		}
		return err
	}}
	return full
}

func (db *DB) fullError(err error) error {
	return fmt.Errorf("the disk of the emulator's data directory %s is full, nothing was changed: %w", db.place(), err)
}

// present is the root that a View or an Update starts from.
func (db *DB) present() *tree {
	if db.of != nil {
		return db.of.root.Load()
	}
	return db.root.Load()
}

// rehearse runs an Update of a model that takes none: its own refusals come
// first, then that of the model.
func (db *DB) rehearse(fn func(*Tx) error) error {
	tx := &Tx{root: db.present(), seed: db.seed, writable: true, changes: map[string]*entry{}}
	err := fn(tx)
	if err == nil {
		err = tx.err
	}
	if err == nil && len(tx.changes) == 0 {
		return nil
	}
	return db.refuse(err)
}

package memory

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"kmsplan.dev/kmsplan/internal/state"
)

// Place is where a state is kept. The zero value is an empty one.
type Place struct {
	mu          sync.Mutex
	data        []byte            // the state as it is stored; nil = none
	generations map[uint64][]byte // by serial
	journal     []byte            // damaged when it is no JSON
	entries     []state.Entry
	owner       *tx // who began last
	holder      *unlocker
	lose        bool
}

// Store is a handle on a Place, as another process would have. It implements state.Store.
type Store struct {
	place  *Place
	author state.Author
}

// Open returns a handle.
func (p *Place) Open() *Store { return &Store{place: p} }

// ErrLost is what a write returns whose answer was lost.
var ErrLost = errors.New("the answer was lost")

// LoseAnswer makes the next write take effect and fail with ErrLost.
func (p *Place) LoseAnswer() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lose = true
}

// Damage changes what is stored: the state, or the journal.
func (p *Place) Damage(journal bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if journal {
		p.journal = []byte("damaged")
	} else {
		p.data = append([]byte("damaged"), p.data...)
	}
}

// answered is how every write ends.
func (p *Place) answered() error {
	if p.lose {
		p.lose = false
		return ErrLost
	}
	return nil
}

// Read implements state.Store.
func (s *Store) Read(ctx context.Context) (state.State, state.Version, error) {
	if err := ctx.Err(); err != nil {
		return state.State{}, state.Version{}, err
	}
	s.place.mu.Lock()
	defer s.place.mu.Unlock()
	return s.place.read()
}

func (p *Place) read() (state.State, state.Version, error) {
	if p.data == nil {
		return state.New(), state.Version{}, nil
	}
	st, err := state.Decode("in memory", p.data)
	return st, versionOf(st, p.data), err
}

func versionOf(st state.State, data []byte) state.Version {
	sum := sha256.Sum256(data)
	return state.Version{Lineage: st.Lineage, Serial: st.Serial, Digest: hex.EncodeToString(sum[:])}
}

// Generation implements state.Store. All are kept.
func (s *Store) Generation(ctx context.Context, serial uint64) (state.State, error) {
	if err := ctx.Err(); err != nil {
		return state.State{}, err
	}
	s.place.mu.Lock()
	defer s.place.mu.Unlock()
	data, ok := s.place.generations[serial]
	if !ok {
		return state.State{}, fmt.Errorf("%w: serial %d", state.ErrNoGeneration, serial)
	}
	return state.Decode("in memory", data)
}

// History implements state.Store.
func (s *Store) History(ctx context.Context) ([]state.Kept, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.place.mu.Lock()
	defer s.place.mu.Unlock()
	var all []state.Kept
	for _, serial := range slices.Backward(slices.Sorted(maps.Keys(s.place.generations))) {
		data := s.place.generations[serial]
		st, err := state.Decode("in memory", data)
		if err != nil {
			return nil, err
		}
		all = append(all, state.Kept{Version: versionOf(st, data), Stored: *st.Stored, Writer: st.Writer})
	}
	return all, nil
}

// CompareAndSwap implements state.Store.
func (s *Store) CompareAndSwap(ctx context.Context, old state.Version, next state.State) (state.Version, error) {
	return s.swap(ctx, old, next, true)
}

// Replace implements state.Store.
func (s *Store) Replace(ctx context.Context, old state.Version, next state.State) (state.Version, error) {
	return s.swap(ctx, old, next, false)
}

func (s *Store) swap(ctx context.Context, old state.Version, next state.State, sameLineage bool) (state.Version, error) {
	if err := ctx.Err(); err != nil {
		return state.Version{}, err
	}
	if err := state.CheckSuccession(old, next, sameLineage); err != nil {
		return state.Version{}, err
	}
	s.place.mu.Lock()
	defer s.place.mu.Unlock()
	v, err := s.place.store(old, next, s.author.Stored(time.Now()))
	if err == nil {
		err = s.place.answered()
	}
	return v, err
}

func (p *Place) store(old state.Version, next state.State, stored state.Stored) (state.Version, error) {
	_, found, err := p.read()
	if err != nil {
		return state.Version{}, err
	}
	if found != old {
		return state.Version{}, &state.StaleError{Expected: old, Found: found}
	}
	next.Previous, next.Stored = old.Digest, &stored
	data, err := state.Encode(next)
	if err != nil {
		return state.Version{}, err
	}
	if p.generations == nil {
		p.generations = map[uint64][]byte{}
	}
	p.data, p.generations[next.Serial] = data, data
	return versionOf(next, data), nil
}

// ReadJournal implements state.Store.
func (s *Store) ReadJournal(ctx context.Context) ([]state.Entry, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.place.mu.Lock()
	defer s.place.mu.Unlock()
	return s.place.readJournal()
}

func (p *Place) readJournal() ([]state.Entry, error) {
	if p.journal != nil {
		return nil, &state.JournalError{Path: "in memory", Line: 1, Reason: string(p.journal)}
	}
	return slices.Clone(p.entries), nil
}

// Begin implements state.Store.
func (s *Store) Begin(ctx context.Context) (state.Tx, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.place.mu.Lock()
	defer s.place.mu.Unlock()
	if _, err := s.place.readJournal(); err != nil {
		return nil, err
	}
	st, v, err := s.place.read()
	if err != nil {
		return nil, err
	}
	t := &tx{place: s.place, author: &s.author, st: st, v: v}
	s.place.owner = t
	return t, nil
}

// tx is a state.Tx; it holds the Place as long as nobody else begins.
type tx struct {
	place  *Place
	author *state.Author
	st     state.State
	v      state.Version
}

func (t *tx) fenced() error {
	if t.place.owner != t {
		return &state.FencedError{Path: "in memory"}
	}
	return nil
}

// Base implements state.Tx.
func (t *tx) Base() (state.State, state.Version) { return t.st, t.v }

// Entries implements state.Tx.
func (t *tx) Entries() []state.Entry {
	t.place.mu.Lock()
	defer t.place.mu.Unlock()
	return slices.Clone(t.place.entries)
}

// Append implements state.Tx.
func (t *tx) Append(ctx context.Context, entries ...state.Entry) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	t.place.mu.Lock()
	defer t.place.mu.Unlock()
	if err := t.fenced(); err != nil {
		return err
	}
	t.place.entries = append(t.place.entries, entries...)
	return t.place.answered()
}

// Commit implements state.Tx.
func (t *tx) Commit(ctx context.Context, next *state.State, carried []state.Entry) (state.Version, error) {
	if err := ctx.Err(); err != nil {
		return t.v, err
	}
	t.place.mu.Lock()
	defer t.place.mu.Unlock()
	if err := t.fenced(); err != nil {
		return t.v, err
	}
	v := t.v
	if next != nil {
		err := state.CheckSuccession(t.v, *next, true)
		if err == nil {
			v, err = t.place.store(t.v, *next, t.author.Stored(time.Now()))
		}
		if err != nil {
			return t.v, err
		}
	}
	t.place.entries, t.place.owner = slices.Clone(carried), nil
	return v, t.place.answered()
}

// Remove implements state.Tx.
func (t *tx) Remove(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	t.place.mu.Lock()
	defer t.place.mu.Unlock()
	if err := t.fenced(); err != nil {
		return err
	}
	if _, found, err := t.place.read(); err != nil || found != t.v {
		return errors.Join(err, &state.StaleError{Expected: t.v, Found: found})
	}
	t.place.data, t.place.generations, t.place.entries, t.place.owner = nil, nil, nil, nil
	return t.place.answered()
}

// Abandon implements state.Tx.
func (t *tx) Abandon() error {
	t.place.mu.Lock()
	defer t.place.mu.Unlock()
	if t.place.owner == t {
		t.place.owner = nil
	}
	return nil
}

// Lock implements state.Store.
func (s *Store) Lock(ctx context.Context, info state.LockInfo) (state.Unlocker, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.place.mu.Lock()
	defer s.place.mu.Unlock()
	if h := s.place.holder; h != nil {
		return nil, &state.LockedError{Info: h.info, Path: "in memory"}
	}
	s.place.holder = &unlocker{place: s.place, author: &s.author, info: info}
	s.author.Took(info)
	return s.place.holder, nil
}

// ForceUnlock implements state.Store.
func (s *Store) ForceUnlock(ctx context.Context, id string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.place.mu.Lock()
	defer s.place.mu.Unlock()
	if h := s.place.holder; h == nil || h.info.ID != id {
		return fmt.Errorf("%w: %q", state.ErrLockID, id)
	}
	s.place.holder = nil
	return nil
}

type unlocker struct {
	place  *Place
	author *state.Author
	info   state.LockInfo
}

// Unlock implements state.Unlocker.
func (u *unlocker) Unlock() error {
	u.place.mu.Lock()
	defer u.place.mu.Unlock()
	if u.place.holder == u {
		u.place.holder = nil
	}
	u.author.Left(u.info.ID)
	return nil
}

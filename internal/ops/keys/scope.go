package keys

import (
	"context"
	"fmt"
	"path"
	"sync"
	"sync/atomic"
	"time"

	"kmsplan.dev/kmsplan/internal/safety"
)

// Scope says how many files one data key may serve.
type Scope string

// The scopes. A wider one costs fewer KMS calls and widens what one leaked data key opens.
const (
	ScopeFile      Scope = "file"
	ScopeDirectory Scope = "directory"
	ScopeRun       Scope = "run"
)

// ParseScope reads a scope's name.
func ParseScope(s string) (Scope, error) {
	switch Scope(s) {
	case "", ScopeFile:
		return ScopeFile, nil
	case ScopeDirectory, ScopeRun:
		return Scope(s), nil
	}
	return "", fmt.Errorf("%q is no data-key scope; write file, directory or run", s)
}

// limits of a shared data key: whichever is reached first, a new one is made.
type limits struct {
	files int
	bytes int64 // plaintext; one file may be larger and then has a key to itself
	age   time.Duration
}

// DefaultFilesPerKey is how many files a shared data key serves where nobody says how many: a repository's, so that git
// shows all of it for one KMS call. It bounds what one leaked data key opens, and no more: each envelope has keys of its
// own from a random salt, each document from a random id (docs/envelope-format.md, §2 and §14).
const DefaultFilesPerKey = 10_000

// sharedLimits stay far inside the 2^45 messages that the body format allows under one key.
var sharedLimits = limits{files: DefaultFilesPerKey, bytes: 64 << 30, age: time.Hour}

// reached reports whether the key may not serve a further file of that size.
func (l limits) reached(d *DataKey, size int64, now time.Time) bool {
	return d.files >= l.files || max(size, 0) > l.bytes-d.bytes.Load() || now.Sub(d.born) > l.age
}

// scopes hands out data keys, shared as far as the scope allows.
type scopes struct {
	now    func() time.Time
	limits limits
	calls  atomic.Int64

	mu     sync.Mutex
	shared map[string]*sharedKey
	made   []*DataKey // all of them, to overwrite at the end
}

// sharedKey is one slot of a scope; its lock makes the first of many files fetch for all.
type sharedKey struct {
	mu  sync.Mutex
	key *DataKey
}

func newScopes(now func() time.Time) *scopes {
	return &scopes{now: now, limits: sharedLimits, shared: map[string]*sharedKey{}}
}

// maker makes a data key: one KMS call.
type maker func(ctx context.Context) (*DataKey, error)

// get returns the data key for one file of that size and counts it in.
func (s *scopes) get(ctx context.Context, scope Scope, identity, name string, size int64, fresh maker) (*DataKey, error) {
	if scope == ScopeFile || scope == "" {
		return fresh(ctx)
	}
	slot := s.slot(scope, identity, name)
	slot.mu.Lock()
	defer slot.mu.Unlock()
	if slot.key == nil || s.limits.reached(slot.key, size, s.now()) && !safety.Off(safety.DataKeyLimits) {
		key, err := fresh(ctx)
		if err != nil {
			return nil, err
		}
		key.born, key.shared = s.now(), true
		slot.key = key
		s.keep(key)
	}
	slot.key.files++
	slot.key.bytes.Add(max(size, 0))
	return slot.key, nil
}

// slot is where files that may share a key meet: equal identity, and the same directory where
// the scope is one.
func (s *scopes) slot(scope Scope, identity, name string) *sharedKey {
	id := identity
	if scope == ScopeDirectory {
		id += "\x00" + path.Dir(name)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.shared[id] == nil {
		s.shared[id] = &sharedKey{}
	}
	return s.shared[id]
}

func (s *scopes) keep(key *DataKey) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.made = append(s.made, key)
}

// forget overwrites every shared key.
func (s *scopes) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, key := range s.made {
		clear(key.Key)
	}
	s.made, s.shared = nil, map[string]*sharedKey{}
}

package ops

import (
	"context"
	"fmt"
	"path"
	"sync"
	"time"

	"kmsplan.dev/kmsplan/internal/envelope"
)

// Scope says how many files one data key may serve.
type Scope string

// The scopes. A wider one costs fewer KMS calls and widens what one leaked data key opens.
const (
	ScopeFile      Scope = "file"
	ScopeDirectory Scope = "directory"
	ScopeRun       Scope = "run"
)

// Limits of a shared data key: whichever is reached first, a new one is made. They stay
// far inside the 2^45 messages that the body format allows under one key.
const (
	maxScopeFiles = 1000
	maxScopeBytes = 64 << 30 // plaintext
	maxScopeAge   = time.Hour
)

// dataKey is a data key with its wraps, ready for a header.
type dataKey struct {
	key     []byte
	stanzas []*envelope.Stanza
	keyID   string
	arn     string
	version string
	files   int
	bytes   int64
	born    time.Time
}

// full reports whether the key may not serve a further file of that size.
func (d *dataKey) full(size int64, now time.Time) bool {
	return d.files >= maxScopeFiles || d.bytes+max(size, 0) > maxScopeBytes || now.Sub(d.born) > maxScopeAge
}

// scopes hands out data keys, shared as far as the scope allows.
type scopes struct {
	now func() time.Time

	mu     sync.Mutex
	shared map[string]*sharedKey
	calls  int
}

// sharedKey is one slot of a scope; its lock makes the first of many files fetch for all.
type sharedKey struct {
	mu  sync.Mutex
	key *dataKey
}

func newScopes(now func() time.Time) *scopes {
	return &scopes{now: now, shared: map[string]*sharedKey{}}
}

// maker makes a data key: one KMS call.
type maker func(ctx context.Context) (*dataKey, error)

// get returns the data key for one file of that size and counts it in.
func (s *scopes) get(ctx context.Context, scope Scope, identity, name string, size int64, fresh maker) (*dataKey, error) {
	if scope == ScopeFile || scope == "" {
		s.count()
		return fresh(ctx)
	}
	slot := s.slot(scope, identity, name)
	slot.mu.Lock()
	defer slot.mu.Unlock()
	if slot.key == nil || slot.key.full(size, s.now()) {
		s.count()
		key, err := fresh(ctx)
		if err != nil {
			return nil, err
		}
		key.born = s.now()
		slot.key = key
	}
	slot.key.files++
	slot.key.bytes += max(size, 0)
	return slot.key, nil
}

func (s *scopes) count() { s.mu.Lock(); s.calls++; s.mu.Unlock() }

// slot is where files that may share a key meet: same key, context, suite and recipients
// (identity), and the same directory where the scope is one.
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

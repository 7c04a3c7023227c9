package emulator

import (
	"crypto/rand"
	"crypto/sha256"
	"io"
	"strings"
	"sync"

	"github.com/google/uuid"

	"kmsplan.dev/kmsplan/internal/emulator/engine"
)

// requestIDs are upper-case UUIDs. A deterministic emulator draws them from a
// stream of their own, so that a refused request does not change the keys that
// follow.
type requestIDs struct {
	mu     sync.Mutex
	source io.Reader
}

func newRequestIDs(o Options) *requestIDs {
	if !o.Deterministic {
		return &requestIDs{source: rand.Reader}
	}
	return &requestIDs{source: engine.SeededRand(sha256.Sum256(append([]byte("request ids "), o.Seed[:]...)))}
}

func (r *requestIDs) next() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	id, err := uuid.NewRandomFromReader(r.source)
	if err != nil { // the system's randomness does not fail, nor does the stream
		return "00000000-0000-0000-0000-000000000000"
	}
	return strings.ToUpper(id.String())
}

// restart begins a seeded stream anew.
func (r *requestIDs) restart() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if seeded, ok := r.source.(*engine.Seeded); ok {
		seeded.Restart()
	}
}

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

// requestIDs returns a source of upper-case UUIDs. A deterministic emulator
// draws them from a stream of their own, so that a refused request does not
// change the keys that follow.
func requestIDs(o Options) func() string {
	source := io.Reader(rand.Reader)
	if o.Deterministic {
		source = engine.SeededRand(sha256.Sum256(append([]byte("request ids "), o.Seed[:]...)))
	}
	var mu sync.Mutex
	return func() string {
		mu.Lock()
		defer mu.Unlock()
		id, err := uuid.NewRandomFromReader(source)
		if err != nil { // the system's randomness does not fail, nor does the stream
			return "00000000-0000-0000-0000-000000000000"
		}
		return strings.ToUpper(id.String())
	}
}

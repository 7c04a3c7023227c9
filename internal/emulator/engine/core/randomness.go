package core

import (
	"io"
	mathrand "math/rand/v2"
	"sync"
)

// SeededRand is a reproducible source for the deterministic mode, which
// Engine.Reset starts anew. What it yields is no secret: keys made from it
// protect nothing.
func SeededRand(seed [32]byte) *Seeded { return &Seeded{seed: seed, stream: mathrand.NewChaCha8(seed)} }

// Seeded is a stream that follows from a seed. Not safe for concurrent use.
type Seeded struct {
	seed   [32]byte
	stream *mathrand.ChaCha8
}

func (s *Seeded) Read(p []byte) (int, error) { return s.stream.Read(p) }

// Restart begins the stream anew.
func (s *Seeded) Restart() { s.stream = mathrand.NewChaCha8(s.seed) }

// lockedReader serves concurrent readers, one whole read at a time.
type lockedReader struct {
	mu sync.Mutex
	r  io.Reader
}

func (l *lockedReader) Read(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return io.ReadFull(l.r, p)
}

// restart begins a seeded stream anew; another source has no beginning.
func (l *lockedReader) restart() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s, ok := l.r.(*Seeded); ok {
		s.Restart()
	}
}

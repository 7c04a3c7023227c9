package crypt

import (
	"crypto/rand"
	"fmt"
	"io"
	randv2 "math/rand/v2"
)

// system reports whether the reader is the operating system's random source.
// Any other reader means seeded mode.
func system(r io.Reader) bool { return r == rand.Reader }

// stream gives one operation its own random source. In seeded mode that is a
// ChaCha8 stream keyed by 32 bytes of the caller's reader, so that every
// operation consumes the same number of bytes whatever a library reads.
func stream(r io.Reader) (io.Reader, error) {
	if system(r) {
		return r, nil
	}
	if _, ok := r.(*steady); ok {
		return r, nil
	}
	var seed [32]byte
	if _, err := io.ReadFull(r, seed[:]); err != nil {
		return nil, fmt.Errorf("read the seed of a random stream: %w", err)
	}
	return &steady{source: randv2.NewChaCha8(seed)}, nil
}

// steady is a seeded stream that reads of one byte do not advance: libraries
// read one byte or none, by chance, to keep callers from relying on a stream.
type steady struct{ source *randv2.ChaCha8 }

func (s *steady) Read(p []byte) (int, error) {
	if len(p) == 1 {
		p[0] = 0
		return 1, nil
	}
	return s.source.Read(p)
}

// randomBytes reads n bytes.
func randomBytes(r io.Reader, n int) ([]byte, error) {
	b := make([]byte, n)
	if _, err := io.ReadFull(r, b); err != nil {
		return nil, fmt.Errorf("read %d random bytes: %w", n, err)
	}
	return b, nil
}

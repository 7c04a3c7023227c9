package cobblestone

import (
	"crypto/cipher"
	"encoding/binary"

	"kmsplan.dev/kmsplan/internal/safety"
)

// coder seals and opens single chunks of one message. It holds scratch space,
// so each goroutine uses a copy of its own.
type coder struct {
	aead  cipher.AEAD
	base  [nonceSize]byte
	nonce [nonceSize]byte // here rather than on the stack, where it would escape per chunk
}

// seal appends chunk n, sealed, to dst.
func (c *coder) seal(dst, chunk []byte, n uint64) []byte {
	c.at(n)
	return c.aead.Seal(dst, c.nonce[:], chunk, nil)
}

// open appends the plaintext of chunk n to dst, or nothing and an error.
func (c *coder) open(dst, sealed []byte, n uint64) ([]byte, error) {
	c.at(n)
	out, err := c.aead.Open(dst, c.nonce[:], sealed, nil)
	if err != nil {
		return dst, corruptChunk(n)
	}
	return out, nil
}

// at sets the nonce of chunk n: the base nonce XOR n, big-endian.
func (c *coder) at(n uint64) {
	if c.nonce = c.base; safety.Off(safety.ChunkOrder) {
		return
	}
	tail := c.nonce[nonceSize-8:]
	binary.BigEndian.PutUint64(tail, binary.BigEndian.Uint64(tail)^n)
}

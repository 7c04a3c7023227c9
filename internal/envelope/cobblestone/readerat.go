package cobblestone

import (
	"errors"
	"fmt"
	"io"
	"sync"
)

// ReaderAt gives random access to a message's plaintext. It may be used by
// several goroutines at once.
type ReaderAt struct {
	src    io.ReaderAt
	size   int64 // plaintext bytes
	sealed int64 // message bytes
	pool   sync.Pool
}

// scratch is one ReadAt call's working space.
type scratch struct {
	coder
	in, out []byte
}

// NewReaderAt opens the message of sealed bytes that begins at src's offset 0.
// It authenticates the message's length by opening the final chunk.
func NewReaderAt(src io.ReaderAt, sealed int64, inst Instance, key, context []byte) (*ReaderAt, error) {
	size, err := PlaintextSize(sealed)
	if err != nil {
		return nil, err
	}
	var prefix [PrefixSize]byte
	if err := readAt(src, prefix[:], 0); err != nil {
		return nil, err
	}
	c, err := inst.open(key, context, prefix[:])
	if err != nil {
		return nil, err
	}
	r := &ReaderAt{src: src, size: size, sealed: sealed}
	r.pool.New = func() any {
		return &scratch{coder: c, in: make([]byte, sealedChunk), out: make([]byte, 0, ChunkSize)}
	}
	last, _, err := lastChunk(sealed)
	if err != nil {
		return nil, err
	}
	s := r.pool.Get().(*scratch)
	defer r.pool.Put(s)
	if _, err := r.chunk(s, s.out, int64(last)); err != nil {
		return nil, err
	}
	return r, nil
}

// Size is the plaintext's length in bytes, authenticated.
func (r *ReaderAt) Size() int64 { return r.size }

// ReadAt reads verified plaintext from offset off, as [io.ReaderAt] says.
func (r *ReaderAt) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, fmt.Errorf("reading plaintext at the negative offset %d", off)
	}
	s := r.pool.Get().(*scratch)
	defer r.pool.Put(s)
	var n int
	for n < len(p) && off < r.size {
		got, err := r.piece(s, p[n:], off)
		if err != nil {
			return n, err
		}
		n += got
		off += int64(got)
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// piece reads from the one chunk that holds off, straight into p where a whole
// chunk fits.
func (r *ReaderAt) piece(s *scratch, p []byte, off int64) (int, error) {
	n, skip := off/ChunkSize, int(off%ChunkSize)
	if skip == 0 && len(p) >= ChunkSize {
		out, err := r.chunk(s, p[:0:ChunkSize], n)
		return len(out), err
	}
	out, err := r.chunk(s, s.out, n)
	if err != nil {
		return 0, err
	}
	return copy(p, out[skip:]), nil
}

// chunk appends the plaintext of chunk n to dst.
func (r *ReaderAt) chunk(s *scratch, dst []byte, n int64) ([]byte, error) {
	at := PrefixSize + n*sealedChunk
	in := s.in[:min(sealedChunk, r.sealed-at)]
	if err := readAt(r.src, in, at); err != nil {
		return dst, err
	}
	return s.open(dst, in, uint64(n))
}

func readAt(src io.ReaderAt, p []byte, off int64) error {
	n, err := src.ReadAt(p, off)
	if n == len(p) {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		return ErrTruncated
	}
	return err
}

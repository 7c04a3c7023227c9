package ops

import (
	"context"
	"hash"
	"io"
)

// watched is a stream whose bytes are counted, hashed if asked to, and reported, and which ends with
// the context.
type watched struct {
	ctx      context.Context
	r        io.Reader // one of both
	w        io.Writer
	h        hash.Hash // nil = not asked for
	n, total int64
	progress Progress // nil = silent
}

// Read takes from r.
func (s *watched) Read(p []byte) (int, error) {
	if s.ctx.Err() != nil {
		return 0, context.Cause(s.ctx)
	}
	n, err := s.r.Read(p)
	s.saw(p[:n])
	return n, err
}

// Write gives to w.
func (s *watched) Write(p []byte) (int, error) {
	if s.ctx.Err() != nil {
		return 0, context.Cause(s.ctx)
	}
	n, err := s.w.Write(p)
	s.saw(p[:n])
	return n, err
}

func (s *watched) saw(p []byte) {
	if s.h != nil {
		s.h.Write(p)
	}
	s.n += int64(len(p))
	if s.progress != nil {
		s.progress(s.n, s.total)
	}
}

// sum is the digest of what passed, or zero where it was not asked for.
func (s *watched) sum() (d [32]byte) {
	if s.h != nil {
		s.h.Sum(d[:0])
	}
	return d
}

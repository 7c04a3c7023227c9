package cli

import (
	"context"
	"sync"

	"kmsplan.dev/kmsplan/internal/batch/queue"
)

// stuck counts chunks that end in an error without anything having come of the batch in between.
type stuck struct {
	mu      sync.Mutex
	objects int64 // that were dealt with when it was counted last
	times   int
}

// failed counts one more, and reports whether it is enough of them.
func (s *stuck) failed(ctx context.Context, q queue.Queue, address string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, err := q.Record(context.WithoutCancel(ctx), address)
	if err == nil && r.Tally.Objects > s.objects {
		s.objects, s.times = r.Tally.Objects, 0
	}
	s.times++
	return s.times >= mostFailedChunks
}

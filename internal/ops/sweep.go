package ops

import (
	"sync"
	"time"

	"kmsplan.dev/kmsplan/internal/durable"
)

// sweeper removes, once for each directory, the temporary files of writers that died. They
// may hold plaintext, readable by its owner.
type sweeper struct {
	mu    sync.Mutex
	swept map[string]bool
}

func (s *sweeper) sweep(dir *durable.Dir, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.swept[dir.Path("")] {
		return
	}
	if s.swept == nil {
		s.swept = map[string]bool{}
	}
	s.swept[dir.Path("")] = true
	dir.Sweep(now)
}

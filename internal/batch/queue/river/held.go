package river

import (
	"fmt"
	"sync"
	"time"
)

// held are the chunks that a session works on, and those that it let go a moment ago.
type held struct {
	mu     sync.Mutex
	chunks map[place]time.Time // when it was let go; zero: it is held
}

type place struct {
	batch int64
	chunk int
}

// settles is how long River may take to store what became of a job.
const settles = 10 * time.Second

// take is false where the session has the chunk already: River delivered it twice.
func (h *held) take(p place) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.chunks == nil {
		h.chunks = map[place]time.Time{}
	}
	if let, ok := h.chunks[p]; ok && let.IsZero() {
		return false
	}
	h.chunks[p] = time.Time{}
	return true
}

func (h *held) let(p place) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.chunks[p] = time.Now()
}

// any reports whether a chunk of the batch is held.
func (h *held) any(batch int64) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	for p, let := range h.chunks {
		if p.batch == batch && let.IsZero() {
			return true
		}
	}
	return false
}

func (h *held) has(p place) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	let, ok := h.chunks[p]
	return ok && let.IsZero()
}

// busy are the words of the chunks whose jobs are not River's alone: held, or let go a moment ago.
func (h *held) busy() (words []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	words = []string{} // no NULL: nothing differs from all of that
	for p, let := range h.chunks {
		if !let.IsZero() && time.Since(let) > settles {
			delete(h.chunks, p)
			continue
		}
		words = append(words, p.word())
	}
	return words
}

// word names the chunk in its job.
func (p place) word() string { return fmt.Sprintf("%d/%d", p.batch, p.chunk) }

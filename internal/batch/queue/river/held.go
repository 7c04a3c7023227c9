package river

import "sync"

// held are the chunks that a session works on.
type held struct {
	mu     sync.Mutex
	chunks map[[2]int64]bool
}

// take is false where the session has the chunk already: River delivered it twice.
func (h *held) take(id int64, chunk int) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.chunks == nil {
		h.chunks = map[[2]int64]bool{}
	}
	key := [2]int64{id, int64(chunk)}
	if h.chunks[key] {
		return false
	}
	h.chunks[key] = true
	return true
}

func (h *held) let(id int64, chunk int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.chunks, [2]int64{id, int64(chunk)})
}

// any reports whether a chunk of the batch is held.
func (h *held) any(id int64) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	for key := range h.chunks {
		if key[0] == id {
			return true
		}
	}
	return false
}

// all are they, in two columns.
func (h *held) all() (batches, chunks []int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for key := range h.chunks {
		batches, chunks = append(batches, key[0]), append(chunks, key[1])
	}
	return batches, chunks
}

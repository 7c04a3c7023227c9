package public

import (
	"crypto/sha256"
	"sync"
	"time"
)

// NonceMemory is how long a nonce must not come again (the OpenAPI gateway's
// operators: 31 minutes). It is longer than both halves of the time window, so
// that a request that may not be replayed cannot outlive its nonce.
const NonceMemory = 31 * time.Minute

// maxNonces bounds each of the two generations; 16 bytes a nonce.
const maxNonces = 1 << 20

// nonces remembers nonces in two generations: a nonce is known for at least
// NonceMemory unless more than maxNonces come in that time. Safe for concurrent use.
type nonces struct {
	mu       sync.Mutex
	limit    int
	now, old map[[16]byte]struct{}
	began    time.Time
}

func newNonces(limit int) *nonces {
	return &nonces{limit: limit, now: map[[16]byte]struct{}{}}
}

// use records the nonce of an AccessKey id and reports whether it was new.
func (n *nonces) use(accessKeyID, nonce string, at time.Time) bool {
	sum := sha256.Sum256([]byte(accessKeyID + "\x00" + nonce))
	id := [16]byte(sum[:16])
	n.mu.Lock()
	defer n.mu.Unlock()
	n.turn(at)
	_, young := n.now[id]
	_, old := n.old[id]
	if young || old {
		return false
	}
	n.now[id] = struct{}{}
	return true
}

// turn starts a generation when the present one is old enough or full. A clock
// that was set back only makes nonces live longer.
func (n *nonces) turn(at time.Time) {
	if n.began.IsZero() {
		n.began = at
	}
	age := at.Sub(n.began)
	switch {
	case age >= 2*NonceMemory:
		n.now, n.old, n.began = map[[16]byte]struct{}{}, nil, at
	case age >= NonceMemory || len(n.now) >= n.limit:
		n.now, n.old, n.began = map[[16]byte]struct{}{}, n.now, at
	}
}

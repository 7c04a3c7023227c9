package ops

import (
	"context"
	"sync"

	"kmsplan.dev/kmsplan/internal/kms"
)

// spy stands between the engine and the real clients and keeps copies of the data keys that pass.
type spy struct {
	ring ring

	mu   sync.Mutex
	keys [][]byte
	live [][]byte // the engine's own slices

	damage func(*kms.DataKey) // done to each data key that is made
	wrap   func(*kms.Wrapped) // done to each wrap that is made
}

func spied(r *rig) *spy {
	s := &spy{}
	for _, g := range r.ring {
		g.Crypt = spyClient{g.Crypt, s}
		s.ring = append(s.ring, g)
	}
	return s
}

func (s *spy) saw(key []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys, s.live = append(s.keys, append([]byte{}, key...)), append(s.live, key)
}

type spyClient struct {
	kms.Cryptographer
	spy *spy
}

func (c spyClient) GenerateDataKey(ctx context.Context, id string, n int, ec map[string]string) (kms.DataKey, error) {
	k, err := c.Cryptographer.GenerateDataKey(ctx, id, n, ec)
	if err == nil && c.spy.damage != nil {
		c.spy.damage(&k)
	}
	if err == nil {
		c.spy.saw(k.Plaintext.Bytes())
	}
	return k, err
}

func (c spyClient) Encrypt(ctx context.Context, id string, key []byte, ec map[string]string) (kms.Wrapped, error) {
	w, err := c.Cryptographer.Encrypt(ctx, id, key, ec)
	if err == nil && c.spy.wrap != nil {
		c.spy.wrap(&w)
	}
	return w, err
}

func (c spyClient) Decrypt(ctx context.Context, w kms.Wrapped, ec map[string]string) ([]byte, string, error) {
	key, version, err := c.Cryptographer.Decrypt(ctx, w, ec)
	if err == nil {
		c.spy.saw(key)
	}
	return key, version, err
}

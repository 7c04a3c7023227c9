package ops

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"sync"

	"kmsplan.dev/kmsplan/internal/envelope"
	"kmsplan.dev/kmsplan/internal/kms"
)

// rewraps remembers what a run learned about its targets, and new wraps, so that files of one data key
// cost one call together.
type rewraps struct {
	mu      sync.Mutex
	known   map[[32]byte]*rewrapped
	primary map[Target]envelope.KMSStanza // key and version that KMS wrapped under last
}

// rewrapped is one data key's new wrap.
type rewrapped struct {
	once sync.Once
	wrap envelope.KMSStanza
	err  error
}

func newRewraps() *rewraps {
	return &rewraps{known: map[[32]byte]*rewrapped{}, primary: map[Target]envelope.KMSStanza{}}
}

// of is the new wrap of one data key for a target; whoever comes first makes it.
func (r *rewraps) of(key []byte, ec envelope.Context, t Target) *rewrapped {
	sum := sha256.Sum256(key)
	id := wrapID(envelope.KMSStanza{KeyARN: fmt.Sprintf("%q", t), Blob: sum[:]}, ec)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.known[id] == nil {
		r.known[id] = &rewrapped{}
	}
	return r.known[id]
}

// learn notes which version of which key a target stands for.
func (r *rewraps) learn(t Target, wrap envelope.KMSStanza) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.primary[t] = wrap
}

// reached reports whether a proved header is under what this run found the target to be.
func (r *rewraps) reached(h *envelope.Header, t Target) bool {
	r.mu.Lock()
	wrap := r.primary[t]
	r.mu.Unlock()
	return under(h, KeyID(wrap.KeyARN), wrap.KeyVersionID)
}

// wrapAnew wraps a data key under the target, once for all files that share it, and proves
// that the new wrap opens before any old one goes.
func (e *Engine) wrapAnew(ctx context.Context, key []byte, ec envelope.Context, t Target) (envelope.KMSStanza, error) {
	r := e.rewraps.of(key, ec, t)
	r.once.Do(func() { r.wrap, r.err = e.wrapOnce(ctx, key, ec, t) })
	return r.wrap, r.err
}

func (e *Engine) wrapOnce(ctx context.Context, key []byte, ec envelope.Context, t Target) (envelope.KMSStanza, error) {
	var none envelope.KMSStanza
	g, err := e.keys.Gateway(ctx, t.Gateway)
	if err != nil {
		return none, err
	}
	w, err := e.wrap(ctx, g.Crypt, key, ec, t)
	if err != nil {
		return none, err
	}
	if err := e.proveWrap(ctx, g.Crypt, w, key, ec); err != nil {
		return none, err
	}
	fresh, err := g.kmsStanza(w)
	if err == nil {
		e.rewraps.learn(t, fresh)
	}
	return fresh, err
}

func (e *Engine) wrap(ctx context.Context, c kms.Cryptographer, key []byte, ec envelope.Context, t Target) (kms.Wrapped, error) {
	ctx, cancel := bounded(ctx)
	defer cancel()
	e.unwrap.calls.Add(1)
	w, err := c.Encrypt(ctx, t.Key, key, ec)
	if err != nil {
		return w, fmt.Errorf("wrap the data key under %s: %w", t.Key, err)
	}
	if t.Version != "" && w.KeyVersionID != t.Version {
		return w, fmt.Errorf("KMS wrapped the data key under version %s of %s, not under the primary version %s; plan again", w.KeyVersionID, t.Key, t.Version)
	}
	w.Size = len(key)
	return w, nil
}

// proveWrap opens the new wrap before the old one is given up.
func (e *Engine) proveWrap(ctx context.Context, c kms.Cryptographer, w kms.Wrapped, key []byte, ec envelope.Context) error {
	back, err := e.unwrap.decrypt(ctx, c, w, ec)
	if err != nil {
		return fmt.Errorf("open the new wrap of the data key: %w", err)
	}
	defer clear(back)
	if subtle.ConstantTimeCompare(back, key) != 1 {
		return errors.New("KMS opened the new wrap to another data key; the file stays as it was")
	}
	return nil
}

package keys

import (
	"context"
	"crypto/sha256"
	"fmt"
	"sync"

	"kmsplan.dev/kmsplan/internal/envelope"
	"kmsplan.dev/kmsplan/internal/safety"
)

// Target is what a rewrap brings envelopes to: the key's primary version.
type Target struct {
	Gateway string
	Key     string // id, alias or ARN
	Version string // the version expected; "" = whatever is primary
}

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
	id := wrapID(envelope.KMSStanza{KeyARN: fmt.Sprintf("%q", t), Blob: sum[:]}, ec, len(key))
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.known[id] == nil {
		if len(r.known) >= maxKnown {
			clear(r.known) // whoever is at work with one of them has it
		}
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

// Wrapped is a header with wraps of a data key: an envelope's, or a document's.
type Wrapped interface{ KMSStanzas() []envelope.KMSStanza }

// Reached reports whether a proved header is under what this run found the target to be.
func (k *Keys) Reached(h Wrapped, t Target) bool {
	k.rewraps.mu.Lock()
	wrap := k.rewraps.primary[t]
	k.rewraps.mu.Unlock()
	return Under(h, KeyID(wrap.KeyARN), wrap.KeyVersionID)
}

// Under reports whether a header is wrapped under that version of that key, as far as it says.
func Under(h Wrapped, keyID, version string) bool {
	for _, k := range h.KMSStanzas() {
		if version != "" && version != UnknownVersion && KeyID(k.KeyARN) == keyID && k.KeyVersionID == version {
			return true
		}
	}
	return false
}

// Rewrap wraps a data key under the target, once for all files that share it, and proves
// that the new wrap opens before any old one goes.
func (k *Keys) Rewrap(ctx context.Context, key []byte, ec envelope.Context, t Target) (envelope.KMSStanza, error) {
	r := k.rewraps.of(key, ec, t)
	r.once.Do(func() { r.wrap, r.err = k.rewrap(ctx, key, ec, t) })
	return r.wrap, r.err
}

func (k *Keys) rewrap(ctx context.Context, key []byte, ec envelope.Context, t Target) (envelope.KMSStanza, error) {
	g, err := k.ring.Gateway(ctx, t.Gateway)
	if err != nil {
		return envelope.KMSStanza{}, err
	}
	fresh, err := undamaged(func() (envelope.KMSStanza, error) { return k.wrap(ctx, g, key, ec, t) })
	if err != nil {
		return fresh, fmt.Errorf("wrap the data key under %s: %w", t.Key, err)
	}
	k.rewraps.learn(t, fresh)
	return fresh, nil
}

// wrap makes one new wrap and proves it.
func (k *Keys) wrap(ctx context.Context, g Gateway, key []byte, ec envelope.Context, t Target) (envelope.KMSStanza, error) {
	var none envelope.KMSStanza
	ctx, cancel := k.bounded(ctx)
	defer cancel()
	counted(ctx, &k.unwrap.calls)
	w, err := g.Crypt.Encrypt(ctx, t.Key, key, ec)
	if err != nil {
		return none, err
	}
	if err := named(t.Key, w.KeyID); err != nil {
		return none, err
	}
	stanza, err := g.kmsStanza(w)
	if err != nil {
		return none, err
	}
	if err := k.prove(ctx, g, stanza, key, ec); err != nil && !safety.Off(safety.WrapProved) {
		return none, err
	}
	if t.Version != "" && w.KeyVersionID != t.Version {
		return none, fmt.Errorf("KMS wrapped under key version %s, not under the primary version %s; plan again", w.KeyVersionID, t.Version)
	}
	return stanza, nil
}

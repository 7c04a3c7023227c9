package ops

import (
	"context"
	"crypto/subtle"
	"fmt"
	"os"
	"sync"
	"syscall"

	"kmsplan.dev/kmsplan/internal/envelope"
	"kmsplan.dev/kmsplan/internal/kms"
)

// Target is what a rewrap brings envelopes to: the key's primary version.
type Target struct {
	Gateway string
	Key     string // id, alias or ARN
	Version string // the version expected; "" = whatever is primary
}

// rewraps remembers new wraps, so that files of one data key cost one call together.
type rewraps struct {
	mu    sync.Mutex
	known map[[32]byte]*rewrapped
}

// rewrapped is one data key's new wrap.
type rewrapped struct {
	once   sync.Once
	stanza *envelope.Stanza
	key    []byte
	err    error
}

// Rewrap brings one envelope's header under the target key's primary version. The body
// does not change: what it costs does not depend on the file's size. It reports false when the file
// was there already, and calls nothing then.
func (e *Engine) Rewrap(ctx context.Context, path string, t Target) (Envelope, bool, error) {
	pl, err := at(path)
	if err != nil {
		return Envelope{}, false, err
	}
	defer pl.close()
	got, changed, err := e.rewrap(ctx, pl, t)
	if err != nil {
		return got, false, fmt.Errorf("rewrap %s: %w", path, err)
	}
	return got, changed, nil
}

func (e *Engine) rewrap(ctx context.Context, pl place, t Target) (Envelope, bool, error) {
	if err := refuseIrregular(pl.root, pl.name); err != nil {
		return Envelope{}, false, err
	}
	f, err := pl.root.OpenFile(pl.name, os.O_RDWR|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return Envelope{}, false, err
	}
	defer f.Close()
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return Envelope{}, false, fmt.Errorf("another process is rewriting it")
	}
	h, err := envelope.ReadHeader(f)
	if err != nil {
		return Envelope{}, false, err
	}
	if current(h, t) && !h.Interrupted {
		return describe(pl.full(), h), false, nil
	}
	h, key, stanzas, err := e.newStanzas(ctx, f, h, t)
	if err != nil {
		return Envelope{}, false, err
	}
	if h.SlotSize > 0 {
		next, err := envelope.Rewrap(f, key, stanzas)
		if err == nil {
			return describe(pl.full(), next), true, nil
		}
		if err != envelope.ErrNeedsRewrite {
			return Envelope{}, false, err
		}
	}
	return rewriteHeader(pl, f, key, stanzas)
}

// current reports whether a header is under the target already, as far as it says.
func current(h *envelope.Header, t Target) bool {
	for _, k := range h.KMSStanzas() {
		if KeyID(k.KeyARN) == KeyID(t.Key) && t.Version != "" && k.KeyVersionID == t.Version {
			return true
		}
	}
	return false
}

// newStanzas opens the data key and wraps it anew; stanzas of other keys stay as they are.
func (e *Engine) newStanzas(ctx context.Context, f *os.File, h *envelope.Header, t Target) (*envelope.Header, []byte, []*envelope.Stanza, error) {
	if _, err := f.Seek(0, 0); err != nil {
		return nil, nil, nil, err
	}
	proved, key, err := envelope.Unlock(ctx, f, envelope.OpenOptions{Identities: e.identities(h.Suite)})
	if err != nil {
		return nil, nil, nil, err
	}
	fresh, err := e.wrapAnew(ctx, key, proved, t)
	if err != nil {
		return nil, nil, nil, err
	}
	return proved, key, replaceStanza(proved.Stanzas, fresh), nil
}

// replaceStanza puts the new wrap where the old one of the same key stood, or first where the
// key is another one and the file had one KMS key.
func replaceStanza(old []*envelope.Stanza, fresh *envelope.Stanza) []*envelope.Stanza {
	mine, _ := envelope.ParseKMSStanza(fresh)
	out, placed, foreign := []*envelope.Stanza{}, false, 0
	for _, s := range old {
		k, err := envelope.ParseKMSStanza(s)
		switch {
		case err != nil:
			out = append(out, s)
		case KeyID(k.KeyARN) == KeyID(mine.KeyARN) && !placed:
			out, placed = append(out, fresh), true
		case KeyID(k.KeyARN) != KeyID(mine.KeyARN):
			out = append(out, s)
			foreign++
		}
	}
	if placed {
		return out
	}
	if foreign == 1 {
		for i, s := range out {
			if _, err := envelope.ParseKMSStanza(s); err == nil {
				out[i] = fresh
				return out
			}
		}
	}
	return append([]*envelope.Stanza{fresh}, out...)
}

// wrapAnew wraps a data key under the target, once for all files that share it, and proves
// that the new wrap opens before any old one goes.
func (e *Engine) wrapAnew(ctx context.Context, key []byte, h *envelope.Header, t Target) (*envelope.Stanza, error) {
	id := cacheID(envelope.KMSStanza{KeyARN: t.Gateway + "\x00" + t.Key, Blob: h.Commitment[:]}, h.Context)
	if k := h.KMSStanzas(); len(k) > 0 {
		id = cacheID(envelope.KMSStanza{KeyARN: t.Gateway + "\x00" + t.Key, Blob: k[0].Blob}, h.Context)
	}
	e.rewraps.mu.Lock()
	if e.rewraps.known[id] == nil {
		e.rewraps.known[id] = &rewrapped{}
	}
	r := e.rewraps.known[id]
	e.rewraps.mu.Unlock()
	r.once.Do(func() { r.key = key; r.stanza, r.err = e.wrapOnce(ctx, key, h.Context, t) })
	if r.err != nil {
		return nil, r.err
	}
	if subtle.ConstantTimeCompare(r.key, key) != 1 {
		return e.wrapOnce(ctx, key, h.Context, t)
	}
	return r.stanza, nil
}

func (e *Engine) wrapOnce(ctx context.Context, key []byte, ec envelope.Context, t Target) (*envelope.Stanza, error) {
	g, err := e.keys.Gateway(ctx, t.Gateway)
	if err != nil {
		return nil, err
	}
	ctx, cancel := bounded(ctx)
	defer cancel()
	w, err := g.Crypt.Encrypt(ctx, t.Key, key, ec)
	if err != nil {
		return nil, fmt.Errorf("wrap the data key under %s: %w", t.Key, err)
	}
	e.unwrap.count()
	if t.Version != "" && w.KeyVersionID != t.Version {
		return nil, fmt.Errorf("KMS wrapped the data key under version %s of %s, not under the primary version %s; plan again", w.KeyVersionID, t.Key, t.Version)
	}
	w.Size = len(key)
	if err := e.proveWrap(ctx, g.Crypt, w, key, ec); err != nil {
		return nil, err
	}
	return g.stanza(w)
}

// proveWrap opens the new wrap before the old one is given up.
func (e *Engine) proveWrap(ctx context.Context, c kms.Cryptographer, w kms.Wrapped, key []byte, ec envelope.Context) error {
	back, _, err := c.Decrypt(ctx, w, ec)
	e.unwrap.count()
	if err != nil {
		return fmt.Errorf("open the new wrap of the data key: %w", err)
	}
	if subtle.ConstantTimeCompare(back, key) != 1 {
		return fmt.Errorf("KMS opened the new wrap to another data key; the file stays as it was")
	}
	return nil
}

// rewriteHeader rewrites a small envelope whole.
func rewriteHeader(pl place, f *os.File, key []byte, stanzas []*envelope.Stanza) (Envelope, bool, error) {
	info, err := f.Stat()
	if err != nil {
		return Envelope{}, false, err
	}
	if _, err := f.Seek(0, 0); err != nil {
		return Envelope{}, false, err
	}
	attr := attributesOf(info)
	attr.mtime = info.ModTime()
	out, err := createAtomic(pl.root, pl.name, attr)
	if err != nil {
		return Envelope{}, false, err
	}
	defer out.Abort()
	h, _, err := envelope.RewriteHeader(out, f, key, stanzas)
	if err != nil {
		return Envelope{}, false, err
	}
	return describe(pl.full(), h), true, out.Commit()
}

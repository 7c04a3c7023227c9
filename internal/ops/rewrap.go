package ops

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"

	"kmsplan.dev/kmsplan/internal/durable"
	"kmsplan.dev/kmsplan/internal/envelope"
	"kmsplan.dev/kmsplan/internal/ops/keys"
)

// Rewrap brings one envelope's header under the target key's primary version. The body
// does not change: for large files what it costs does not depend on the size. It reports false, and
// writes nothing, when the file was there already; with a Version it then calls nothing either.
//
// Mode, owner and mtime survive. A file with several names (hard links) is refused: some would change
// and some would not, depending on its size.
func (e *Engine) Rewrap(ctx context.Context, path string, t Target) (Envelope, bool, error) {
	p, err := at(path)
	if err != nil {
		return Envelope{}, false, err
	}
	defer p.close()
	got, changed, err := e.rewrap(ctx, p, t)
	if err != nil {
		return Envelope{}, false, fmt.Errorf("rewrap %s: %w", path, err)
	}
	return got, changed, nil
}

func (e *Engine) rewrap(ctx context.Context, p place, t Target) (Envelope, bool, error) {
	f, info, writable, err := e.holdEnvelope(ctx, p)
	if err != nil {
		return Envelope{}, false, err
	}
	defer f.Close()
	if durable.ManyNames(durable.Links(info)) {
		return Envelope{}, false, fmt.Errorf("it has %d names (hard links); make a copy under one name and rewrap that", durable.Links(info))
	}
	if doc, err := documentIn(f, info.Size()); err != nil || doc != nil {
		if err != nil {
			return Envelope{}, false, err
		}
		return e.rewrapDocument(ctx, p, f, info, doc, t)
	}
	h, err := envelope.ReadHeader(f)
	if err != nil {
		return Envelope{}, false, err
	}
	if keys.Under(h, KeyID(t.Key), t.Version) && !h.Interrupted {
		return sized(describe(p.full(), h), h, info), false, nil
	}
	h, key, stanzas, err := e.newStanzas(ctx, f, h, t)
	if err != nil {
		return Envelope{}, false, err
	}
	if stanzas != nil {
		if h, err = e.putHeader(p, f, info, h, writable, key, stanzas); err != nil {
			return Envelope{}, false, err
		}
	}
	got := sized(describe(p.full(), h), h, info)
	if stanzas != nil {
		got.Before = &Before{commitments: [][32]byte{got.Commitment}}
	}
	return got, stanzas != nil, nil
}

// holdEnvelope opens an envelope for rewriting. One that may be read only can still be replaced, where
// the directory allows it.
func (e *Engine) holdEnvelope(ctx context.Context, p place) (f *os.File, info fs.FileInfo, writable bool, err error) {
	f, info, err = hold(ctx, p, os.O_RDWR, e.patience)
	if !errors.Is(err, fs.ErrPermission) {
		return f, info, true, err
	}
	f, info, err = hold(ctx, p, os.O_RDONLY, e.patience)
	return f, info, false, err
}

// sized fills in the plaintext's length as the file's length claims it.
func sized(got Envelope, h *envelope.Header, info fs.FileInfo) Envelope {
	got.Sealed = info.Size()
	got.Plaintext, _ = h.PlaintextSize(info.Size())
	return got
}

// newStanzas opens the data key and wraps it anew; stanzas of other keys stay as they are. It gives none
// if the file, as its data key proves it, is where it should be. If only the end of an interrupted rewrap is
// missing, it gives the stanzas as they are.
func (e *Engine) newStanzas(ctx context.Context, f *os.File, h *envelope.Header, t Target) (*envelope.Header, []byte, []*envelope.Stanza, error) {
	if _, err := f.Seek(0, 0); err != nil {
		return nil, nil, nil, err
	}
	proved, key, err := envelope.Unlock(ctx, f, envelope.OpenOptions{Identities: e.identities()})
	if err != nil {
		return nil, nil, nil, err
	}
	if !keys.Under(proved, KeyID(t.Key), t.Version) && !e.keys.Reached(proved, t) {
		fresh, err := e.keys.Rewrap(ctx, key, proved.Context, t)
		if err != nil {
			return nil, nil, nil, err
		}
		if !keys.Under(proved, KeyID(fresh.KeyARN), fresh.KeyVersionID) {
			stanzas, err := keys.Replace(proved.Stanzas, fresh)
			return proved, key, stanzas, err
		}
	}
	if !proved.Interrupted {
		return proved, key, nil, nil
	}
	return proved, key, proved.Stanzas, nil
}

// putHeader replaces the header: in place where there is room for it, else with the whole file.
func (e *Engine) putHeader(p place, f *os.File, info fs.FileInfo, h *envelope.Header, writable bool, key []byte, stanzas []*envelope.Stanza) (*envelope.Header, error) {
	if err := p.writable(); err != nil {
		return nil, err
	}
	if h.SlotSize == 0 || !writable {
		return e.rewriteWhole(p, f, info, key, stanzas)
	}
	next, err := e.rewriteSlot(p, f, key, stanzas)
	if errors.Is(err, envelope.ErrNeedsRewrite) {
		return e.rewriteWhole(p, f, info, key, stanzas)
	}
	if err != nil {
		return nil, err
	}
	return next, p.root.Chtimes(p.name, info.ModTime(), info.ModTime())
}

// rewriteSlot rewrites the idle slot of the header.
func (e *Engine) rewriteSlot(p place, f *os.File, key []byte, stanzas []*envelope.Stanza) (*envelope.Header, error) {
	dir, err := durable.In(p.root, path.Dir(p.name), 0o755, e.disk)
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	return envelope.Rewrap(dir.File(f, path.Base(p.name)), key, stanzas)
}

// rewriteWhole rewrites an envelope whole; its body is copied.
func (e *Engine) rewriteWhole(p place, f *os.File, info fs.FileInfo, key []byte, stanzas []*envelope.Stanza) (*envelope.Header, error) {
	if _, err := f.Seek(0, 0); err != nil {
		return nil, err
	}
	out, err := e.output(p, func(fs.FileInfo) durable.Attributes {
		attr := durable.AttributesOf(info)
		attr.ModTime = info.ModTime()
		return attr
	})
	if err != nil {
		return nil, err
	}
	defer out.Abort()
	source := &watched{ctx: context.Background(), r: f}
	h, _, err := envelope.RewriteHeader(out, source, key, stanzas)
	if err != nil {
		return nil, err
	}
	if err := unchanged(p, f, info, source.n); err != nil {
		return nil, err
	}
	return h, out.Commit()
}

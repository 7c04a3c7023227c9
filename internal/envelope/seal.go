package envelope

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"slices"

	"kmsplan.dev/kmsplan/internal/envelope/cobblestone"
)

// UnknownSize is the Size of a plaintext whose length is not known.
const UnknownSize = -1

// Options say how to seal an envelope.
type Options struct {
	Suite   Suite
	Context Context

	// DataKey encrypts the body. It may serve many files of one context: each
	// has a salt of its own. nil makes a fresh one, which only Recipients get.
	DataKey []byte
	// Stanzas are wraps of DataKey that exist already.
	Stanzas []*Stanza
	// Recipients wrap the data key, after Stanzas in the header.
	Recipients []Recipient

	// Size is the plaintext's length in bytes or an estimate of it. It decides
	// between a compact envelope (below CompactLimit) and a slotted one. Zero
	// means an empty file; use UnknownSize for a stream.
	Size int64
	// Workers is how many cores ReadFrom, and so io.Copy, may use; 0 is 1.
	Workers int
}

// Writer seals one envelope. Close completes it; without Close it is truncated
// and readers will say so.
type Writer struct {
	body   *cobblestone.Writer
	header *Header
}

// Seal starts an envelope that is written to w. Nothing is written before the
// first 16 KiB of plaintext or Close, whichever is first.
func Seal(ctx context.Context, w io.Writer, o Options) (*Writer, error) {
	if !o.Suite.valid() {
		return nil, fmt.Errorf("sealing with %s: %w", o.Suite, ErrUnsupported)
	}
	dataKey, err := o.dataKey()
	if err != nil {
		return nil, err
	}
	if o.DataKey == nil {
		defer clear(dataKey)
	}
	bound, err := bodyContext(o.Suite, o.Context)
	if err != nil {
		return nil, err
	}
	body, err := cobblestone.NewWriter(w, o.Suite.body(), dataKey, bound, o.Workers)
	if err != nil {
		return nil, fmt.Errorf("starting the body: %w", err)
	}
	wrapped, err := Wrap(ctx, dataKey, o.Context, o.Recipients...)
	if err != nil {
		return nil, err
	}
	h := newHeader(o, body.Prefix(), slices.Concat(o.Stanzas, wrapped))
	lead, err := h.layOut(o.Size < 0 || o.Size >= CompactLimit, dataKey)
	if err != nil {
		return nil, err
	}
	body.Lead(lead)
	body.Expect(o.Size)
	return &Writer{body: body, header: h}, nil
}

// dataKey is the one given, or a fresh one if there is none and nothing was
// wrapped beforehand.
func (o Options) dataKey() ([]byte, error) {
	if o.DataKey != nil {
		return o.DataKey, nil
	}
	if len(o.Stanzas) > 0 {
		return nil, errors.New("stanzas without their data key: give DataKey too, or Recipients only")
	}
	key := make([]byte, o.Suite.KeySize())
	rand.Read(key)
	return key, nil
}

func newHeader(o Options, prefix [cobblestone.PrefixSize]byte, stanzas []*Stanza) *Header {
	h := &Header{Suite: o.Suite, Generation: 1, Context: o.Context, Stanzas: stanzas, prefix: prefix[:]}
	copy(h.Commitment[:], prefix[cobblestone.SaltSize:])
	return h
}

// layOut writes the header region, sets the header's place in it and signs it.
func (h *Header) layOut(slotted bool, dataKey []byte) ([]byte, error) {
	h.SlotSize, h.slot = 0, 0
	text, err := h.text(dataKey)
	if err != nil {
		return nil, err
	}
	if slotted {
		h.SlotSize = chooseSlot(len(text))
		if text, err = h.text(dataKey); err != nil { // its version line differs
			return nil, err
		}
	}
	all, err := region(h.SlotSize, text)
	h.BodyOffset = int64(len(all))
	return all, err
}

// Header is the envelope's header.
func (w *Writer) Header() *Header { return w.header }

// Write encrypts p.
func (w *Writer) Write(p []byte) (int, error) { return w.body.Write(p) }

// ReadFrom encrypts r to its end, on as many cores as Options.Workers.
func (w *Writer) ReadFrom(r io.Reader) (int64, error) { return w.body.ReadFrom(r) }

// Close writes the end of the envelope. It does not close the destination.
func (w *Writer) Close() error { return w.body.Close() }

// SealedSize is the file length of an envelope with header h and n bytes of
// plaintext.
func (h *Header) SealedSize(n int64) int64 { return h.BodyOffset + cobblestone.SealedSize(n) }

// PlaintextSize is the plaintext length of an envelope of n bytes, as its
// length claims: only reading the body proves it.
func (h *Header) PlaintextSize(n int64) (int64, error) {
	return cobblestone.PlaintextSize(n - h.BodyOffset)
}

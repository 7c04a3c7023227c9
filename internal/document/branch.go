package document

import (
	"bytes"

	"kmsplan.dev/kmsplan/internal/envelope"
)

// SameFile reports whether both are versions of one file, whose values open in either.
func (d *Document) SameFile(e *Document) bool {
	return d.Header.ID == e.Header.ID && d.Header.Suite == e.Header.Suite && d.Header.Context.Equal(e.Header.Context) && bytes.Equal(d.DataKey, e.DataKey)
}

// Join seals a plaintext that d and e, two versions of one file, were merged into: what either has sealed already keeps
// its ciphertext, and the generation is later than both. Where the outcome is one of the two it is given as it is.
func (d *Document) Join(e *Document, plain []byte, r Rules, stanzas []*envelope.Stanza) ([]byte, *Header, error) {
	for _, one := range []*Document{d, e} {
		if bytes.Equal(plain, one.Plain) && r.Equal(one.Header.Rules) && EqualStanzas(stanzas, one.Header.Stanzas) {
			return one.source, one.Header, nil
		}
	}
	if !d.SameFile(e) {
		return d.UpdateFor(plain, r, stanzas)
	}
	if Is(plain) {
		return nil, nil, ErrAlready
	}
	later := *d.Header
	later.Generation = max(d.Header.Generation, e.Header.Generation)
	h, err := later.next()
	if err != nil {
		return nil, nil, err
	}
	h.Rules, h.Stanzas = r, stanzas
	kept := d.tokens()
	for at, list := range e.tokens().free {
		if len(kept.free[at]) < len(list) {
			kept.free[at] = append(kept.free[at], list[len(kept.free[at]):]...)
		}
	}
	return seal(plain, d.format, h, d.DataKey, kept)
}

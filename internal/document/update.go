package document

import (
	"bytes"
	"fmt"
	"math"
	"slices"

	"kmsplan.dev/kmsplan/internal/envelope"
)

// Update seals another plaintext in the place of d's: the file keeps its id, data key and rules, and every value
// that did not change keeps its ciphertext. Where nothing changed it gives the document as it is.
func (d *Document) Update(plain []byte) ([]byte, *Header, error) {
	return d.UpdateFor(plain, d.Header.Rules, d.Header.Stanzas)
}

// UpdateFor is Update under other rules, for other recipients.
func (d *Document) UpdateFor(plain []byte, r Rules, stanzas []*envelope.Stanza) ([]byte, *Header, error) {
	same := EqualStanzas(stanzas, d.Header.Stanzas)
	switch {
	case bytes.Equal(plain, d.Plain) && r.Equal(d.Header.Rules) && same:
		return d.source, d.Header, nil
	case bytes.Equal(plain, d.Plain) && r.Equal(d.Header.Rules):
		return d.Rewrap(stanzas)
	case Is(plain):
		return nil, nil, ErrAlready
	}
	h, err := d.Header.next()
	if err != nil {
		return nil, nil, err
	}
	h.Rules, h.Stanzas = r, stanzas
	return seal(plain, d.format, h, d.DataKey, d.tokens())
}

// EqualStanzas reports whether the same can open both.
func EqualStanzas(a, b []*envelope.Stanza) bool {
	return slices.EqualFunc(a, b, (*envelope.Stanza).Equal)
}

// Rewrap exchanges who can open the document. No value changes, and nor does the data key: who opened it before can
// open this file still.
func (d *Document) Rewrap(stanzas []*envelope.Stanza) ([]byte, *Header, error) {
	h, err := d.Header.next()
	if err != nil {
		return nil, nil, err
	}
	h.Stanzas = stanzas
	keys, err := h.secrets(d.DataKey)
	if err != nil {
		return nil, nil, err
	}
	return finish(d.format, d.body, h, keys, d.items, d.sealed)
}

// Sealed is how many values are sealed, and of how many.
func (d *Document) Sealed() (sealed, values int) {
	for _, i := range d.items {
		if i.Kind == Value {
			values++
		}
	}
	return len(d.sealed), values
}

// Format is the document's format.
func (d *Document) Format() Format { return d.format }

// next is the header of the document's next generation.
func (h *Header) next() (*Header, error) {
	if h.Generation == math.MaxInt64 {
		return nil, fmt.Errorf("generation %d is the last: encrypt the file anew", h.Generation)
	}
	n := *h
	n.Generation++
	return &n, nil
}

// tokens are the sealed values of a document by what they were sealed as.
type tokens struct{ free map[string][]token }

func (d *Document) tokens() *tokens {
	all := &tokens{free: map[string][]token{}}
	for n, i := range d.items {
		if t, ok := d.boxes[n]; ok {
			at := keptAs(i, d.Plain[i.Start:i.End])
			all.free[at] = append(all.free[at], t)
		}
	}
	return all
}

// take gives the token that a value has already, once.
func (t *tokens) take(i Item, raw []byte) (token, bool) {
	if t == nil {
		return token{}, false
	}
	at := keptAs(i, raw)
	list := t.free[at]
	if len(list) == 0 {
		return token{}, false
	}
	t.free[at] = list[1:]
	return list[0], true
}

func keptAs(i Item, raw []byte) string { return string(additional(i)) + "\x00" + string(raw) }

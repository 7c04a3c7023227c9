package document

import (
	"context"
	"errors"
	"fmt"

	"kmsplan.dev/kmsplan/internal/envelope"
	"kmsplan.dev/kmsplan/internal/safety"
)

// Document is an opened one, proved as a whole.
type Document struct {
	Header  *Header
	Plain   []byte // the file as it was sealed
	DataKey []byte

	format Format
	source []byte // the document
	body   []byte // the same without its header
	items  []Item // of Plain
	sealed map[int]bool
	boxes  map[int]token
}

// ErrChanged says that a document is not as it was sealed.
var ErrChanged = errors.New("the document was changed after it was sealed, by someone without its key or by a merge: restore the file from version control; kmsplan edit changes values, kmsplan git merges branches")

// Open opens a document and proves it: each value is of this document, place and type, and the document as a whole is
// what was sealed. Nothing of it is given out otherwise.
func Open(ctx context.Context, src []byte, o envelope.OpenOptions) (*Document, error) {
	f, body, h, err := detach(src)
	if err != nil {
		return nil, err
	}
	if err := o.Expects(h.Context); err != nil {
		return nil, err
	}
	key := o.DataKey
	if key == nil {
		if key, err = envelope.Unwrap(ctx, h.Suite, h.Stanzas, h.Context, o.Identities...); err != nil {
			return nil, err
		}
	}
	return open(f, src, body, h, key)
}

func open(f Format, src, body []byte, h *Header, key []byte) (*Document, error) {
	keys, err := h.secrets(key)
	if err != nil {
		return nil, fmt.Errorf("%w (%v)", envelope.ErrWrongKey, err)
	}
	d := &Document{Header: h, DataKey: key, format: f, source: src, body: body, sealed: map[int]bool{}, boxes: map[int]token{}}
	count, err := d.reveal(keys)
	if err != nil {
		return nil, err
	}
	return d, d.proved(keys, count)
}

// reveal opens the sealed values, and gives the number of the document's items. They are not kept: those of the plaintext
// take as much room.
func (d *Document) reveal(keys *secrets) (count int, err error) {
	items, err := parse(d.format, d.body)
	if err != nil {
		return 0, err
	}
	for n, i := range items {
		if i.Kind == Value && Token(i.Text) {
			d.sealed[n] = true
		}
	}
	n := -1
	d.Plain, err = exchange(d.body, items, d.sealed, 0, func(i Item) (string, error) {
		for n++; !d.sealed[n]; n++ {
		}
		t, raw, err := keys.reveal(i)
		if err != nil {
			return "", located(d.body, i, err)
		}
		d.boxes[n] = t
		return string(raw), nil
	})
	return len(items), err
}

// located says which value a failure is of.
func located(body []byte, i Item, err error) error {
	line, column := position(body, i.Start)
	return fmt.Errorf("line %d, column %d: %s: %w", line, column, i.Path, err)
}

// reveal opens a value that stands sealed at i.
func (s *secrets) reveal(i Item) (token, []byte, error) {
	t, ok := parseToken(i.Text)
	if !ok {
		return t, nil, fmt.Errorf("this sealed value is damaged: %w", ErrChanged)
	}
	i.Type = t.kind // as what it was sealed: a token is a text
	raw, err := s.open(t, i)
	if err != nil {
		return t, nil, fmt.Errorf("this value belongs to another place, type or file, or was altered: %w", ErrChanged)
	}
	return t, raw, nil
}

// proved parses the plaintext, which must have as many items as the document, and compares the MAC.
func (d *Document) proved(keys *secrets, count int) error {
	items, err := parse(d.format, d.Plain)
	if err != nil {
		return fmt.Errorf("%w (%v)", ErrChanged, err)
	}
	if len(items) != count {
		return ErrChanged
	}
	lines, err := d.Header.lines()
	if err != nil {
		return err
	}
	if !equalMAC(keys.sum(lines, items, d.sealed), d.Header.MAC) && !safety.Off(safety.DocumentMAC) {
		return ErrChanged
	}
	d.items = items
	return nil
}

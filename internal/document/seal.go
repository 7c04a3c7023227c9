package document

import (
	"bytes"
	"errors"
	"fmt"
	"unicode/utf8"

	"kmsplan.dev/kmsplan/internal/envelope"
	"kmsplan.dev/kmsplan/internal/safety"
)

const (
	// MaxSize is the longest file that is sealed value by value, in bytes. It is held in memory several times.
	MaxSize = 16 << 20
	// MaxSealed is the longest document, in bytes: a sealed value is longer than the value.
	MaxSealed = 64 << 20
)

// ErrAlready says that a file is a document, or an envelope, already.
var ErrAlready = errors.New("it is encrypted already")

// errNothingSealed says that no value of a file is meant.
var errNothingSealed = errors.New("nothing would be sealed")

// errNothingLeft is that of a document that has sealed values now.
var errNothingLeft = &Refusal{Why: "no value of the file would be sealed any more, and a document keeps at least one that is; kmsplan decrypt -in-place makes a plain file of it"}

// Options say how a file is sealed.
type Options struct {
	Format  Format
	Suite   envelope.Suite
	Context envelope.Context
	Rules   Rules
	DataKey []byte             // it may serve many documents: each has keys of its own
	Stanzas []*envelope.Stanza // wraps of DataKey
}

// Seal encrypts the values of src that the rules mean and gives the document. The file must have at least one.
func Seal(src []byte, o Options) ([]byte, *Header, error) {
	if Is(src) {
		return nil, nil, ErrAlready
	}
	h := &Header{
		Format: o.Format.Name(), Suite: o.Suite, ID: NewID(), Generation: 1, Context: o.Context, Rules: o.Rules, Stanzas: o.Stanzas,
	}
	return seal(src, o.Format, h, o.DataKey, nil)
}

// seal writes src as the document of h; a value that kept has keeps its token.
func seal(src []byte, f Format, h *Header, dataKey []byte, kept *tokens) ([]byte, *Header, error) {
	if len(src) > MaxSize {
		return nil, nil, tooLarge(len(src), MaxSize)
	}
	items, err := parse(f, src)
	if err != nil {
		return nil, nil, err
	}
	chosen, err := choose(src, items, h.Rules)
	if kept != nil && errors.Is(err, errNothingSealed) {
		err = errNothingLeft
	}
	if err != nil {
		return nil, nil, err
	}
	keys, err := h.secrets(dataKey)
	if err != nil {
		return nil, nil, err
	}
	body, err := exchange(src, items, chosen, 96*len(chosen), func(i Item) (string, error) {
		raw := src[i.Start:i.End]
		t, ok := kept.take(i, raw)
		if !ok {
			t = keys.seal(raw, i)
		}
		return f.Quote(t.String(), raw), nil
	})
	if err != nil {
		return nil, nil, err
	}
	if len(body) > MaxSealed {
		return nil, nil, tooLarge(len(body), MaxSealed)
	}
	if err := prove(f, src, items, body, chosen, keys); err != nil {
		return nil, nil, err
	}
	return finish(f, body, h, keys, items, chosen)
}

// finish signs the header and attaches it.
func finish(f Format, body []byte, h *Header, keys *secrets, items []Item, sealed map[int]bool) ([]byte, *Header, error) {
	lines, err := h.lines()
	if err != nil {
		return nil, nil, err
	}
	h.MAC = keys.sum(lines, items, sealed)
	lines = append(lines, macLine+" "+b64.EncodeToString(h.MAC[:]))
	out, err := f.Attach(body, lines)
	if err != nil {
		return nil, nil, err
	}
	if len(out) > MaxSealed {
		return nil, nil, tooLarge(len(out), MaxSealed)
	}
	if g, again, read, err := detach(out); err != nil || g.Name() != f.Name() || !bytes.Equal(again, body) || read.MAC != h.MAC {
		return nil, nil, &Refusal{Why: "a header has no place in this file that could be taken off again; encrypt the file whole, without -values"}
	}
	return out, h, nil
}

func tooLarge(size, limit int) *Refusal {
	return &Refusal{Why: fmt.Sprintf("with its values sealed the file would take %d bytes, and %d is the limit; encrypt it whole, without -values", size, limit)}
}

// parse is a format's Parse over what every format demands of a file.
func parse(f Format, src []byte) ([]Item, error) {
	if len(src) > MaxSealed {
		return nil, tooLarge(len(src), MaxSealed)
	}
	if !utf8.Valid(src) || bytes.IndexByte(src, 0) >= 0 {
		return nil, notUTF8(src)
	}
	items, err := f.Parse(src)
	if err != nil {
		return nil, err
	}
	end := 0
	var d depth
	for n := range items {
		i := &items[n]
		if r := d.enter(i.Path); r != nil {
			return nil, r
		}
		if i.Kind != Value {
			continue
		}
		if i.Start < end || i.End < i.Start || i.End > len(src) {
			return nil, refuse(src, i.Start, "the place of %s cannot be told for certain; encrypt the file whole, without -values", i.Path)
		}
		end = i.End
	}
	return items, nil
}

// choose gives the items that the rules mean. No value may look like a sealed one.
func choose(src []byte, items []Item, r Rules) (map[int]bool, error) {
	rules, err := r.compile()
	if err != nil {
		return nil, err
	}
	chosen := map[int]bool{}
	values := 0
	for n, i := range items {
		if i.Kind != Value {
			continue
		}
		values++
		if Token(i.Text) {
			return nil, refuse(src, i.Start, "%s is sealed already, and this file has no header: take the whole file from version control again", i.Path)
		}
		if rules.meant(i) {
			chosen[n] = true
		}
	}
	switch {
	case len(chosen) > 0:
		return chosen, nil
	case values == 0 || len(r.Only)+len(r.Except) == 0:
		return nil, &Refusal{Why: "the file has no value that could be sealed", of: errNothingSealed}
	}
	return nil, &Refusal{of: errNothingSealed, Why: fmt.Sprintf("none of the file's %d values has a name that -only finds and -except does not, so all of it would stay readable: correct the patterns", values)}
}

// Foresee refuses what Seal would refuse of a file, as far as it shows without a key.
func Foresee(src []byte, f Format, r Rules) error {
	items, err := parse(f, src)
	if err != nil {
		return err
	}
	_, err = choose(src, items, r)
	return err
}

// exchange writes src with other bytes in place of the chosen values, about more of them than src has.
func exchange(src []byte, items []Item, chosen map[int]bool, more int, with func(Item) (string, error)) ([]byte, error) {
	out := make([]byte, 0, len(src)+more)
	end := 0
	for n, i := range items {
		if !chosen[n] {
			continue
		}
		text, err := with(i)
		if err != nil {
			return nil, err
		}
		out = append(append(out, src[end:i.Start]...), text...)
		end = i.End
	}
	return append(out, src[end:]...), nil
}

// prove parses what was written. It must differ from src in exactly the chosen values, and opening those must give
// src again: else the file is refused, whatever the reason.
func prove(f Format, src []byte, items []Item, body []byte, chosen map[int]bool, keys *secrets) error {
	if safety.Off(safety.DocumentProof) {
		return nil
	}
	again, err := parse(f, body)
	if err != nil || len(again) != len(items) {
		return unproved(src, items, chosen, again)
	}
	for n, i := range items {
		j := again[n]
		if !chosen[n] && !i.same(j) {
			return unproved(src, items, chosen, again)
		}
		if chosen[n] && (j.Kind != Value || !samePath(i.Path, j.Path) || !Token(j.Text)) {
			return unproved(src, items, chosen, again)
		}
	}
	if !restores(src, body, again, chosen, keys) {
		return unproved(src, items, chosen, nil)
	}
	return nil
}

// restores reports whether opening the chosen values of body gives src. It holds neither a second time.
func restores(src, body []byte, items []Item, chosen map[int]bool, keys *secrets) bool {
	left, end := src, 0
	is := func(next []byte) bool {
		rest, ok := bytes.CutPrefix(left, next)
		left = rest
		return ok
	}
	for n, i := range items {
		if !chosen[n] {
			continue
		}
		_, raw, err := keys.reveal(i)
		if err != nil || !is(body[end:i.Start]) || !is(raw) {
			return false
		}
		end = i.End
	}
	return is(body[end:]) && len(left) == 0
}

// unproved names the first chosen value from which on the file reads otherwise.
func unproved(src []byte, items []Item, chosen map[int]bool, again []Item) error {
	last := Item{}
	for n, i := range items {
		if chosen[n] {
			last = i
		}
		if n >= len(again) || !chosen[n] && !i.same(again[n]) || chosen[n] && !samePath(i.Path, again[n].Path) {
			break
		}
	}
	return refuse(src, last.Start, "with another value in the place of %s the file would read otherwise elsewhere; leave it out with -except, or encrypt the file whole, without -values", last.Path)
}

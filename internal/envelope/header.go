package envelope

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// magic is what the version line begins with, and the version that is bound
// into the body's keys.
const magic = "kmsplan.dev/envelope/v1"

// Header is what an envelope says of itself. Without the data key none of it
// is proved: [ReadHeader] reports what is written, [Unlock] what is true.
type Header struct {
	Suite      Suite
	Generation uint64    // 1 when sealed, one more with every rewrap
	Context    Context   // readable, bound into the body's keys
	Stanzas    []*Stanza // the wrapped data key, once per recipient
	Commitment [32]byte  // the body's key commitment: same body, same commitment
	SlotSize   int       // bytes of each of two header slots; 0 in a compact envelope
	BodyOffset int64     // where the body begins

	// Interrupted says that a second slot is readable too: a rewrap stopped
	// before it wiped the old one. Another rewrap wipes it.
	Interrupted bool

	prefix []byte // the body's first 56 bytes
	signed []byte // what the MAC covers
	mac    []byte
	slot   int // 0 or 1, where this header stands
}

// stanzas are all stanzas in the order of the format.
func (h *Header) stanzas() ([]*Stanza, error) {
	pairs, err := encodePairs(h.Context)
	if err != nil {
		return nil, fmt.Errorf("encryption context: %w", err)
	}
	own := []*Stanza{
		{Type: "body", Args: strings.Fields(h.Suite.String())},
		{Type: "gen", Args: []string{strconv.FormatUint(h.Generation, 10)}},
		{Type: "ctx", Args: pairs},
	}
	return append(own, h.Stanzas...), nil
}

// text writes the header as one slot holds it, MAC and check included, and
// leaves h as a reader of that text would see it.
func (h *Header) text(dataKey []byte) ([]byte, error) {
	if err := checkRecipients(h.Stanzas); err != nil {
		return nil, err
	}
	stanzas, err := h.stanzas()
	if err != nil {
		return nil, err
	}
	var text []byte
	for _, s := range stanzas {
		if text, err = s.append(text); err != nil {
			return nil, err
		}
	}
	text = append(text, "---"...)
	h.signed = slices.Concat([]byte(versionLine(h.SlotSize)), text, h.prefix)
	if h.mac, err = headerMAC(h.Suite, dataKey, h.signed); err != nil {
		return nil, err
	}
	text = append(text, " "+b64.EncodeToString(h.mac)+" "...)
	check := checksum(h.SlotSize, text, h.prefix)
	return append(text, b64.EncodeToString(check)+"\n"...), nil
}

// parseHeader reads a slot's text, whose end textEnd found and whose check has
// been verified.
func parseHeader(slotSize int, text, prefix []byte) (*Header, error) {
	h := &Header{SlotSize: slotSize, prefix: prefix}
	copy(h.Commitment[:], prefix[len(prefix)-len(h.Commitment):])
	end := len(text) - lastLine - 1
	h.signed = slices.Concat([]byte(versionLine(slotSize)), text[:end], []byte("---"), prefix)
	last := string(text[end+len("--- "):])
	var err error
	if h.mac, err = b64.DecodeString(last[:macChars]); err != nil || len(h.mac) != macSize || last[macChars] != ' ' {
		return nil, &CorruptError{What: "header (its last line is malformed)"}
	}
	l := &lines{text: text[:end], number: 1}
	var all []*Stanza
	for len(l.text) > 0 {
		s, err := l.stanza()
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return h, h.assign(all)
}

// assign gives the stanzas their meaning: body, gen and ctx first, in this
// order, then recipients.
func (h *Header) assign(all []*Stanza) error {
	order := []string{"body", "gen", "ctx"}
	if len(all) <= len(order) {
		return &CorruptError{What: "header (stanzas are missing)"}
	}
	for i, want := range order {
		if all[i].Type != want || len(all[i].Body) != 0 {
			return &CorruptError{What: fmt.Sprintf("header (stanza %d is not %s)", i+1, want)}
		}
	}
	var err error
	if h.Suite, err = parseSuite(all[0].Args); err != nil {
		return err
	}
	if h.Generation, err = parseGeneration(all[1].Args); err != nil {
		return err
	}
	pairs, err := decodePairs(all[2].Args)
	if err != nil {
		return &CorruptError{What: fmt.Sprintf("header (encryption context: %v)", err)}
	}
	h.Context = pairs
	h.Stanzas = all[len(order):]
	if err := checkRecipients(h.Stanzas); errors.Is(err, ErrUnsupported) {
		return err
	} else if err != nil {
		return &CorruptError{What: fmt.Sprintf("header (%v)", err)}
	}
	return nil
}

func parseGeneration(args []string) (uint64, error) {
	if len(args) == 1 {
		n, err := strconv.ParseUint(args[0], 10, 63)
		if err == nil && n > 0 && strconv.FormatUint(n, 10) == args[0] {
			return n, nil
		}
	}
	return 0, &CorruptError{What: "header (the generation is no number from 1)"}
}

// checkRecipients holds recipient stanzas to the format: at least one, none
// twice, types that this version knows or private ones ("x-…").
func checkRecipients(stanzas []*Stanza) error {
	if len(stanzas) == 0 {
		return errors.New("an envelope needs at least one recipient")
	}
	if len(stanzas)+3 > maxStanzas {
		return fmt.Errorf("%d recipients: an envelope holds at most %d", len(stanzas), maxStanzas-3)
	}
	for i, s := range stanzas {
		var err error
		switch {
		case s.Type == kmsType:
			_, err = ParseKMSStanza(s)
		case s.Type == ageType:
			_, err = parseAgeStanza(s)
		case !strings.HasPrefix(s.Type, "x-"):
			err = fmt.Errorf("stanza %q: %w", s.Type, ErrUnsupported)
		}
		if err != nil {
			return err
		}
		if slices.ContainsFunc(stanzas[:i], s.sameRecipient) {
			return fmt.Errorf("the recipient %s %s stands there twice", s.Type, strings.Join(s.Args, " "))
		}
	}
	return nil
}

// sameRecipient reports whether both wrap for the same recipient: for KMS the
// same key, else equal stanzas.
func (s *Stanza) sameRecipient(t *Stanza) bool {
	if s.Type == kmsType && t.Type == kmsType {
		return s.Args[0] == t.Args[0]
	}
	return s.Equal(t)
}

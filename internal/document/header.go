package document

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"kmsplan.dev/kmsplan/internal/envelope"
)

const (
	// magic begins a header, and is bound into every key.
	magic   = family + "v1"
	family  = "kmsplan.dev/document/" // of all versions
	macLine = "---"
	macSize = 32
	idSize  = 16
	// maxLines bounds a header: 20 stanzas, the first line and the MAC.
	maxLines = 22
)

// b64 is as envelopes write it: standard alphabet, no padding, one encoding for each value.
var b64 = base64.RawStdEncoding.Strict()

// Header is what a document says of itself. Until the document is opened none of it is proved.
type Header struct {
	Format     string
	Suite      envelope.Suite
	ID         [idSize]byte // of this file: its values open in no other
	Generation uint64       // 1 when sealed, one more with every change of the file
	Context    envelope.Context
	Rules      Rules // which values are sealed
	Stanzas    []*envelope.Stanza
	MAC        [macSize]byte
}

// NewID is a random file id.
func NewID() (id [idSize]byte) {
	rand.Read(id[:])
	return id
}

// KMSStanzas are the header's alikms stanzas, in order.
func (h *Header) KMSStanzas() []envelope.KMSStanza { return envelope.KMSStanzasOf(h.Stanzas) }

// lines are the header without its MAC's line.
func (h *Header) lines() ([]string, error) {
	if err := envelope.CheckRecipients(h.Stanzas); err != nil {
		return nil, err
	}
	lines, err := h.ownLines()
	if err != nil {
		return nil, err
	}
	if lines, err = appendLines(lines, h.Stanzas); err != nil {
		return nil, err
	}
	if len(lines)+1 > maxLines {
		return nil, fmt.Errorf("%d recipients: a document has room for %d", len(h.Stanzas), len(h.Stanzas)-(len(lines)+1-maxLines))
	}
	return lines, nil
}

// ownLines are those before the recipients'.
func (h *Header) ownLines() ([]string, error) {
	pairs, err := h.Context.Pairs()
	if err != nil {
		return nil, fmt.Errorf("encryption context: %w", err)
	}
	own := []*envelope.Stanza{
		{Type: "seal", Args: append(h.Suite.Algorithms(), b64.EncodeToString(h.ID[:]))},
		{Type: "gen", Args: []string{strconv.FormatUint(h.Generation, 10)}},
		{Type: "ctx", Args: pairs},
	}
	return appendLines([]string{magic + " " + h.Format}, append(own, h.Rules.stanzas()...))
}

func appendLines(lines []string, stanzas []*envelope.Stanza) ([]string, error) {
	for _, s := range stanzas {
		line, err := s.Line()
		if err != nil {
			return nil, err
		}
		lines = append(lines, line)
	}
	return lines, nil
}

// signed is what the MAC covers of the header.
func signed(lines []string) string { return strings.Join(lines, "\n") + "\n" + macLine }

// parseHeader reads the lines of a header, and no other spelling of them.
func parseHeader(lines []string) (*Header, error) {
	if len(lines) < 6 || len(lines) > maxLines {
		return nil, corrupt("it has %d lines", len(lines))
	}
	h := &Header{}
	var ok bool
	if h.Format, ok = strings.CutPrefix(lines[0], magic+" "); !ok {
		return nil, corrupt("its first line is malformed")
	}
	last, ok := strings.CutPrefix(lines[len(lines)-1], macLine+" ")
	mac, err := b64.DecodeString(last)
	if !ok || err != nil || len(mac) != macSize {
		return nil, corrupt("its last line is malformed")
	}
	copy(h.MAC[:], mac)
	var all []*envelope.Stanza
	for _, line := range lines[1 : len(lines)-1] {
		s, err := envelope.ParseStanzaLine(line)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	if err := h.assign(all); err != nil {
		return nil, err
	}
	again, err := h.lines()
	if err != nil || !slices.Equal(again, lines[:len(lines)-1]) {
		return nil, corrupt("its lines are not in their order")
	}
	return h, nil
}

// assign gives the stanzas their meaning: seal, gen, ctx and rules, then recipients.
func (h *Header) assign(all []*envelope.Stanza) error {
	for i, want := range []string{"seal", "gen", "ctx"} {
		if len(all) <= i || all[i].Type != want || len(all[i].Body) != 0 {
			return corrupt("line %d is not %s", i+2, want)
		}
	}
	if err := h.seal(all[0].Args); err != nil {
		return err
	}
	var err error
	if h.Generation, err = strconv.ParseUint(strings.Join(all[1].Args, " "), 10, 63); err != nil || h.Generation == 0 {
		return corrupt("the generation is no number from 1")
	}
	if h.Context, err = envelope.ParsePairs(all[2].Args); err != nil {
		return corrupt("encryption context: %v", err)
	}
	rest := all[3:]
	if h.Rules, rest, err = parseRules(rest); err != nil {
		return err
	}
	h.Stanzas = rest
	if err := envelope.CheckRecipients(rest); errors.Is(err, envelope.ErrUnsupported) {
		return err
	} else if err != nil {
		return corrupt("%v", err)
	}
	return nil
}

func (h *Header) seal(args []string) error {
	if len(args) != 3 {
		return corrupt("its second line is malformed")
	}
	var err error
	if h.Suite, err = envelope.ParseAlgorithms(args[:2]); err != nil {
		return err
	}
	id, err := b64.DecodeString(args[2])
	if err != nil || len(id) != idSize {
		return corrupt("the file id is malformed")
	}
	copy(h.ID[:], id)
	return nil
}

func corrupt(format string, args ...any) error {
	return &envelope.CorruptError{What: "header (" + fmt.Sprintf(format, args...) + ")"}
}

// Read gives a document's header, without keys and without proof. A file without one gives ErrNotDocument.
func Read(src []byte) (*Header, error) {
	_, _, h, err := detach(src)
	return h, err
}

// detach takes a document apart: the format, what is left without the header, the header.
func detach(src []byte) (Format, []byte, *Header, error) {
	name := formatNamed(src)
	if name == "" && otherVersion(src) {
		return nil, nil, nil, fmt.Errorf("a document of another version than v1: %w", envelope.ErrUnsupported)
	}
	if name == "" && reencoded(src) {
		return nil, nil, nil, errReencoded
	}
	if name == "" {
		return nil, nil, nil, ErrNotDocument
	}
	f, err := ByName(name)
	if err != nil {
		return nil, nil, nil, fmt.Errorf("format %q: %w", name, envelope.ErrUnsupported)
	}
	body, lines, err := f.Detach(src)
	if err != nil {
		return nil, nil, nil, err
	}
	if lines == nil {
		return nil, nil, nil, ErrNotDocument
	}
	h, err := parseHeader(lines)
	if err != nil {
		return nil, nil, nil, err
	}
	if h.Format != f.Name() {
		return nil, nil, nil, corrupt("it names the format %s in a file of %s", h.Format, f.Name())
	}
	return f, body, h, nil
}

// ErrNotDocument says that a file has no header of a document.
var ErrNotDocument = errors.New("not a document of kmsplan, whose values are sealed one by one: check the path, or encrypt it with -values first")

// Paths are those of a document's values, sealed ones included, in the order of the file; nothing is proved of them.
func Paths(src []byte) []string {
	f, body, _, err := detach(src)
	if err != nil {
		return nil
	}
	items, err := parse(f, body)
	if err != nil {
		return nil
	}
	return pathsOf(items)
}

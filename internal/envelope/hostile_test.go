package envelope

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"
)

// strictBox is a lockbox that, as a KMS client does, takes the data key's length from the suite, and fails for good
// if the key has another.
type strictBox struct{ lockbox }

func (l strictBox) UnwrapForSuite(ctx context.Context, suite Suite, stanzas []*Stanza, ec Context) ([]byte, error) {
	key, err := l.Unwrap(ctx, stanzas, ec)
	if err == nil && len(key) != suite.KeySize() {
		err = errors.New("the answer has the wrong length")
	}
	return key, err
}

// hostile are what someone without the data key can write into a slot that holds a copy of the header: every
// field, under a true checksum.
var hostile = map[string]func(h *Header){
	"the other suite":     func(h *Header) { h.Suite = 1 - h.Suite },
	"the last generation": func(h *Header) { h.Generation = 1<<63 - 1 },
	"another context":     func(h *Header) { h.Context = Context{"env": "test"} },
	"no context":          func(h *Header) { h.Context = nil },
	"another key":         func(h *Header) { h.Stanzas = []*Stanza{stanzaOf("k", "v1", ProtocolAdvance, "blob")} },
	"another key version": func(h *Header) { h.Stanzas[0].Args[1] = "v9" },
	"an unknown protocol": func(h *Header) { h.Stanzas[0].Args[2] = "pigeon" },
	"parameters":          func(h *Header) { h.Stanzas[0].Args = append(h.Stanzas[0].Args, "iv=//") },
	"a short blob":        func(h *Header) { h.Stanzas[0].Body = []byte("x") },
	"an exchanged blob":   func(h *Header) { h.Stanzas[0].Body[20] ^= 1 },
	"nobody it is for":    func(h *Header) { h.Stanzas = []*Stanza{{Type: "x-other", Args: []string{"a"}}} },
	"an age stanza": func(h *Header) {
		h.Stanzas = []*Stanza{{Type: ageType, Args: []string{b64.EncodeToString(make([]byte, 48)), "X25519", "AAAA"}}}
	},
	"a passphrase": func(h *Header) {
		h.Stanzas = []*Stanza{{Type: ageType, Args: []string{b64.EncodeToString(make([]byte, 48)), "scrypt", "AAAAAAAAAAAAAAAAAAAAAA", "22"}, Body: make([]byte, 32)}}
	},
	"as many as there can be": func(h *Header) {
		h.Stanzas = nil
		for i := range maxStanzas - 3 {
			h.Stanzas = append(h.Stanzas, stanzaOf(fmt.Sprint("k", i), "v", ProtocolAdvance, "b"))
		}
	},
	"a copy":                     func(*Header) {},
	"a stanza that is not known": nil, // made from the text
	"a generation that is none":  nil,
	"stanzas out of order":       nil,
}

func stanzaOf(key, version, protocol, blob string) *Stanza {
	s, err := KMSStanza{KeyARN: "acs:kms:r:1:key/" + key, KeyVersionID: version, Protocol: protocol, Blob: []byte(blob)}.Stanza()
	if err != nil {
		panic(err)
	}
	return s
}

// inText changes a whole header's text where no Header can say it, and mends the checksum.
func inText(h *Header, text []byte, name string) []byte {
	switch name {
	case "a stanza that is not known":
		text = bytes.Replace(text, []byte("-> alikms"), []byte("-> future"), 1)
	case "a generation that is none":
		text = bytes.Replace(text, []byte("-> gen 1"), []byte("-> gen 0"), 1)
	case "stanzas out of order":
		text = bytes.Replace(text, []byte("-> gen 1\n\n"), nil, 1)
	}
	body := text[:len(text)-checkChars-1]
	return append(append(body, b64.EncodeToString(checksum(h.SlotSize, body, h.prefix))...), '\n')
}

// TestAHostileSlotCostsNothing: whatever the idle slot says, and wherever it stands, the true one is read and
// rewrapped. Case P12.
func TestAHostileSlotCostsNothing(t *testing.T) {
	for _, suite := range []Suite{AES256, SM4} {
		plain := text(2 * chunk)
		whole := seal(t, Options{Suite: suite, Context: testContext, DataKey: key(suite), Recipients: []Recipient{boxA}, Size: UnknownSize}, plain)
		o := OpenOptions{Identities: []Identity{strictBox{boxA}}}
		for name, change := range hostile {
			for _, slot := range []int{0, 1} { // of the true header
				file := slices.Clone(whole)
				if slot == 1 {
					d := &disk{bytes: file}
					if _, err := Rewrap(d, key(suite), stanzasFor(t, key(suite), boxA)); err != nil {
						t.Fatal(err)
					}
					file = d.bytes
				}
				h := mustHeader(t, file)
				forged := *h
				forged.Stanzas = nil
				for _, s := range h.Stanzas {
					forged.Stanzas = append(forged.Stanzas, &Stanza{Type: s.Type, Args: slices.Clone(s.Args), Body: slices.Clone(s.Body)})
				}
				if change != nil {
					change(&forged)
				}
				text, err := forged.text(bytes.Repeat([]byte{1}, forged.Suite.KeySize())) // the key that the attacker has
				if err != nil {
					t.Fatal(err)
				}
				text = inText(&forged, text, name)
				at := (1 - slot) * h.SlotSize
				if at == 0 {
					at = len(versionLine(h.SlotSize))
				}
				if len(text) > h.SlotSize-versionRoom {
					t.Fatalf("%s does not fit", name)
				}
				copy(file[at:], text)
				what := fmt.Sprintf("%s, %s, true header in slot %d", name, suite, slot)
				if got, err := openAs(t, file, o); err != nil || !bytes.Equal(got, plain) {
					t.Errorf("%s: open: %v", what, err)
				}
				expect := o
				expect.Context = testContext
				if _, err := openAs(t, file, expect); err != nil {
					t.Errorf("%s: open under its context: %v", what, err)
				}
				if _, n, err := Verify(t.Context(), bytes.NewReader(file), o); err != nil || n != int64(len(plain)) {
					t.Errorf("%s: verify: %v", what, err)
				}
				d := &disk{bytes: file}
				if after, err := Rewrap(d, key(suite), stanzasFor(t, key(suite), boxB)); err != nil || after.Interrupted {
					t.Errorf("%s: rewrap: %v", what, err)
				}
				if _, err := openAs(t, d.bytes, asB); err != nil || mustHeader(t, d.bytes).Interrupted {
					t.Errorf("%s: after the rewrap: %v", what, err)
				}
			}
		}
	}
}

// TestAConvertedEnvelopeIsCalledOne: a file that a program took for text says what was done to it and what to do, not that
// a newer kmsplan is needed. Case T9.
func TestAConvertedEnvelopeIsCalledOne(t *testing.T) {
	compact := seal(t, Options{Context: testContext, Recipients: []Recipient{boxA}}, text(200))
	slotted := seal(t, Options{Context: testContext, Recipients: []Recipient{boxA}, Size: UnknownSize}, text(200))
	swap := func(old, fresh string) func([]byte) []byte {
		return func(b []byte) []byte { return bytes.ReplaceAll(b, []byte(old), []byte(fresh)) }
	}
	wide := func(big, mark bool) func([]byte) []byte {
		return func(b []byte) (out []byte) {
			text := string(b)
			if mark {
				text = "\ufeff" + text
			}
			for _, unit := range utf16.Encode([]rune(text)) {
				if big {
					unit = unit<<8 | unit>>8
				}
				out = append(out, byte(unit), byte(unit>>8))
			}
			return out
		}
	}
	for name, tt := range map[string]struct {
		change func([]byte) []byte
		say    string
	}{
		"CRLF":               {swap("\n", "\r\n"), "line endings were converted to CRLF; fetch or restore it again, and say `*.enc -text` in .gitattributes"},
		"CR":                 {swap("\n", "\r"), "line endings were converted to CR;"},
		"UTF-8 mark":         {func(b []byte) []byte { return append([]byte("\xef\xbb\xbf"), b...) }, "byte order mark"},
		"UTF-16LE, mark":     {wide(false, true), "UTF-16"},
		"UTF-16BE, mark":     {wide(true, true), "UTF-16"},
		"UTF-16LE":           {wide(false, false), "UTF-16"},
		"UTF-16BE":           {wide(true, false), "UTF-16"},
		"base64":             {func(b []byte) []byte { return []byte(b64.EncodeToString(b)) }, "it is base64; decode it first"},
		"hexadecimal":        {func(b []byte) []byte { return []byte(strings.ToUpper(fmt.Sprintf("%x", b))) }, "it is hexadecimal; decode it first"},
		"decoded as UTF-8":   {func(b []byte) []byte { return []byte(strings.ToValidUTF8(string(b), "\ufffd")) }, ""},
		"each byte replaced": {func(b []byte) []byte { return []byte(string([]rune(string(b)))) }, "what is no text was replaced"},
		"blank lines before": {func(b []byte) []byte { return append([]byte("\n\n"), b...) }, "begins with blank space"},
	} {
		for form, file := range map[string][]byte{"compact": compact, "slotted": slotted} {
			for what, read := range map[string]func([]byte) error{
				"header": func(b []byte) error { _, err := ReadHeader(bytes.NewReader(b)); return err },
				"open":   func(b []byte) error { _, err := openAs(t, b, asA); return err },
			} {
				err := read(tt.change(slices.Clone(file)))
				var converted *ConvertedError
				if tt.say == "" {
					if err == nil {
						t.Errorf("%s, %s, %s: accepted", name, form, what)
					}
					continue
				}
				if !errors.As(err, &converted) || !errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), tt.say) {
					t.Errorf("%s, %s, %s: %v", name, form, what, err)
				}
			}
		}
	}
	if _, err := ReadHeader(bytes.NewReader(bytes.ReplaceAll(slotted, []byte{0}, nil))); !errors.As(err, new(*ConvertedError)) {
		t.Errorf("without its zero bytes: %v", err)
	}
	for name, file := range map[string][]byte{ // what never was an envelope is not called one
		"text with CRLF": []byte("kmsplan\r\nis a tool\r\n"), "base64": []byte("aGVsbG8gd29ybGQK"), "UTF-16": wide(false, true)([]byte("hello")), "blank": []byte("\n\n"),
	} {
		if _, err := ReadHeader(bytes.NewReader(file)); !errors.Is(err, ErrNotEnvelope) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

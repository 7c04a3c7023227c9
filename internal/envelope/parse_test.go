package envelope

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// signed makes a compact file of which only the header's text is odd: MAC and
// checksum are right, so that nothing but the parser can refuse it.
func signed(t testing.TB, header string) []byte {
	t.Helper()
	prefix := make([]byte, 56)
	signed := slices.Concat([]byte(versionLine(0)+header+"---"), prefix)
	mac, err := headerMAC(AES256, key(AES256), signed)
	if err != nil {
		t.Fatal(err)
	}
	text := []byte(header + "--- " + b64.EncodeToString(mac) + " ")
	text = append(text, b64.EncodeToString(checksum(0, text, prefix))+"\n"...)
	return slices.Concat([]byte(versionLine(0)), text, prefix)
}

const (
	bodyLine = "-> body AEAD_AES_256_GCM SHA-512 c2sp.org/chunked-encryption@v1\n\n"
	own      = bodyLine + "-> gen 1\n\n-> ctx\n\n"
	mine     = "-> x-a b\nAAAA\n"
)

func TestStrictHeader(t *testing.T) {
	full := strings.Repeat("A", 64)
	for name, c := range map[string]struct {
		header string
		want   error
	}{
		"plain":                     {own + mine, nil},
		"private type":              {own + "-> x-\n\n", nil},
		"full body line":            {own + "-> x-a\n" + full + "\n\n", nil},
		"kms":                       {own + "-> alikms k v p a=1\nAA\n", nil},
		"unknown type":              {own + mine + "-> later b\n\n", ErrUnsupported},
		"unknown suite":             {strings.Replace(own, "SHA-512", "SHA-384", 1) + mine, ErrUnsupported},
		"suite with more":           {strings.Replace(own, "@v1", "@v1 x", 1) + mine, ErrUnsupported},
		"no recipient":              {own, ErrCorrupt},
		"no stanza":                 {"", ErrCorrupt},
		"order":                     {"-> gen 1\n\n" + bodyLine + "-> ctx\n\n" + mine, ErrCorrupt},
		"gen twice":                 {bodyLine + "-> gen 1\n\n-> gen 1\n\n-> ctx\n\n" + mine, ErrCorrupt},
		"ctx again, later":          {own + mine + "-> ctx a=b\n\n", ErrUnsupported},
		"body with a body":          {strings.Replace(own, "@v1\n\n", "@v1\nAAAA\n", 1) + mine, ErrCorrupt},
		"gen 0":                     {strings.Replace(own, "gen 1", "gen 0", 1) + mine, ErrCorrupt},
		"gen 01":                    {strings.Replace(own, "gen 1", "gen 01", 1) + mine, ErrCorrupt},
		"gen +1":                    {strings.Replace(own, "gen 1", "gen +1", 1) + mine, ErrCorrupt},
		"gen too large":             {strings.Replace(own, "gen 1", "gen 9223372036854775808", 1) + mine, ErrCorrupt},
		"gen missing":               {strings.Replace(own, "gen 1", "gen", 1) + mine, ErrCorrupt},
		"ctx unsorted":              {strings.Replace(own, "ctx", "ctx b=1 a=1", 1) + mine, ErrCorrupt},
		"ctx twice the same":        {strings.Replace(own, "ctx", "ctx a=1 a=1", 1) + mine, ErrCorrupt},
		"ctx needless escape":       {strings.Replace(own, "ctx", "ctx a=%41", 1) + mine, ErrCorrupt},
		"recipient twice":           {own + mine + mine, ErrCorrupt},
		"kms key twice":             {own + "-> alikms k v p\nAA\n-> alikms k w p\nAg\n", ErrCorrupt},
		"kms without blob":          {own + "-> alikms k v p\n\n", ErrCorrupt},
		"kms without protocol":      {own + "-> alikms k v\nAA\n", ErrCorrupt},
		"age without type":          {own + "-> age AAAA\n\n", ErrCorrupt},
		"age with a short key":      {own + "-> age AAAA X25519\n\n", ErrCorrupt},
		"two spaces":                {own + "-> x-a  b\nAAAA\n", ErrCorrupt},
		"trailing space":            {own + "-> x-a b \nAAAA\n", ErrCorrupt},
		"carriage return":           {own + "-> x-a b\r\nAAAA\n", ErrCorrupt},
		"carriage return in base64": {own + "-> x-a b\nAA\rAA\n", ErrCorrupt},
		"control character":         {own + "-> x-a \x01\n\n", ErrCorrupt},
		"not ASCII":                 {own + "-> x-a ü\n\n", ErrCorrupt},
		"padding":                   {own + "-> x-a b\nAA==\n", ErrCorrupt},
		"loose bits":                {own + "-> x-a b\nAB\n", ErrCorrupt},
		"url alphabet":              {own + "-> x-a b\n__--\n", ErrCorrupt},
		"one character":             {own + "-> x-a b\nA\n", ErrCorrupt},
		"long base64 line":          {own + "-> x-a b\n" + full + "AAAA\n", ErrCorrupt},
		"long line and last line":   {own + "-> x-a b\n" + full + "AAAA\n\n", ErrCorrupt},
		"no final body line":        {own + "-> x-a b\n" + full + "\n", ErrCorrupt},
		"no body line":              {own + "-> x-a b\n", ErrCorrupt},
		"blank line between":        {own + "-> x-a b\n\n\n", ErrCorrupt},
		"a line of its own":         {own + mine + "hello\n", ErrCorrupt},
		"no type":                   {own + "->\n\n", ErrCorrupt},
		"long line":                 {own + "-> x-a " + strings.Repeat("b", maxLine) + "\n\n", ErrCorrupt},
		"21 stanzas":                {own + numbered(18), ErrCorrupt},
		"20 stanzas":                {own + numbered(17), nil},
	} {
		file := signed(t, c.header)
		h, err := ReadHeader(bytes.NewReader(file))
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if err == nil {
			sameText(t, name, h, file)
		}
	}
}

func numbered(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString("-> x-a " + strings.Repeat("b", i+1) + "\n\n")
	}
	return b.String()
}

// sameText: a header that is accepted has one spelling.
func sameText(t testing.TB, name string, h *Header, file []byte) {
	t.Helper()
	again, err := h.text(key(AES256))
	if err != nil || !bytes.Equal(again, file[len(versionLine(0)):h.BodyOffset]) {
		t.Errorf("%s: written again the header differs (%v):\n%s", name, err, again)
	}
}

// TestLastLine: the MAC line has one spelling too.
func TestLastLine(t *testing.T) {
	file := signed(t, own+mine)
	at := bytes.Index(file, []byte("\n--- ")) + 1
	space := at + len("--- ") + macChars
	for name, change := range map[string]func(f []byte) []byte{
		"no space":        func(f []byte) []byte { f[space] = '_'; return f },
		"line feed in it": func(f []byte) []byte { f[space] = '\n'; return f },
		"longer":          func(f []byte) []byte { return slices.Insert(f, space, 'A') },
		"shorter":         func(f []byte) []byte { return slices.Delete(f, space-1, space) },
		"CR in the MAC":   func(f []byte) []byte { f[space-2], f[space-1] = 'A', '\r'; return f },
	} {
		bad := change(slices.Clone(file))
		body := len(bad) - 56
		for _, b := range [][]byte{bad, recheck(bad, 0, body)} {
			if h, err := ReadHeader(bytes.NewReader(b)); err == nil {
				t.Errorf("%s: %+v", name, h)
			}
		}
	}
}

// TestSlotsLeaveRoom: a rewrap can add recipients before the file is rewritten.
func TestSlotsLeaveRoom(t *testing.T) {
	for n, want := range map[int]int{1: 4096, 4096 - 64 - 1024: 4096, 4096 - 64 - 1023: 8192, 20000: 32768, 60000: 32768} {
		if got := chooseSlot(n); got != want {
			t.Errorf("a header of %d bytes gets slots of %d, want %d", n, got, want)
		}
	}
}

// FuzzReadHeader: no input hurts; what is accepted has one spelling.
func FuzzReadHeader(f *testing.F) {
	f.Add(signed(f, own+mine))
	f.Add([]byte(magic + "\n" + own + mine))
	f.Add(signed(f, own+"-> alikms k v p a=1\nAA\n"))
	addVectors(f)
	f.Fuzz(func(t *testing.T, file []byte) {
		h, err := ReadHeader(bytes.NewReader(file))
		if err != nil {
			return
		}
		if h.BodyOffset > MaxHeader || len(h.Stanzas) == 0 || len(h.Stanzas) > maxStanzas {
			t.Fatalf("%+v", h)
		}
		text, err := h.text(make([]byte, h.Suite.KeySize()))
		if err != nil {
			t.Fatal(err)
		}
		start := max(len(versionLine(h.SlotSize)), h.slot*h.SlotSize)
		if n := len(text) - lastLine - 1; !bytes.HasPrefix(file[start:], text[:n]) {
			t.Fatalf("written again the header differs:\n%s", text)
		}
	})
}

// FuzzHeaderText: the same for header texts under a right check, which
// FuzzReadHeader's inputs would hardly ever find.
func FuzzHeaderText(f *testing.F) {
	for _, recipient := range []string{mine, "-> alikms k v p a=1\nAA\n", "-> x-a\n" + strings.Repeat("A", 64) + "\n\n"} {
		f.Add(own + recipient)
		f.Add(strings.Replace(own, "ctx", "ctx a=%20 b=", 1) + recipient)
	}
	f.Fuzz(func(t *testing.T, header string) {
		if strings.Contains("\n"+header, "\n---") {
			return // it would end early
		}
		file := signed(t, header)
		if h, err := ReadHeader(bytes.NewReader(file)); err == nil && h.Suite == AES256 {
			sameText(t, "fuzzed", h, file)
		}
	})
}

// FuzzOpen: with the data key known, no change to a file gives other plaintext.
func FuzzOpen(f *testing.F) {
	addVectors(f)
	f.Fuzz(func(t *testing.T, file []byte) {
		if h, err := readLayout(file); err == nil {
			file = recheck(file, h.slotSize, h.body)
		}
		for _, s := range []Suite{AES256, SM4} {
			got, err := openAs(t, file, OpenOptions{DataKey: vectorKey(s)})
			if err == nil && !vectorPlaintexts[string(got)] {
				t.Fatalf("opened to what nobody sealed: %q", got)
			}
		}
	})
}

// readLayout finds slots and body whether or not a slot is whole.
func readLayout(file []byte) (*head, error) {
	h, r := &head{}, bytes.NewReader(file)
	if err := h.readVersion(r); err != nil {
		return nil, err
	}
	var err error
	if h.body = 2 * h.slotSize; h.slotSize == 0 {
		h.body, err = h.readText(r, len(versionLine(0)))
	}
	if h.body > len(file) {
		err = ErrTruncated
	}
	return h, err
}

func addVectors(f *testing.F) {
	names, err := filepath.Glob("testdata/vectors/*.json")
	if err != nil || len(names) == 0 {
		f.Fatal("no vectors", err)
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(decodeVector(f, data).Envelope)
	}
}

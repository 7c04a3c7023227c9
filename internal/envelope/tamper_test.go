package envelope

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/envelope/cobblestone"
)

const sealedChunk = chunk + 16

// refuse holds every way of reading to an error, and to releasing nothing but
// a true beginning of the plaintext.
func refuse(t *testing.T, what string, file, plain []byte) {
	t.Helper()
	for _, workers := range []int{1, 2} {
		o := OpenOptions{Identities: []Identity{boxA}, Workers: workers}
		r, err := Open(t.Context(), bytes.NewReader(file), o)
		if err != nil {
			return // every way begins so
		}
		var got bytes.Buffer
		if _, err = r.WriteTo(&got); err == nil {
			t.Errorf("%s: accepted", what)
		}
		if !bytes.HasPrefix(plain, got.Bytes()) {
			t.Errorf("%s: released what nobody wrote", what)
		}
		if _, again := r.Read(make([]byte, 1)); again == nil || again == io.EOF {
			t.Errorf("%s: a read after the error gives %v", what, again)
		}
	}
	got, err := open(t, file)
	if err == nil {
		t.Errorf("%s: accepted by Read", what)
	}
	if !bytes.HasPrefix(plain, got) {
		t.Errorf("%s: Read released what nobody wrote", what)
	}
	at, err := OpenAt(t.Context(), bytes.NewReader(file), int64(len(file)), OpenOptions{Identities: []Identity{boxA}})
	if err == nil {
		if _, err = io.Copy(io.Discard, io.NewSectionReader(at, 0, at.Size())); err == nil {
			t.Errorf("%s: accepted by ReadAt", what)
		}
	}
}

// recheck computes the checksum of every header in file anew, as an attacker
// would, so that only the cryptography is left to notice a change.
func recheck(file []byte, slotSize, body int) []byte {
	file = slices.Clone(file)
	if len(file) < body+56 {
		return file
	}
	prefix := file[body : body+56]
	start := len(versionLine(slotSize))
	for _, slot := range [][]byte{file[start:max(slotSize, start)], file[slotSize:body]} {
		if slotSize == 0 {
			slot = file[start:body]
		}
		if end := textEnd(slot); end > 0 {
			text := slot[:end-checkChars-1]
			b64.Encode(slot[len(text):], checksum(slotSize, text, prefix))
		}
	}
	return file
}

// TestEveryByteCounts flips each byte of a whole compact file, and of a slotted
// file's active slot, body prefix, first and last chunk; with the header's
// checksum as it was and computed anew.
func TestEveryByteCounts(t *testing.T) {
	for _, suite := range []Suite{AES256, SM4} {
		small, large := text(40), text(2*chunk+40)
		compact := seal(t, Options{Suite: suite, Context: testContext, Recipients: []Recipient{boxA, boxB}}, small)
		h := mustHeader(t, compact)
		flipAll(t, compact, small, h, 0, len(compact))

		slotted := seal(t, Options{Suite: suite, Context: testContext, Size: UnknownSize}, large)
		h = mustHeader(t, slotted)
		body := int(h.BodyOffset)
		flipAll(t, slotted, large, h, 0, h.SlotSize)
		flipAll(t, slotted, large, h, body, body+56+40)
		flipAll(t, slotted, large, h, body+56+sealedChunk-20, body+56+sealedChunk+4)
		flipAll(t, slotted, large, h, len(slotted)-56, len(slotted))
	}
}

func flipAll(t *testing.T, file, plain []byte, h *Header, from, to int) {
	t.Helper()
	for i := from; i < to; i++ {
		for _, bit := range []byte{1 << (i % 8), 0x80 >> (i % 8)} {
			bad := slices.Clone(file)
			bad[i] ^= bit
			refuse(t, "byte flipped", bad, plain)
			again := recheck(bad, h.SlotSize, int(h.BodyOffset))
			if !bytes.Equal(again, file) && !bytes.Equal(again, bad) { // else there was nothing to mend
				refuse(t, "byte flipped, checksum mended", again, plain)
			}
			if t.Failed() {
				t.Fatalf("at byte %d, bit %#x", i, bit)
			}
		}
	}
}

// TestTruncation cuts a compact file at every byte, and a large one at every
// boundary and beside it.
func TestTruncation(t *testing.T) {
	small := text(40)
	file := seal(t, Options{Context: testContext}, small)
	for n := range file {
		_, err := open(t, file[:n])
		refuse(t, "cut", file[:n], small)
		h := mustHeader(t, file)
		body := int(h.BodyOffset)
		if want := (n > 0 && n < body+56+16); want != errors.Is(err, ErrTruncated) {
			t.Fatalf("cut to %d of %d bytes (body at %d): %v", n, len(file), body, err)
		}
	}
	large := text(3 * chunk)
	file = seal(t, Options{Size: UnknownSize}, large)
	body := int(mustHeader(t, file).BodyOffset)
	for _, edge := range []int{4096, body, body + 24, body + 56, body + 56 + 16, body + 56 + sealedChunk, body + 56 + 2*sealedChunk, body + 56 + 3*sealedChunk, len(file)} {
		for n := edge - 17; n <= edge+17 && n < len(file); n++ {
			refuse(t, "cut", file[:n], large)
		}
	}
	for k := range 4 { // 56 + k·16400: the lengths that the specification warns of
		_, err := open(t, file[:body+56+k*sealedChunk])
		if !errors.Is(err, ErrTruncated) {
			t.Errorf("cut after chunk %d: %v", k, err)
		}
	}
}

func TestExtraBytes(t *testing.T) {
	for _, size := range []int{0, 40, chunk - 1, chunk} {
		plain := text(size)
		file := seal(t, Options{}, plain)
		for _, extra := range []int{1, 16, 17, sealedChunk, sealedChunk + 16} {
			refuse(t, "extra zeros", append(slices.Clone(file), make([]byte, extra)...), plain)
		}
		refuse(t, "doubled", append(slices.Clone(file), file...), plain)
	}
}

// TestMovedChunks reorders, duplicates, drops and transplants whole chunks.
func TestMovedChunks(t *testing.T) {
	plain := text(4*chunk + 10)
	file := seal(t, Options{DataKey: key(AES256), Size: UnknownSize}, plain)
	other := seal(t, Options{DataKey: key(AES256), Size: UnknownSize}, plain)
	body := int(mustHeader(t, file).BodyOffset)
	at := func(f []byte, i int) []byte { return f[body+56+i*sealedChunk:][:sealedChunk] }
	change := func(what string, f func(bad []byte) []byte) {
		refuse(t, what, f(slices.Clone(file)), plain)
	}
	change("swapped", func(bad []byte) []byte { copy(at(bad, 1), at(file, 2)); copy(at(bad, 2), at(file, 1)); return bad })
	change("duplicated", func(bad []byte) []byte { copy(at(bad, 3), at(file, 2)); return bad })
	change("dropped", func(bad []byte) []byte { return slices.Delete(bad, body+56, body+56+sealedChunk) })
	change("inserted", func(bad []byte) []byte { return slices.Insert(bad, body+56, at(file, 0)...) })
	change("of a file with the same data key", func(bad []byte) []byte { copy(at(bad, 0), at(other, 0)); return bad })
	change("last chunk of another file", func(bad []byte) []byte { copy(bad[len(bad)-26:], other[len(other)-26:]); return bad })
}

// TestSwappedHeaders: a header opens the one body it was written for, even
// where two files share a data key and so every wrap.
func TestSwappedHeaders(t *testing.T) {
	plain := text(100)
	for name, k := range map[string][]byte{"same data key": key(AES256), "another data key": nil} {
		a := seal(t, Options{DataKey: k}, plain)
		b := seal(t, Options{DataKey: k}, plain)
		ab := slices.Concat(a[:mustHeader(t, a).BodyOffset], b[mustHeader(t, b).BodyOffset:])
		refuse(t, "header of another file, "+name, ab, plain)
		ab = recheck(ab, 0, int(mustHeader(t, a).BodyOffset))
		refuse(t, "header of another file, checksum mended, "+name, ab, plain)
		want := ErrHeaderMAC
		if k == nil {
			want = ErrWrongKey
		}
		if _, err := open(t, ab); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", name, err, want)
		}
	}
}

// TestChangedContext: the context is held by the key's wrap, by the header's
// MAC and by the body's keys, each alone.
func TestChangedContext(t *testing.T) {
	plain := text(100)
	file := seal(t, Options{DataKey: key(AES256), Context: Context{"env": "prod"}}, plain)
	bad := bytes.Replace(file, []byte("env=prod"), []byte("env=test"), 1)
	bad = recheck(bad, 0, int(mustHeader(t, file).BodyOffset))
	refuse(t, "context changed", bad, plain)
	if _, err := openAs(t, bad, OpenOptions{DataKey: key(AES256)}); !errors.Is(err, ErrWrongKey) {
		t.Errorf("context changed, data key known: %v", err)
	}
	h, err := readHead(bytes.NewReader(bad))
	if err != nil {
		t.Fatal(err)
	}
	hdr := h.headers[0]
	forged, err := hdr.text(key(AES256)) // by someone who has the data key
	if err != nil {
		t.Fatal(err)
	}
	forged = slices.Concat([]byte(versionLine(0)), forged, bad[hdr.BodyOffset:])
	if _, err := openAs(t, forged, OpenOptions{DataKey: key(AES256)}); !errors.Is(err, cobblestone.ErrCommitment) {
		t.Errorf("context changed, header signed anew: %v", err)
	}
}

func TestExpectedContext(t *testing.T) {
	file := seal(t, Options{Context: Context{"env": "prod"}}, nil)
	for _, c := range []Context{{}, {"env": "test"}, {"env": "prod", "a": ""}} {
		// broken: no identity is asked about a file that is not the one meant
		o := OpenOptions{Context: c, Identities: []Identity{lockbox{broken: errors.New("asked")}}}
		if _, err := openAs(t, file, o); !errors.Is(err, ErrWrongContext) {
			t.Errorf("expecting %v: %v", c, err)
		}
	}
	if _, err := openAs(t, file, OpenOptions{Context: Context{"env": "prod"}, Identities: []Identity{boxA}}); err != nil {
		t.Error(err)
	}
}

func TestIdentities(t *testing.T) {
	file := seal(t, Options{Recipients: []Recipient{boxA}}, nil)
	outage := errors.New("gateway does not answer")
	for name, c := range map[string]struct {
		ids  []Identity
		want error
	}{
		"next is tried":         {[]Identity{boxB, boxA}, nil},
		"fatal is final":        {[]Identity{lockbox{broken: outage}, boxA}, outage},
		"none fits":             {[]Identity{boxB, boxB}, ErrIncorrectIdentity},
		"right one comes first": {[]Identity{boxA, lockbox{broken: outage}}, nil},
	} {
		_, err := openAs(t, file, OpenOptions{Identities: c.ids})
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	var noMatch *NoIdentityMatchError
	_, err := openAs(t, file, OpenOptions{Identities: []Identity{boxB}})
	if !errors.As(err, &noMatch) || !slices.Equal(noMatch.StanzaTypes, []string{"alikms"}) {
		t.Errorf("%#v", err)
	}
	if _, err = openAs(t, file, OpenOptions{}); !errors.As(err, &noMatch) {
		t.Errorf("without identities: %v", err)
	}
	for _, k := range [][]byte{key(SM4), bytes.Repeat([]byte{8}, 32)} {
		if _, err := openAs(t, file, OpenOptions{DataKey: k}); !errors.Is(err, ErrWrongKey) {
			t.Errorf("wrong data key of %d bytes: %v", len(k), err)
		}
	}
}

func TestNotEnvelope(t *testing.T) {
	for in, want := range map[string]error{
		"":                                       ErrNotEnvelope,
		"apiVersion: v1\n":                       ErrNotEnvelope,
		"age-encryption.org/v1\n":                ErrNotEnvelope,
		strings.Repeat("x", 1<<20):               ErrNotEnvelope,
		"kmsplan.dev/env":                        ErrTruncated,
		"kmsplan.dev/envelope/v1":                ErrTruncated,
		"kmsplan.dev/envelope/v1\n":              ErrTruncated,
		"kmsplan.dev/envelope/v2\nfoo\n":         ErrUnsupported,
		"kmsplan.dev/envelope/v1\r\n":            ErrCorrupt, // see TestAConvertedEnvelopeIsCalledOne
		"kmsplan.dev/envelope/v1 slotted 1\n":    ErrUnsupported,
		"kmsplan.dev/envelope/v1 slotted 4096\n": ErrTruncated,
		"kmsplan.dev/envelope/v1 slotted 99999999999\n" + strings.Repeat("x", 99): ErrUnsupported,
		"kmsplan.dev/envelope/v1 slotted 4096\n" + strings.Repeat("\x00", 9000):   ErrCorrupt,
		"kmsplan.dev/envelope/v1\n" + strings.Repeat("x", 1<<20):                  ErrCorrupt,
	} {
		_, err := ReadHeader(strings.NewReader(in))
		if !errors.Is(err, want) {
			t.Errorf("%.60q: %v, want %v", in, err, want)
		}
	}
}

// TestHeaderReadIsBounded: an endless file costs no more than the limit.
func TestHeaderReadIsBounded(t *testing.T) {
	for _, start := range []string{"kmsplan.dev/envelope/v1\n-> body ", "kmsplan.dev/envelope/v1 slotted 32768\n"} {
		var n counted
		_, err := ReadHeader(io.TeeReader(io.MultiReader(strings.NewReader(start), zeros{}), &n))
		if err == nil || n > MaxHeader+2*minSlot {
			t.Errorf("%q: read %d bytes, %v", start, n, err)
		}
	}
}

type counted int

func (c *counted) Write(p []byte) (int, error) { *c += counted(len(p)); return len(p), nil }

func mustHeader(t testing.TB, file []byte) *Header {
	t.Helper()
	h, err := ReadHeader(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	return h
}

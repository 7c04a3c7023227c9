package envelope

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/cryptotest"

	"filippo.io/age"

	"kmsplan.dev/kmsplan/internal/envelope/cobblestone"
)

var update = flag.Bool("update", false, "write the test vectors anew")

// vector is one file of testdata/vectors; docs/envelope-format.md explains it.
type vector struct {
	Comment    string            `json:"comment"`
	Result     string            `json:"result"` // "ok" or the error's name
	Suite      string            `json:"suite"`
	Context    map[string]string `json:"context"`
	DataKey    hexBytes          `json:"data_key"`
	AgeID      string            `json:"age_identity,omitempty"`
	Generation uint64            `json:"generation,omitempty"`
	Plaintext  hexBytes          `json:"plaintext,omitempty"`
	PlainRule  string            `json:"plaintext_rule,omitempty"`
	Envelope   []byte            `json:"envelope"`
}

type hexBytes []byte

func (h hexBytes) MarshalText() ([]byte, error) { return []byte(hex.EncodeToString(h)), nil }

func (h *hexBytes) UnmarshalText(text []byte) (err error) {
	*h, err = hex.DecodeString(string(text))
	return err
}

// vectorKey is 00 01 02 …
func vectorKey(s Suite) []byte {
	k := make([]byte, s.KeySize())
	for i := range k {
		k[i] = byte(i)
	}
	return k
}

const longRule = "16385 bytes, byte i is i mod 251"

func longPlaintext() []byte {
	p := make([]byte, chunk+1)
	for i := range p {
		p[i] = byte(i % 251)
	}
	return p
}

const shortPlaintext = "The quick brown fox jumps over the lazy dog.\n"

var vectorPlaintexts = map[string]bool{"": true, shortPlaintext: true, string(longPlaintext()): true, string(longPlaintext()[:chunk]): true}

func vectorStanza(version string) *Stanza {
	s, err := KMSStanza{
		KeyARN: "acs:kms:cn-hangzhou:1234567890123456:key/key-hzz65f176a0ogplgq0001", KeyVersionID: version,
		Protocol: ProtocolAdvance, Blob: bytes.Repeat([]byte(version), 6)[:100],
	}.Stanza()
	if err != nil {
		panic(err)
	}
	return s
}

// makeVectors builds every vector from fixed keys and fixed randomness.
func makeVectors(t *testing.T) map[string]vector {
	cryptotest.SetGlobalRandom(t, 1)
	ctx := map[string]string{"app": "orders", "env": "prod", "note": "ü & 100%"}
	sealed := func(comment string, s Suite, ctx map[string]string, size int64, plain []byte) vector {
		file := seal(t, Options{Suite: s, Context: ctx, DataKey: vectorKey(s), Stanzas: []*Stanza{vectorStanza("version-0001-of-the-key")}, Size: size}, plain)
		v := vector{Comment: comment, Result: "ok", Suite: s.String(), Context: ctx, DataKey: vectorKey(s), Generation: 1, Plaintext: plain, Envelope: file}
		if len(plain) == chunk+1 {
			v.Plaintext, v.PlainRule = nil, longRule
		}
		return v
	}
	all := map[string]vector{
		"compact":       sealed("compact, one short chunk", AES256, ctx, 0, []byte(shortPlaintext)),
		"compact-empty": sealed("empty plaintext, empty context", AES256, map[string]string{}, 0, nil),
		"compact-sm":    sealed("SM profile", SM4, ctx, 0, []byte(shortPlaintext)),
		"slotted":       sealed("two slots, two chunks", AES256, ctx, UnknownSize, longPlaintext()),
		"slotted-sm":    sealed("SM profile, two slots", SM4, ctx, UnknownSize, []byte(shortPlaintext)),
	}
	all["compact-age"] = withAge(t, all["compact"])
	all["slotted-rewrapped"], all["slotted-interrupted"], all["slotted-torn"] = rewrapped(t, all["slotted-sm"])
	all["slotted-forged"] = forged(t, all["slotted"])
	for name, v := range badVectors(t, all["compact"], all["slotted"]) {
		all[name] = v
	}
	return all
}

// withAge is v for an age identity beside the KMS key.
func withAge(t *testing.T, v vector) vector {
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	v.Comment, v.AgeID = "a break-glass recipient beside the KMS key", id.String()
	v.Envelope = seal(t, Options{Context: v.Context, DataKey: v.DataKey, Stanzas: mustHeader(t, v.Envelope).Stanzas,
		Recipients: []Recipient{AgeRecipient(id.Recipient())}}, v.Plaintext)
	return v
}

// rewrapped is v after a rewrap, after one that stopped before the old slot was
// wiped, and after one that stopped in the middle of its first write.
func rewrapped(t *testing.T, v vector) (done, interrupted, torn vector) {
	next := []*Stanza{vectorStanza("version-0002-of-the-key")}
	run := func(fail int) []byte {
		d := &disk{bytes: slices.Clone(v.Envelope), fail: fail}
		if _, err := Rewrap(d, v.DataKey, next); (err != nil) != (fail != 0) {
			t.Fatal(err)
		}
		return d.bytes
	}
	done, interrupted, torn = v, v, v
	done.Comment, done.Generation, done.Envelope = "rewrapped: the header stands in slot 1, slot 0 is wiped", 2, run(0)
	interrupted.Comment, interrupted.Generation, interrupted.Envelope = "rewrap stopped before slot 0 was wiped: the higher generation counts", 2, run(3)
	torn.Comment, torn.Envelope = "rewrap stopped half-way through slot 1: slot 0 counts", slices.Clone(v.Envelope)
	copy(torn.Envelope[minSlot:minSlot+300], interrupted.Envelope[minSlot:])
	return done, interrupted, torn
}

// forged is v with a header in its idle slot that someone without the data key wrote: of a higher generation and
// the other suite, under a true checksum.
func forged(t *testing.T, v vector) vector {
	h := mustHeader(t, v.Envelope)
	h.Generation, h.Suite = 7, SM4
	text, err := h.text(make([]byte, SM4.KeySize()))
	if err != nil {
		t.Fatal(err)
	}
	v.Comment = "someone without the data key wrote a header of generation 7 and the SM suite into slot 1: slot 0 counts"
	v.Envelope = slices.Clone(v.Envelope)
	copy(v.Envelope[minSlot:], text)
	return v
}

func badVectors(t *testing.T, compact, slotted vector) map[string]vector {
	bad := func(v vector, comment, result string, change func([]byte) []byte) vector {
		v.Comment, v.Result, v.Generation, v.Plaintext, v.PlainRule = comment, result, 0, nil, ""
		v.Envelope = change(slices.Clone(v.Envelope))
		return v
	}
	body := int(mustHeader(t, compact.Envelope).BodyOffset)
	mended := func(f func([]byte)) func([]byte) []byte {
		return func(b []byte) []byte { f(b); return recheck(b, 0, body) }
	}
	replace := func(old, new string) func([]byte) {
		return func(b []byte) { copy(b[bytes.Index(b, []byte(old)):], new) }
	}
	return map[string]vector{
		"bad-check":      bad(compact, "a byte of the header changed", "corrupt", func(b []byte) []byte { replace("v1\n-> b", "v1\n-> c")(b); return b }),
		"bad-mac":        bad(compact, "key version changed, checksum mended", "header MAC", mended(replace("version-0001", "version-0009"))),
		"bad-context":    bad(compact, "context changed, checksum mended", "wrong key", mended(replace("env=prod", "env=test"))),
		"bad-salt":       bad(compact, "salt changed, checksum mended", "wrong key", mended(func(b []byte) { b[body]++ })),
		"bad-type":       bad(compact, "unknown stanza type, checksum mended", "unsupported", mended(replace("alikms", "future"))),
		"bad-chunk":      bad(compact, "last byte changed", "corrupt", func(b []byte) []byte { b[len(b)-1]++; return b }),
		"bad-truncated":  bad(slotted, "cut after the first chunk", "truncated", func(b []byte) []byte { return b[:len(b)-17] }),
		"bad-extra":      bad(compact, "a byte too many", "corrupt", func(b []byte) []byte { return append(b, 0) }),
		"bad-both-slots": bad(slotted, "a byte of the only header changed", "corrupt", func(b []byte) []byte { b[100]++; return b }),
		"bad-padding":    bad(slotted, "a byte after the header's text is not zero", "corrupt", func(b []byte) []byte { b[4000] = 1; return b }),
		"bad-crlf":       bad(compact, "each LF became CR LF, as a program that takes the file for text does", "corrupt", func(b []byte) []byte { return bytes.ReplaceAll(b, []byte("\n"), []byte("\r\n")) }),
		"bad-version":    bad(compact, "version 2", "unsupported", func(b []byte) []byte { replace("/v1\n", "/v2\n")(b); return b }),
	}
}

var resultErrors = map[string]error{
	"ok": nil, "corrupt": ErrCorrupt, "header MAC": ErrHeaderMAC, "wrong key": ErrWrongKey, "truncated": ErrTruncated, "unsupported": ErrUnsupported,
}

// TestVectors: the published vectors are what this package writes and reads.
func TestVectors(t *testing.T) {
	made := makeVectors(t)
	if *update {
		for name, v := range made {
			data, err := json.MarshalIndent(v, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join("testdata/vectors", name+".json"), append(data, '\n'), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	names, _ := filepath.Glob("testdata/vectors/*.json")
	if len(names) != len(made) {
		t.Errorf("%d vectors on disk, %d made: run with -update", len(names), len(made))
	}
	for name, v := range made {
		data, err := os.ReadFile(filepath.Join("testdata/vectors", name+".json"))
		if err != nil {
			t.Fatal(err)
		}
		want := decodeVector(t, data)
		if !bytes.Equal(want.Envelope, v.Envelope) {
			t.Errorf("%s: made anew it differs", name)
		}
		got, err := openAs(t, want.Envelope, OpenOptions{DataKey: want.DataKey, Context: nil})
		checkVector(t, name, want, got, err, resultErrors[want.Result])
		if want.AgeID != "" {
			id, err := age.ParseX25519Identity(want.AgeID)
			if err != nil {
				t.Fatal(err)
			}
			got, err := openAs(t, want.Envelope, OpenOptions{Identities: []Identity{AgeIdentity(id)}})
			checkVector(t, name+" by age", want, got, err, nil)
		}
		if want.Result == "ok" && name != "slotted-forged" && mustHeader(t, want.Envelope).Generation != want.Generation {
			t.Errorf("%s: generation is not %d", name, want.Generation)
		}
		second, serr := secondOpen(want.Envelope, want.DataKey)
		if (serr == nil) != (want.Result == "ok") {
			t.Errorf("%s: the second implementation says %v", name, serr)
		}
		if serr == nil && !bytes.Equal(second, got) {
			t.Errorf("%s: the second implementation reads something else", name)
		}
	}
}

func decodeVector(t testing.TB, data []byte) vector {
	t.Helper()
	var v vector
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

func checkVector(t *testing.T, name string, v vector, got []byte, err, want error) {
	t.Helper()
	if !errors.Is(err, want) || (want == nil) != (err == nil) {
		t.Errorf("%s: %v, want %s", name, err, v.Result)
	}
	plain := []byte(v.Plaintext)
	if v.PlainRule == longRule {
		plain = longPlaintext()
	}
	if v.Result == "ok" && !bytes.Equal(got, plain) {
		t.Errorf("%s: wrong plaintext", name)
	}
}

// TestSecondImplementation opens what rapid would find too dull: files of every
// length around a chunk, in both forms.
func TestSecondImplementation(t *testing.T) {
	for _, suite := range []Suite{AES256, SM4} {
		for _, n := range []int{0, 1, chunk - 1, chunk, chunk + 1, 3 * chunk} {
			for _, size := range []int64{0, UnknownSize} {
				file := seal(t, Options{Suite: suite, DataKey: key(suite), Context: testContext, Size: size}, text(n))
				if got, err := secondOpen(file, key(suite)); err != nil || !bytes.Equal(got, text(n)) {
					t.Errorf("%s, %d bytes: %v", suite, n, err)
				}
			}
		}
	}
}

// TestDocumentQuotesVectors: the numbers in the format's text are the vectors'.
func TestDocumentQuotesVectors(t *testing.T) {
	doc, err := os.ReadFile("../../docs/envelope-format.md")
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile("testdata/vectors/compact.json")
	if err != nil {
		t.Fatal(err)
	}
	v := decodeVector(t, data)
	h := mustHeader(t, v.Envelope)
	bound, err := bodyContext(h.Suite, h.Context)
	if err != nil {
		t.Fatal(err)
	}
	quotes := map[string]string{
		"header text":       string(v.Envelope[:h.BodyOffset]),
		"body":              wrapHex(v.Envelope[h.BodyOffset:]),
		"body context":      wrapHex(bound),
		"data key":          hex.EncodeToString(v.DataKey),
		"header key":        hex.EncodeToString(secondExpand(h.Suite.digest(), v.DataKey, "kmsplan header v1", 32)),
		"body keys":         wrapHex(secondExpand(h.Suite.digest(), v.DataKey, "c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\x00"+string(h.prefix[:24])+string(bound), 76)),
		"plaintext":         strings.TrimSpace(string(v.Plaintext)),
		"AES suite's name":  AES256.String(),
		"SM suite's name":   SM4.String(),
		"canonical context": "app=orders env=prod note=%C3%BC%20%26%20100%25",
	}
	for what, quote := range quotes {
		if !strings.Contains(string(doc), quote) {
			t.Errorf("docs/envelope-format.md does not quote the %s:\n%s", what, quote)
		}
	}
	names, _ := filepath.Glob("testdata/vectors/*.json")
	for _, name := range names {
		if base := strings.TrimSuffix(filepath.Base(name), ".json"); !strings.Contains(string(doc), "`"+base+"`") {
			t.Errorf("docs/envelope-format.md does not list the vector %s", base)
		}
	}
}

// wrapHex is p in hex, 32 bytes to a line.
func wrapHex(p []byte) string {
	var lines []string
	for c := range slices.Chunk(p, 32) {
		lines = append(lines, hex.EncodeToString(c))
	}
	return strings.Join(lines, "\n")
}

// TestWrongCommitment cannot come from a change without the key, so it has no
// vector: whoever has the key and signs a prefix of his own is still refused.
func TestWrongCommitment(t *testing.T) {
	file := seal(t, Options{DataKey: key(AES256)}, text(10))
	h, err := readHead(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	hdr := h.headers[0]
	hdr.prefix[30] ^= 1
	signed, err := hdr.text(key(AES256))
	if err != nil {
		t.Fatal(err)
	}
	bad := slices.Concat([]byte(versionLine(0)), signed, hdr.prefix, file[hdr.BodyOffset+56:])
	if _, err := openAs(t, bad, OpenOptions{DataKey: key(AES256)}); !errors.Is(err, cobblestone.ErrCommitment) {
		t.Error(err)
	}
}

package document

import (
	"crypto/cipher"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"strings"

	"kmsplan.dev/kmsplan/internal/envelope"
	"kmsplan.dev/kmsplan/internal/safety"
)

const (
	tokenPrefix = "kmsplan:v1:"
	nonceSize   = 12
	tagSize     = 16
)

// tokenBase64 has no character that means something in any of the formats.
var tokenBase64 = base64.RawURLEncoding.Strict()

// secrets are the keys of one document, out of its data key, id and context.
type secrets struct {
	values cipher.AEAD
	mac    []byte
	suite  envelope.Suite
}

func (h *Header) secrets(dataKey []byte) (*secrets, error) {
	pairs, err := h.Context.Pairs()
	if err != nil {
		return nil, err
	}
	bound := string(h.Suite.Digest(magic, strings.Join(h.Suite.Algorithms(), " "), strings.Join(pairs, " "), string(h.ID[:])))
	values, err := h.Suite.Expand(dataKey, "kmsplan document values v1"+bound, h.Suite.KeySize())
	if err != nil {
		return nil, err
	}
	defer clear(values)
	aead, err := h.Suite.AEAD(values)
	if err != nil {
		return nil, err
	}
	mac, err := h.Suite.Expand(dataKey, "kmsplan document mac v1"+bound, macSize)
	if err != nil {
		return nil, err
	}
	return &secrets{values: aead, mac: mac, suite: h.Suite}, nil
}

// token is a sealed value as it stands in a file.
type token struct {
	kind string // the value's type
	box  []byte // nonce, ciphertext, tag
}

// Token reports whether a text is a sealed value, or would be taken for one.
func Token(s string) bool { return strings.HasPrefix(s, tokenPrefix) }

func (t token) String() string { return tokenPrefix + t.kind + ":" + tokenBase64.EncodeToString(t.box) }

// parseToken reads what String writes and nothing else.
func parseToken(s string) (token, bool) {
	rest, ok := strings.CutPrefix(s, tokenPrefix)
	kind, coded, cut := strings.Cut(rest, ":")
	if !ok || !cut || kind != text && kind != plain {
		return token{}, false
	}
	box, err := tokenBase64.DecodeString(coded)
	return token{kind: kind, box: box}, err == nil && len(box) >= nonceSize+tagSize
}

// additional is what a sealed value is bound to beside its document: its type and its place.
func additional(i Item) []byte {
	b := appendField(nil, i.Type)
	if safety.Off(safety.DocumentPath) {
		return b
	}
	return i.Path.appendTo(b, false)
}

// seal encrypts the bytes of a value as they stand in the file, its quotes included.
func (s *secrets) seal(raw []byte, i Item) token {
	nonce := make([]byte, nonceSize, nonceSize+len(raw)+tagSize)
	rand.Read(nonce)
	return token{kind: i.Type, box: s.values.Seal(nonce, nonce, raw, additional(i))}
}

// open decrypts a sealed value that stands at i. Its type is i's.
func (s *secrets) open(t token, i Item) ([]byte, error) {
	return s.values.Open(nil, t.box[:nonceSize], t.box[nonceSize:], additional(i))
}

// sum is the MAC over a header and the items of the plaintext document.
func (s *secrets) sum(lines []string, items []Item, sealed map[int]bool) (mac [macSize]byte) {
	h := s.suite.HMAC(s.mac)
	h.Write(appendField(nil, signed(lines)))
	var buffer []byte
	for n, i := range items {
		buffer = i.appendTo(buffer[:0], sealed[n])
		h.Write(buffer)
	}
	copy(mac[:], h.Sum(nil))
	return mac
}

func equalMAC(a, b [macSize]byte) bool { return subtle.ConstantTimeCompare(a[:], b[:]) == 1 }

package envelope

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"encoding/binary"
	"fmt"
	"hash"
	"slices"
	"strings"

	"github.com/emmansun/gmsm/sm4"
)

// What documents, whose values are sealed one by one, share with envelopes: the suites, the context, and who can
// open the data key.

// bodySeparator stands before a stanza's body where the stanza takes one line.
const bodySeparator = ":"

// Line writes a stanza on one line, without a line feed: its body, if it has one, after a colon.
func (s *Stanza) Line() (string, error) {
	words := append([]string{"->", s.Type}, s.Args...)
	for _, word := range words[1:] {
		if !visible(word) || word == bodySeparator {
			return "", fmt.Errorf("%s stanza: the argument %q cannot be written on one line", s.Type, word)
		}
	}
	if len(s.Body) > 0 {
		words = append(words, bodySeparator, b64.EncodeToString(s.Body))
	}
	line := strings.Join(words, " ")
	if len(line) > maxLine {
		return "", fmt.Errorf("%s stanza: it exceeds %d bytes", s.Type, maxLine)
	}
	return line, nil
}

// ParseStanzaLine reads what Line writes and nothing else.
func ParseStanzaLine(line string) (*Stanza, error) {
	if len(line) > maxLine {
		return nil, &CorruptError{What: fmt.Sprintf("header (a line exceeds %d bytes)", maxLine)}
	}
	words := strings.Split(line, " ")
	if len(words) < 2 || words[0] != "->" {
		return nil, &CorruptError{What: "header (no stanza begins where one should)"}
	}
	s := &Stanza{Type: words[1], Args: words[2:]}
	if n := len(words); n > 3 && words[n-2] == bodySeparator {
		body, err := b64.DecodeString(words[n-1])
		if err != nil {
			return nil, &CorruptError{What: "header (a stanza's body is not base64)"}
		}
		s.Args, s.Body = words[2:n-2], body
	}
	if again, err := s.Line(); err != nil || again != line {
		return nil, &CorruptError{What: "header (a stanza is malformed)"}
	}
	return s, nil
}

// Pairs writes the context as a header does: name=value, sorted and escaped.
func (c Context) Pairs() ([]string, error) { return encodePairs(c) }

// ParsePairs reads what Pairs writes and nothing else.
func ParsePairs(args []string) (Context, error) { return decodePairs(args) }

// Escape writes a text as one argument of a stanza; Unescape reads what Escape wrote.
func Escape(s string) string { return escape(s) }

// Unescape reads what Escape wrote, and refuses any other spelling.
func Unescape(s string) (string, error) {
	text := unescape(s)
	if escape(text) != s {
		return "", &CorruptError{What: "header (an argument is not in canonical form)"}
	}
	return text, nil
}

// CheckRecipients holds recipient stanzas to the format: see docs/envelope-format.md §4.
func CheckRecipients(stanzas []*Stanza) error { return checkRecipients(stanzas) }

// Unwrap opens a data key with the first identity that can.
func Unwrap(ctx context.Context, s Suite, stanzas []*Stanza, ec Context, identities ...Identity) ([]byte, error) {
	h := &Header{Suite: s, Context: ec, Stanzas: stanzas}
	return h.unwrap(ctx, identities)
}

// SameRecipient reports whether both stanzas wrap for one recipient: the same KMS key, else equal stanzas.
func (s *Stanza) SameRecipient(t *Stanza) bool { return s.sameRecipient(t) }

// KMSStanzasOf are the alikms stanzas among others, in order.
func KMSStanzasOf(stanzas []*Stanza) []KMSStanza { return (&Header{Stanzas: stanzas}).KMSStanzas() }

// Algorithms are the suite's AEAD and digest, as they are named in key derivation.
func (s Suite) Algorithms() []string { return slices.Clone(strings.Fields(s.String())[:2]) }

// ParseAlgorithms finds the suite of an AEAD and a digest.
func ParseAlgorithms(names []string) (Suite, error) {
	for i := range suiteNames {
		if slices.Equal(Suite(i).Algorithms(), names) {
			return Suite(i), nil
		}
	}
	return 0, fmt.Errorf("algorithms %q: %w", strings.Join(names, " "), ErrUnsupported)
}

// Expand is HKDF-Expand under the suite's digest: RFC 5869 §2.3, without Extract because data keys are uniformly
// random.
func (s Suite) Expand(dataKey []byte, info string, size int) ([]byte, error) {
	if len(dataKey) != s.KeySize() {
		return nil, fmt.Errorf("a data key of %d bytes was given, %s takes %d", len(dataKey), s, s.KeySize())
	}
	return hkdf.Expand(s.digest(), dataKey, info, size)
}

// Digest is the suite's hash over parts, each after its length in 8 bytes.
func (s Suite) Digest(parts ...string) []byte {
	h := s.digest()()
	for _, part := range parts {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part))))
		h.Write([]byte(part))
	}
	return h.Sum(nil)
}

// HMAC starts the suite's header MAC, of 32 bytes.
func (s Suite) HMAC(key []byte) hash.Hash { return hmac.New(s.mac(), key) }

// AEAD is the suite's, with nonces of 12 bytes and tags of 16. It takes a key of KeySize bytes.
func (s Suite) AEAD(key []byte) (cipher.AEAD, error) {
	block, err := s.block(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

func (s Suite) block(key []byte) (cipher.Block, error) {
	if s == SM4 {
		return sm4.NewCipher(key)
	}
	return aes.NewCipher(key)
}

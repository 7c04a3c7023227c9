package envelope

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"fmt"
	"io"
	"strings"
	"testing"
)

// lockbox wraps data keys with AES-GCM under a key of its own, the context as
// AAD, as a KMS does. It is recipient and identity.
type lockbox struct {
	name   string
	kek    byte
	broken error // what Unwrap fails with
}

func (l lockbox) aead() cipher.AEAD {
	block, _ := aes.NewCipher(bytes.Repeat([]byte{l.kek}, 32))
	aead, _ := cipher.NewGCM(block)
	return aead
}

func (l lockbox) Wrap(_ context.Context, dataKey []byte, ec Context) ([]*Stanza, error) {
	pairs, err := encodePairs(ec)
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, 12)
	rand.Read(nonce)
	blob := l.aead().Seal(nonce, nonce, dataKey, []byte(strings.Join(pairs, " ")))
	s, err := KMSStanza{KeyARN: "acs:kms:cn-hangzhou:1234:key/" + l.name, KeyVersionID: "v1", Protocol: ProtocolAdvance, Blob: blob}.Stanza()
	return []*Stanza{s}, err
}

func (l lockbox) Unwrap(_ context.Context, stanzas []*Stanza, ec Context) ([]byte, error) {
	if l.broken != nil {
		return nil, l.broken
	}
	for _, s := range stanzas {
		k, err := ParseKMSStanza(s)
		if err != nil || !strings.HasSuffix(k.KeyARN, "/"+l.name) {
			continue
		}
		pairs, err := encodePairs(ec)
		if err != nil {
			return nil, err
		}
		if len(k.Blob) < 12 {
			return nil, fmt.Errorf("blob too short")
		}
		return l.aead().Open(nil, k.Blob[:12], k.Blob[12:], []byte(strings.Join(pairs, " ")))
	}
	return nil, fmt.Errorf("lockbox %s: %w", l.name, ErrIncorrectIdentity)
}

var (
	boxA = lockbox{name: "a", kek: 'a'}
	boxB = lockbox{name: "b", kek: 'b'}
	// testContext has what needs escaping.
	testContext = Context{"app": "orders", "env": "prod", "path": "a b/ü=%"}
)

// key is a data key for tests.
func key(s Suite) []byte { return bytes.Repeat([]byte{7}, s.KeySize()) }

// seal gives plaintext sealed for boxA, unless o says otherwise.
func seal(t testing.TB, o Options, plaintext []byte) []byte {
	t.Helper()
	if o.Recipients == nil && o.Stanzas == nil {
		o.Recipients = []Recipient{boxA}
	}
	var b bytes.Buffer
	w, err := Seal(t.Context(), &b, o)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(plaintext); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// open reads an envelope as boxA.
func open(t testing.TB, file []byte) ([]byte, error) {
	t.Helper()
	return openAs(t, file, OpenOptions{Identities: []Identity{boxA}})
}

func openAs(t testing.TB, file []byte, o OpenOptions) ([]byte, error) {
	t.Helper()
	r, err := Open(t.Context(), bytes.NewReader(file), o)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

// text is a plaintext of n bytes in which no two chunks are alike.
func text(n int) []byte {
	p := make([]byte, n)
	for i := range p {
		p[i] = byte(i>>14) ^ byte(i*7)
	}
	return p
}

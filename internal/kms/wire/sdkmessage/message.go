package sdkmessage

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/emmansun/gmsm/sm4"
)

// Facts of the format (alibabacloud-encryption-sdk-java: CipherHeader, CryptoAlgorithm; -python: model.py).
const (
	version    = 1
	headerIV   = 12
	tagLen     = 16
	maxContext = 1<<15 - 1 // bytes, as the header's tag has it
	maxKeys    = 1000      // ours: of data keys and of pairs of the context
)

// ErrNone says that the bytes are no message.
var ErrNone = errors.New("it is no message of the vendor's encryption clients")

// DataKey is a message's data key, sealed by one key of KMS.
type DataKey struct {
	ID   string // of the key, as its client named it: an ARN
	Blob []byte // OpenAPI's ciphertext, which holds the data key in base64
}

// Message is a message, or one that was written as a stream.
type Message struct {
	Stream  bool
	Keys    []DataKey
	Context map[string]string // bound to every data key, and to the body

	algorithm int
	iv, tag   []byte // of the header
	body      body
}

// body is what the data key encrypted. kept are its bytes as they stand in the message.
type body struct {
	iv, sealed, kept []byte // sealed is with its tag
}

// Parse reads a message; what is none is ErrNone.
func Parse(data []byte) (*Message, error) {
	m, ok := parseDER(data)
	if !ok {
		m, ok = parseStream(data)
	}
	if !ok || m.check() != nil {
		return nil, ErrNone
	}
	return m, nil
}

// check holds what is the same in both layouts.
func (m *Message) check() error {
	ids := map[string]bool{}
	for _, k := range m.Keys {
		if k.ID == "" || len(k.Blob) == 0 || ids[k.ID] {
			return ErrNone
		}
		ids[k.ID] = true
	}
	switch {
	case len(m.Keys) == 0, len(m.Keys) > maxKeys, len(m.Context) > maxKeys, len(m.contextBytes()) > maxContext:
		return ErrNone
	case m.algorithm < 1, m.algorithm > 12, len(m.iv) != headerIV, len(m.tag) != tagLen, len(m.body.iv) != m.bodyIV():
		return ErrNone
	case m.authenticated() && len(m.body.sealed) < tagLen:
		return ErrNone
	}
	return nil
}

// The algorithms are AES with 128 and 256 bits by turns, 1 to 8, and SM4, 9 to 12: GCM, CBC, CBC with padding, CTR.

func (m *Message) sm4() bool { return m.algorithm > 8 }

// KeySize is the length of its data key, bytes.
func (m *Message) KeySize() int {
	if m.sm4() || m.algorithm%2 == 1 {
		return 16
	}
	return 32
}

// authenticated reports whether the body has a tag.
func (m *Message) authenticated() bool { return m.algorithm <= 2 || m.algorithm == 9 }

func (m *Message) bodyIV() int {
	if m.authenticated() {
		return 12
	}
	return 16
}

// contextBytes is the context as tags bind it; nothing where there is none.
func (m *Message) contextBytes() []byte {
	if len(m.Context) == 0 {
		return nil
	}
	out := binary.BigEndian.AppendUint32(nil, uint32(len(m.Context)))
	for _, name := range slices.Sorted(maps.Keys(m.Context)) {
		out = appendPart(appendPart(out, name), m.Context[name])
	}
	return out
}

func appendPart[T string | []byte](out []byte, part T) []byte {
	return append(binary.BigEndian.AppendUint32(out, uint32(len(part))), part...)
}

// bound is what the header's tag binds. The clients keep a blob as the base64 that KMS gave them.
func (m *Message) bound() []byte {
	var out []byte
	for _, n := range []int{version, m.algorithm, len(m.Context)} {
		out = binary.BigEndian.AppendUint32(out, uint32(n))
	}
	out = append(out, m.contextBytes()...)
	out = binary.BigEndian.AppendUint32(out, uint32(len(m.Keys)))
	for _, k := range slices.SortedFunc(slices.Values(m.Keys), byID) {
		out = appendPart(appendPart(out, k.ID), base64.StdEncoding.EncodeToString(k.Blob))
	}
	return out
}

func byID(a, b DataKey) int { return strings.Compare(a.ID, b.ID) }

func (m *Message) gcm(key []byte) (cipher.AEAD, error) {
	if len(key) != m.KeySize() {
		return nil, fmt.Errorf("its data key has %d bytes and not %d", len(key), m.KeySize())
	}
	fresh := aes.NewCipher
	if m.sm4() {
		fresh = sm4.NewCipher
	}
	block, err := fresh(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// Prove opens a message with its data key: the header, and the body where its algorithm (GCM) tells a wrong key. Of the
// others the header alone is proved.
func (m *Message) Prove(key []byte) error {
	gcm, err := m.gcm(key)
	if err != nil {
		return err
	}
	if subtle.ConstantTimeCompare(gcm.Seal(nil, m.iv, nil, m.bound()), m.tag) != 1 {
		return errors.New("its header is not the one that its data key sealed")
	}
	if !m.authenticated() {
		return nil
	}
	if _, err := gcm.Open(nil, m.body.iv, m.body.sealed, m.contextBytes()); err != nil {
		return errors.New("its data key does not open its body")
	}
	return nil
}

// WithKeys is the message with other wraps of the same data key; its body keeps its bytes.
func (m *Message) WithKeys(key []byte, keys []DataKey) (*Message, error) {
	gcm, err := m.gcm(key)
	if err != nil {
		return nil, err
	}
	next := *m
	next.Keys, next.iv = keys, make([]byte, headerIV)
	_, _ = rand.Read(next.iv) // never fails
	next.tag = gcm.Seal(nil, next.iv, nil, next.bound())
	return &next, next.check()
}

// Bytes is the message as its clients write it.
func (m *Message) Bytes() ([]byte, error) {
	if m.Stream {
		return m.stream(), nil
	}
	return m.der()
}

// SameBut reports whether two messages are the same, their data keys aside.
func (m *Message) SameBut(other *Message) bool {
	return m.Stream == other.Stream && m.algorithm == other.algorithm && maps.Equal(m.Context, other.Context) && bytes.Equal(m.body.kept, other.body.kept)
}

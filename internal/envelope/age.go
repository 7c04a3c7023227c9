package envelope

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"

	"filippo.io/age"
	"github.com/emmansun/gmsm/sm4"
)

const (
	ageType    = "age"
	ageKeySize = 16 // what age's identities insist on
	ageLabel   = "kmsplan age wrap v1"
)

// AgeRecipient makes an age recipient one of envelopes, for break-glass: who
// holds its identity opens the file without any KMS.
//
// age wraps keys of 16 bytes only, so a fresh one, used for this stanza alone,
// encrypts the data key.
func AgeRecipient(r age.Recipient) Recipient { return ageRecipient{r} }

type ageRecipient struct{ age.Recipient }

func (r ageRecipient) Wrap(ctx context.Context, dataKey []byte, ec Context) ([]*Stanza, error) {
	s, _, err := r.WrapWithLabels(ctx, dataKey, ec)
	return s, err
}

// WrapWithLabels gives one stanza for each that age makes of the file key.
func (r ageRecipient) WrapWithLabels(_ context.Context, dataKey []byte, ec Context) ([]*Stanza, []string, error) {
	fileKey := make([]byte, ageKeySize)
	rand.Read(fileKey)
	defer clear(fileKey)
	inner, labels, err := ageWrap(r.Recipient, fileKey)
	if err != nil {
		return nil, nil, fmt.Errorf("age: %w", err)
	}
	if len(inner) == 0 {
		return nil, nil, errors.New("age: the recipient gave no stanza")
	}
	aead, err := ageAEAD(fileKey, len(dataKey), ec)
	if err != nil {
		return nil, nil, err
	}
	sealed := b64.EncodeToString(aead.Seal(nil, make([]byte, aead.NonceSize()), dataKey, nil))
	var out []*Stanza
	for _, s := range inner {
		out = append(out, &Stanza{Type: ageType, Args: append([]string{sealed, s.Type}, s.Args...), Body: s.Body})
	}
	return out, labels, nil
}

func ageWrap(r age.Recipient, fileKey []byte) ([]*age.Stanza, []string, error) {
	if l, ok := r.(age.RecipientWithLabels); ok {
		return l.WrapWithLabels(fileKey)
	}
	s, err := r.Wrap(fileKey)
	return s, nil, err
}

// AgeIdentity makes an age identity one of envelopes.
func AgeIdentity(id age.Identity) Identity { return ageIdentity{id} }

type ageIdentity struct{ age.Identity }

func (id ageIdentity) Unwrap(_ context.Context, stanzas []*Stanza, ec Context) ([]byte, error) {
	groups, err := ageGroups(stanzas)
	if err != nil {
		return nil, err
	}
	for _, g := range groups {
		fileKey, err := id.Identity.Unwrap(g.inner)
		if errors.Is(err, age.ErrIncorrectIdentity) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("age: %w", err)
		}
		return g.open(fileKey, ec)
	}
	return nil, fmt.Errorf("age: %w", ErrIncorrectIdentity)
}

// ageGroups takes a header's age stanzas apart. Those that one recipient made of one file key hold the same
// encrypted data key, and belong together.
func ageGroups(stanzas []*Stanza) ([]ageStanzas, error) {
	var out []ageStanzas
	for _, s := range stanzas {
		if s.Type != ageType {
			continue
		}
		a, err := parseAgeStanza(s)
		if err != nil {
			return nil, err
		}
		if n := len(out); n > 0 && bytes.Equal(out[n-1].sealed, a.sealed) {
			out[n-1].inner = append(out[n-1].inner, a.inner...)
			continue
		}
		out = append(out, a)
	}
	return out, nil
}

// ageStanzas is an age stanza taken apart, or several that belong together: the data key, encrypted, and
// age's own stanzas for the key that encrypts it.
type ageStanzas struct {
	sealed []byte
	inner  []*age.Stanza
}

func parseAgeStanza(s *Stanza) (ageStanzas, error) {
	if len(s.Args) < 2 {
		return ageStanzas{}, errors.New("an age stanza needs the encrypted data key and an age recipient type")
	}
	sealed, err := b64.DecodeString(s.Args[0])
	if err != nil || strings.ContainsAny(s.Args[0], "\r\n") {
		return ageStanzas{}, errors.New("the data key of an age stanza is not base64")
	}
	if n := len(sealed) - 16; n != AES256.KeySize() && n != SM4.KeySize() {
		return ageStanzas{}, errors.New("the data key of an age stanza has the wrong length")
	}
	return ageStanzas{sealed, []*age.Stanza{{Type: s.Args[1], Args: s.Args[2:], Body: s.Body}}}, nil
}

func (a ageStanzas) open(fileKey []byte, ec Context) ([]byte, error) {
	aead, err := ageAEAD(fileKey, len(a.sealed)-16, ec)
	if err != nil {
		return nil, err
	}
	key, err := aead.Open(nil, make([]byte, aead.NonceSize()), a.sealed, nil)
	if err != nil {
		return nil, &CorruptError{What: "age stanza, or the encryption context"}
	}
	return key, nil
}

// ageAEAD is the cipher, used once, for a data key of n bytes: its suite's,
// under a key derived from age's and from what the body is bound to.
func ageAEAD(fileKey []byte, n int, ec Context) (cipher.AEAD, error) {
	suite, newBlock := AES256, aes.NewCipher
	if n == SM4.KeySize() {
		suite, newBlock = SM4, sm4.NewCipher
	}
	if n != suite.KeySize() || len(fileKey) != ageKeySize {
		return nil, fmt.Errorf("no suite has data keys of %d bytes", n)
	}
	bound, err := bodyContext(suite, ec)
	if err != nil {
		return nil, err
	}
	key, err := hkdf.Expand(suite.digest(), fileKey, ageLabel+string(bound), n)
	if err != nil {
		return nil, err
	}
	defer clear(key)
	block, err := newBlock(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

package envelope

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
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

func (r ageRecipient) Wrap(_ context.Context, dataKey []byte, ec Context) (*Stanza, error) {
	s, _, err := r.wrapWithLabels(dataKey, ec)
	return s, err
}

func (r ageRecipient) wrapWithLabels(dataKey []byte, ec Context) (*Stanza, string, error) {
	fileKey := make([]byte, ageKeySize)
	rand.Read(fileKey)
	defer clear(fileKey)
	inner, labels, err := ageWrap(r.Recipient, fileKey)
	if err != nil {
		return nil, "", fmt.Errorf("age: %w", err)
	}
	if len(inner) != 1 {
		return nil, "", fmt.Errorf("age: the recipient gave %d stanzas, an envelope takes one: use one recipient for each", len(inner))
	}
	aead, err := ageAEAD(fileKey, len(dataKey), ec)
	if err != nil {
		return nil, "", err
	}
	sealed := aead.Seal(nil, make([]byte, aead.NonceSize()), dataKey, nil)
	args := append([]string{b64.EncodeToString(sealed), inner[0].Type}, inner[0].Args...)
	slices.Sort(labels)
	return &Stanza{Type: ageType, Args: args, Body: inner[0].Body}, strings.Join(labels, " "), nil
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
	for _, s := range stanzas {
		if s.Type != ageType {
			continue
		}
		a, err := parseAgeStanza(s)
		if err != nil {
			return nil, err
		}
		fileKey, err := id.Identity.Unwrap([]*age.Stanza{a.inner})
		if errors.Is(err, age.ErrIncorrectIdentity) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("age: %w", err)
		}
		return a.open(fileKey, ec)
	}
	return nil, fmt.Errorf("age: %w", ErrIncorrectIdentity)
}

// ageStanza is an age stanza taken apart: the data key, encrypted, and age's
// own stanza for the key that encrypts it.
type ageStanza struct {
	sealed []byte
	inner  *age.Stanza
}

func parseAgeStanza(s *Stanza) (ageStanza, error) {
	if len(s.Args) < 2 {
		return ageStanza{}, errors.New("an age stanza needs the encrypted data key and an age recipient type")
	}
	sealed, err := b64.DecodeString(s.Args[0])
	if err != nil || strings.ContainsAny(s.Args[0], "\r\n") {
		return ageStanza{}, errors.New("the data key of an age stanza is not base64")
	}
	if n := len(sealed) - 16; n != AES256.KeySize() && n != SM4.KeySize() {
		return ageStanza{}, errors.New("the data key of an age stanza has the wrong length")
	}
	return ageStanza{sealed, &age.Stanza{Type: s.Args[1], Args: s.Args[2:], Body: s.Body}}, nil
}

func (a ageStanza) open(fileKey []byte, ec Context) ([]byte, error) {
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

package crypt

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"hash"
	"io"

	"github.com/emmansun/gmsm/sm3"
)

// macKey is an HMAC key. Its digest is the message itself: Sign authenticates
// data of any length.
type macKey struct {
	refuses
	secret []byte
	alg    Algorithm
	hash   func() hash.Hash
}

func newMAC(s Spec, material []byte) (Key, error) {
	h := macHash(s.Signature[0])
	if len(material) == 0 || len(material) > h().BlockSize() {
		return nil, ErrMaterial
	}
	return &macKey{secret: append([]byte(nil), material...), alg: s.Signature[0], hash: h}, nil
}

func macHash(alg Algorithm) func() hash.Hash {
	switch alg {
	case HMACSHA224:
		return sha256.New224
	case HMACSHA384:
		return sha512.New384
	case HMACSHA512:
		return sha512.New
	case HMACSM3:
		return sm3.New
	}
	return sha256.New
}

// Digest implements Key.
func (k *macKey) Digest(alg Algorithm, message []byte) ([]byte, error) {
	if alg != k.alg {
		return nil, ErrAlgorithm
	}
	return message, nil
}

// Sign implements Key.
func (k *macKey) Sign(_ io.Reader, alg Algorithm, message []byte) ([]byte, error) {
	if alg != k.alg {
		return nil, ErrAlgorithm
	}
	mac := hmac.New(k.hash, k.secret)
	mac.Write(message)
	return mac.Sum(nil), nil
}

// Verify implements Key.
func (k *macKey) Verify(alg Algorithm, message, sig []byte) (bool, error) {
	want, err := k.Sign(nil, alg, message)
	if err != nil {
		return false, err
	}
	return hmac.Equal(want, sig), nil
}

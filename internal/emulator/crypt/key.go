package crypt

import (
	"errors"
	"fmt"
	"io"
)

// The refusals of a key. Their texts never hold key material or plaintext.
var (
	ErrAlgorithm = errors.New("the key cannot do this algorithm")
	ErrSize      = errors.New("the data's length does not suit the key and algorithm")
	ErrIV        = errors.New("the initialisation vector's length does not suit the algorithm")
	ErrDecrypt   = errors.New("the ciphertext does not open under this key and context")
	ErrMaterial  = errors.New("the key material does not suit the specification")
)

// Params are the inputs of encryption beside the data. IV and Padding are read
// only by algorithms that have them (Algorithm.IVSize, Algorithm.Padded); AAD by
// those that authenticate.
type Params struct {
	IV      []byte
	AAD     []byte
	Padding Padding // "" = PKCS7
}

// Key is parsed key material, ready for use and safe for concurrent use.
// Each specification implements the methods it can do; the rest answer ErrAlgorithm.
type Key interface {
	// Encrypt returns ciphertext without IV; authenticated modes append the
	// 16-byte tag. Errors: ErrAlgorithm, ErrSize, ErrIV.
	Encrypt(r io.Reader, alg Algorithm, plaintext []byte, p Params) ([]byte, error)
	// Decrypt is Encrypt's inverse. Errors: ErrAlgorithm, ErrIV, ErrDecrypt, which
	// does not say what about the ciphertext, key or context is wrong.
	Decrypt(alg Algorithm, ciphertext []byte, p Params) ([]byte, error)
	// Digest hashes a message the way the algorithm signs it: SHA-256, or for SM2
	// SM3 over Z(A) and the message.
	Digest(alg Algorithm, message []byte) ([]byte, error)
	// Sign signs a digest of DigestSize bytes. Errors: ErrAlgorithm, ErrSize.
	Sign(r io.Reader, alg Algorithm, digest []byte) ([]byte, error)
	// Verify reports whether sig is a signature of the digest. A malformed
	// signature is false, not an error. Errors: ErrAlgorithm, ErrSize.
	Verify(alg Algorithm, digest, sig []byte) (bool, error)
	// Public is the public key in PKIX DER. Errors: ErrAlgorithm for secret keys.
	Public() ([]byte, error)
}

// Generate makes key material for a specification: raw bytes for symmetric and
// MAC keys, PKCS#8 DER for key pairs.
func Generate(r io.Reader, spec string) ([]byte, error) {
	s, ok := SpecOf(spec)
	if !ok {
		return nil, fmt.Errorf("generate material for %q: %w", spec, ErrMaterial)
	}
	r, err := stream(r)
	if err != nil {
		return nil, fmt.Errorf("generate material for %s: %w", spec, err)
	}
	switch {
	case s.Class != Asymmetric:
		return randomBytes(r, s.Bits/8)
	case spec == "EC_P256":
		return generateP256(r)
	case spec == "EC_P256K":
		return generateP256K(r)
	case spec == "EC_SM2":
		return generateSM2(r)
	}
	return generateRSA(r, s.Bits)
}

// Parse reads material as Generate made it or as it was imported. Key pairs may
// also be SEC 1 (EC) or PKCS#1 (RSA) DER. Error: ErrMaterial.
func Parse(spec string, material []byte) (Key, error) {
	s, ok := SpecOf(spec)
	if !ok {
		return nil, fmt.Errorf("parse material of %q: %w", spec, ErrMaterial)
	}
	key, err := parse(s, material)
	if err != nil {
		return nil, fmt.Errorf("parse material of %s: %w", spec, ErrMaterial)
	}
	return key, nil
}

func parse(s Spec, material []byte) (Key, error) {
	switch {
	case s.Class == MAC:
		return newMAC(s, material)
	case s.Name == "Aliyun_SM4":
		return newSM4(material)
	case s.Class == Symmetric:
		return newAES(s, material)
	case s.Name == "EC_P256":
		return parseP256(material)
	case s.Name == "EC_P256K":
		return parseP256K(material)
	case s.Name == "EC_SM2":
		return parseSM2(material)
	}
	return parseRSA(material, s.Bits)
}

// refuses answers ErrAlgorithm to everything; keys embed it and override what
// they can do.
type refuses struct{}

func (refuses) Encrypt(io.Reader, Algorithm, []byte, Params) ([]byte, error) {
	return nil, ErrAlgorithm
}
func (refuses) Decrypt(Algorithm, []byte, Params) ([]byte, error) { return nil, ErrAlgorithm }
func (refuses) Digest(Algorithm, []byte) ([]byte, error)          { return nil, ErrAlgorithm }
func (refuses) Sign(io.Reader, Algorithm, []byte) ([]byte, error) { return nil, ErrAlgorithm }
func (refuses) Verify(Algorithm, []byte, []byte) (bool, error)    { return false, ErrAlgorithm }
func (refuses) Public() ([]byte, error)                           { return nil, ErrAlgorithm }

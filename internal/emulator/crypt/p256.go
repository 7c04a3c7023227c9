package crypt

import (
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"io"
)

// p256Key is a key pair on NIST P-256.
type p256Key struct {
	private *ecdsa.PrivateKey
	ecdh    *ecdh.PrivateKey
}

// newP256 draws a scalar until it is in range, so that seeded mode gives the
// same key: the library's own generator ignores the reader.
func newP256(r io.Reader) (*ecdsa.PrivateKey, error) {
	for {
		scalar, err := randomBytes(r, 32)
		if err != nil {
			return nil, err
		}
		if private, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), scalar); err == nil {
			return private, nil
		}
	}
}

func generateP256(r io.Reader) ([]byte, error) {
	private, err := newP256(r)
	if err != nil {
		return nil, err
	}
	return x509.MarshalPKCS8PrivateKey(private)
}

func parseP256(material []byte) (Key, error) {
	var private *ecdsa.PrivateKey
	if any, err := x509.ParsePKCS8PrivateKey(material); err == nil {
		private, _ = any.(*ecdsa.PrivateKey)
	} else if private, err = x509.ParseECPrivateKey(material); err != nil {
		return nil, ErrMaterial
	}
	if private == nil || private.Curve != elliptic.P256() {
		return nil, ErrMaterial
	}
	agree, err := private.ECDH()
	if err != nil {
		return nil, ErrMaterial
	}
	return &p256Key{private: private, ecdh: agree}, nil
}

// Digest implements Key.
func (k *p256Key) Digest(alg Algorithm, message []byte) ([]byte, error) {
	if alg != ECDSA {
		return nil, ErrAlgorithm
	}
	sum := sha256.Sum256(message)
	return sum[:], nil
}

// Sign implements Key; the signature is ASN.1 DER. Seeded mode signs by RFC 6979.
func (k *p256Key) Sign(r io.Reader, alg Algorithm, digest []byte) ([]byte, error) {
	if alg != ECDSA {
		return nil, ErrAlgorithm
	}
	if len(digest) != DigestSize {
		return nil, ErrSize
	}
	if system(r) {
		return ecdsa.SignASN1(r, k.private, digest)
	}
	return k.private.Sign(nil, digest, digestOpts)
}

// Verify implements Key.
func (k *p256Key) Verify(alg Algorithm, digest, sig []byte) (bool, error) {
	if alg != ECDSA {
		return false, ErrAlgorithm
	}
	if len(digest) != DigestSize {
		return false, ErrSize
	}
	return ecdsa.VerifyASN1(&k.private.PublicKey, digest, sig), nil
}

// Public implements Key.
func (k *p256Key) Public() ([]byte, error) { return x509.MarshalPKIXPublicKey(&k.private.PublicKey) }

// Encrypt implements Key.
func (k *p256Key) Encrypt(r io.Reader, alg Algorithm, plaintext []byte, _ Params) ([]byte, error) {
	if alg != ECIESSHA1 {
		return nil, ErrAlgorithm
	}
	r, err := stream(r)
	if err != nil {
		return nil, err
	}
	ephemeral, err := newP256(r)
	if err != nil {
		return nil, err
	}
	agree, err := ephemeral.ECDH()
	if err != nil {
		return nil, ErrMaterial
	}
	shared, err := agree.ECDH(k.ecdh.PublicKey())
	if err != nil {
		return nil, ErrMaterial
	}
	return sealECIES(agree.PublicKey().Bytes(), shared, plaintext)
}

// Decrypt implements Key.
func (k *p256Key) Decrypt(alg Algorithm, ciphertext []byte, _ Params) ([]byte, error) {
	if alg != ECIESSHA1 {
		return nil, ErrAlgorithm
	}
	point, sealed, err := splitECIES(ciphertext)
	if err != nil {
		return nil, err
	}
	peer, err := ecdh.P256().NewPublicKey(point)
	if err != nil {
		return nil, ErrDecrypt
	}
	shared, err := k.ecdh.ECDH(peer)
	if err != nil {
		return nil, ErrDecrypt
	}
	return openECIES(shared, sealed)
}

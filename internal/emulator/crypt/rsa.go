package crypt

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"hash"
	"io"
)

// rsaKey is an RSA key pair of 2048, 3072 or 4096 bits.
type rsaKey struct {
	private *rsa.PrivateKey
}

func generateRSA(r io.Reader, bits int) ([]byte, error) {
	private, err := newRSA(r, bits)
	if err != nil {
		return nil, err
	}
	return x509.MarshalPKCS8PrivateKey(private)
}

func newRSA(r io.Reader, bits int) (*rsa.PrivateKey, error) {
	if system(r) {
		return rsa.GenerateKey(rand.Reader, bits)
	}
	return seededRSA(r, bits)
}

func parseRSA(material []byte, bits int) (Key, error) {
	var private *rsa.PrivateKey
	if any, err := x509.ParsePKCS8PrivateKey(material); err == nil {
		private, _ = any.(*rsa.PrivateKey)
	} else if private, err = x509.ParsePKCS1PrivateKey(material); err != nil {
		return nil, ErrMaterial
	}
	if private == nil || private.N.BitLen() != bits {
		return nil, ErrMaterial
	}
	return &rsaKey{private: private}, nil
}

// oaepHash is the hash of an OAEP algorithm; MGF1 uses the same.
func oaepHash(alg Algorithm) (hash.Hash, error) {
	switch alg {
	case OAEPSHA1:
		return sha1.New(), nil
	case OAEPSHA2:
		return sha256.New(), nil
	}
	return nil, ErrAlgorithm
}

// Encrypt implements Key. KMS: RSA_2048 takes 190 bytes with OAEP SHA-256, 214 with SHA-1.
func (k *rsaKey) Encrypt(r io.Reader, alg Algorithm, plaintext []byte, _ Params) ([]byte, error) {
	return encryptOAEP(r, alg, &k.private.PublicKey, plaintext)
}

func encryptOAEP(r io.Reader, alg Algorithm, public *rsa.PublicKey, plaintext []byte) ([]byte, error) {
	h, err := oaepHash(alg)
	if err != nil {
		return nil, err
	}
	if r, err = stream(r); err != nil {
		return nil, err
	}
	ciphertext, err := rsa.EncryptOAEP(h, r, public, plaintext, nil)
	if err != nil {
		return nil, ErrSize
	}
	return ciphertext, nil
}

// Decrypt implements Key.
func (k *rsaKey) Decrypt(alg Algorithm, ciphertext []byte, _ Params) ([]byte, error) {
	h, err := oaepHash(alg)
	if err != nil {
		return nil, err
	}
	plaintext, err := rsa.DecryptOAEP(h, nil, k.private, ciphertext, nil)
	if err != nil {
		return nil, ErrDecrypt
	}
	return plaintext, nil
}

// pss fixes the salt at the digest's length, as RSASSA-PSS with SHA-256 is
// customarily parametrised; KMS does not document another.
func pss() *rsa.PSSOptions {
	return &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA256}
}

// Digest implements Key.
func (k *rsaKey) Digest(alg Algorithm, message []byte) ([]byte, error) {
	if alg != RSAPSS && alg != RSAPKCS1 {
		return nil, ErrAlgorithm
	}
	sum := sha256.Sum256(message)
	return sum[:], nil
}

// Sign implements Key.
func (k *rsaKey) Sign(r io.Reader, alg Algorithm, digest []byte) ([]byte, error) {
	if len(digest) != DigestSize {
		return nil, ErrSize
	}
	switch alg {
	case RSAPKCS1:
		return rsa.SignPKCS1v15(nil, k.private, crypto.SHA256, digest)
	case RSAPSS:
		r, err := stream(r)
		if err != nil {
			return nil, err
		}
		return rsa.SignPSS(r, k.private, crypto.SHA256, digest, pss())
	}
	return nil, ErrAlgorithm
}

// Verify implements Key.
func (k *rsaKey) Verify(alg Algorithm, digest, sig []byte) (bool, error) {
	if len(digest) != DigestSize {
		return false, ErrSize
	}
	switch alg {
	case RSAPKCS1:
		return rsa.VerifyPKCS1v15(&k.private.PublicKey, crypto.SHA256, digest, sig) == nil, nil
	case RSAPSS:
		return rsa.VerifyPSS(&k.private.PublicKey, crypto.SHA256, digest, sig, pss()) == nil, nil
	}
	return false, ErrAlgorithm
}

// Public implements Key.
func (k *rsaKey) Public() ([]byte, error) { return x509.MarshalPKIXPublicKey(&k.private.PublicKey) }

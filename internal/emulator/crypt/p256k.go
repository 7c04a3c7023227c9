package crypt

import (
	"crypto/sha256"
	"io"

	"github.com/decred/dcrd/dcrec/secp256k1/v4"
	"github.com/decred/dcrd/dcrec/secp256k1/v4/ecdsa"
)

// p256kKey is a key pair on secp256k1, which the standard library does not know.
type p256kKey struct {
	private *secp256k1.PrivateKey
}

// newP256K draws a scalar until it is in range.
func newP256K(r io.Reader) (*secp256k1.PrivateKey, error) {
	for {
		b, err := randomBytes(r, secp256k1.PrivKeyBytesLen)
		if err != nil {
			return nil, err
		}
		if private, ok := scalarP256K(b); ok {
			return private, nil
		}
	}
}

// scalarP256K reads a private scalar in [1, n-1].
func scalarP256K(b []byte) (*secp256k1.PrivateKey, bool) {
	var scalar secp256k1.ModNScalar
	if overflow := scalar.SetByteSlice(b); overflow || scalar.IsZero() {
		return nil, false
	}
	return secp256k1.NewPrivateKey(&scalar), true
}

func generateP256K(r io.Reader) ([]byte, error) {
	private, err := newP256K(r)
	if err != nil {
		return nil, err
	}
	return marshalP256K(private)
}

// Digest implements Key.
func (k *p256kKey) Digest(alg Algorithm, message []byte) ([]byte, error) {
	if alg != ECDSA {
		return nil, ErrAlgorithm
	}
	sum := sha256.Sum256(message)
	return sum[:], nil
}

// Sign implements Key; the signature is ASN.1 DER, deterministic by RFC 6979 with
// the lower of the two S values.
func (k *p256kKey) Sign(_ io.Reader, alg Algorithm, digest []byte) ([]byte, error) {
	if alg != ECDSA {
		return nil, ErrAlgorithm
	}
	if len(digest) != DigestSize {
		return nil, ErrSize
	}
	return ecdsa.Sign(k.private, digest).Serialize(), nil
}

// Verify implements Key; either S value is accepted.
func (k *p256kKey) Verify(alg Algorithm, digest, sig []byte) (bool, error) {
	if alg != ECDSA {
		return false, ErrAlgorithm
	}
	if len(digest) != DigestSize {
		return false, ErrSize
	}
	return verifyP256K(k.private.PubKey(), digest, sig), nil
}

func verifyP256K(public *secp256k1.PublicKey, digest, sig []byte) bool {
	parsed, err := ecdsa.ParseDERSignature(sig)
	return err == nil && parsed.Verify(digest, public)
}

// Public implements Key.
func (k *p256kKey) Public() ([]byte, error) { return marshalPublicP256K(k.private.PubKey()) }

// Encrypt implements Key.
func (k *p256kKey) Encrypt(r io.Reader, alg Algorithm, plaintext []byte, _ Params) ([]byte, error) {
	if alg != ECIESSHA1 {
		return nil, ErrAlgorithm
	}
	r, err := stream(r)
	if err != nil {
		return nil, err
	}
	ephemeral, err := newP256K(r)
	if err != nil {
		return nil, err
	}
	shared := secp256k1.GenerateSharedSecret(ephemeral, k.private.PubKey())
	return sealECIES(ephemeral.PubKey().SerializeUncompressed(), shared, plaintext)
}

// Decrypt implements Key.
func (k *p256kKey) Decrypt(alg Algorithm, ciphertext []byte, _ Params) ([]byte, error) {
	if alg != ECIESSHA1 {
		return nil, ErrAlgorithm
	}
	point, sealed, err := splitECIES(ciphertext)
	if err != nil {
		return nil, err
	}
	peer, err := secp256k1.ParsePubKey(point)
	if err != nil {
		return nil, ErrDecrypt
	}
	return openECIES(secp256k1.GenerateSharedSecret(k.private, peer), sealed)
}

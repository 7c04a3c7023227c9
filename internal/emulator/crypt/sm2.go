package crypt

import (
	"crypto/ecdsa"
	"io"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/smx509"
)

// MaxSM2Plaintext is the most bytes that SM2PKE encrypts. KMS: AsymmetricEncrypt.
// The ciphertext is then 6,144 bytes, the documented limit of AsymmetricDecrypt:
// an overhead of 97 = 65 (C1, uncompressed) + 32 (C3), which shows that the
// service's layout is the plain C1 ‖ C3 ‖ C2 and not ASN.1.
const MaxSM2Plaintext = 6047

// sm2Key is a key pair on the SM2 curve.
type sm2Key struct {
	private *sm2.PrivateKey
}

func newSM2(r io.Reader) (*sm2.PrivateKey, error) {
	for {
		scalar, err := randomBytes(r, 32)
		if err != nil {
			return nil, err
		}
		if private, err := sm2.NewPrivateKey(scalar); err == nil {
			return private, nil
		}
	}
}

func generateSM2(r io.Reader) ([]byte, error) {
	private, err := newSM2(r)
	if err != nil {
		return nil, err
	}
	return smx509.MarshalPKCS8PrivateKey(private)
}

func parseSM2(material []byte) (Key, error) {
	if any, err := smx509.ParsePKCS8PrivateKey(material); err == nil {
		if private, ok := any.(*sm2.PrivateKey); ok {
			return &sm2Key{private: private}, nil
		}
		return nil, ErrMaterial
	}
	private, err := smx509.ParseSM2PrivateKey(material)
	if err != nil {
		return nil, ErrMaterial
	}
	return &sm2Key{private: private}, nil
}

// Encrypt implements Key.
func (k *sm2Key) Encrypt(r io.Reader, alg Algorithm, plaintext []byte, _ Params) ([]byte, error) {
	if alg != SM2PKE {
		return nil, ErrAlgorithm
	}
	return encryptSM2(r, &k.private.PublicKey, plaintext)
}

func encryptSM2(r io.Reader, public *ecdsa.PublicKey, plaintext []byte) ([]byte, error) {
	if len(plaintext) == 0 || len(plaintext) > MaxSM2Plaintext {
		return nil, ErrSize
	}
	r, err := stream(r)
	if err != nil {
		return nil, err
	}
	ciphertext, err := sm2.Encrypt(r, public, plaintext, sm2.NewPlainEncrypterOpts(sm2.MarshalUncompressed, sm2.C1C3C2))
	if err != nil {
		return nil, ErrSize
	}
	return ciphertext, nil
}

// Decrypt implements Key. Beside the service's plain layout it reads ASN.1
// (GM/T 0009), which many libraries write.
func (k *sm2Key) Decrypt(alg Algorithm, ciphertext []byte, _ Params) ([]byte, error) {
	if alg != SM2PKE {
		return nil, ErrAlgorithm
	}
	plaintext, err := k.private.Decrypt(nil, ciphertext, nil)
	if err != nil {
		return nil, ErrDecrypt
	}
	return plaintext, nil
}

// Digest implements Key with the default user id of GM/T 0009, 1234567812345678.
func (k *sm2Key) Digest(alg Algorithm, message []byte) ([]byte, error) {
	if alg != SM2DSA {
		return nil, ErrAlgorithm
	}
	digest, err := sm2.CalculateSM2Hash(&k.private.PublicKey, message, nil)
	if err != nil {
		return nil, ErrMaterial
	}
	return digest, nil
}

// Sign implements Key; the signature is ASN.1 DER. The digest is the e of
// GB/T 32918.2, SM3 over Z(A) and the message. KMS: AsymmetricSign.
func (k *sm2Key) Sign(r io.Reader, alg Algorithm, digest []byte) ([]byte, error) {
	if alg != SM2DSA {
		return nil, ErrAlgorithm
	}
	if len(digest) != DigestSize {
		return nil, ErrSize
	}
	r, err := stream(r)
	if err != nil {
		return nil, err
	}
	return sm2.SignASN1(r, k.private, digest, nil)
}

// Verify implements Key.
func (k *sm2Key) Verify(alg Algorithm, digest, sig []byte) (bool, error) {
	if alg != SM2DSA {
		return false, ErrAlgorithm
	}
	if len(digest) != DigestSize {
		return false, ErrSize
	}
	return sm2.VerifyASN1(&k.private.PublicKey, digest, sig), nil
}

// Public implements Key.
func (k *sm2Key) Public() ([]byte, error) { return smx509.MarshalPKIXPublicKey(&k.private.PublicKey) }

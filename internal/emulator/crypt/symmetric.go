package crypt

import (
	"crypto/aes"
	"crypto/cipher"
	"io"

	"github.com/emmansun/gmsm/sm4"
)

// symmetric is an AES or SM4 key.
type symmetric struct {
	refuses
	block cipher.Block
	aead  cipher.AEAD
	gcm   Algorithm // AESGCM or SM4GCM
}

func newAES(s Spec, material []byte) (Key, error) {
	if len(material)*8 != s.Bits {
		return nil, ErrMaterial
	}
	block, err := aes.NewCipher(material)
	if err != nil {
		return nil, ErrMaterial
	}
	return newSymmetric(block, AESGCM)
}

func newSM4(material []byte) (Key, error) {
	block, err := sm4.NewCipher(material)
	if err != nil {
		return nil, ErrMaterial
	}
	return newSymmetric(block, SM4GCM)
}

func newSymmetric(block cipher.Block, gcm Algorithm) (Key, error) {
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, ErrMaterial
	}
	return &symmetric{block: block, aead: aead, gcm: gcm}, nil
}

// can reports whether the key does the algorithm: its own GCM, and for AES the
// hardware instance's CBC and ECB.
func (k *symmetric) can(alg Algorithm) bool {
	return alg == k.gcm || k.gcm == AESGCM && alg.Padded()
}

// Encrypt implements Key.
func (k *symmetric) Encrypt(_ io.Reader, alg Algorithm, plaintext []byte, p Params) ([]byte, error) {
	if !k.can(alg) {
		return nil, ErrAlgorithm
	}
	if len(p.IV) != alg.IVSize() {
		return nil, ErrIV
	}
	if alg == k.gcm {
		return k.aead.Seal(nil, p.IV, plaintext, p.AAD), nil
	}
	padded, err := pad(p.Padding, plaintext, k.block.BlockSize())
	if err != nil {
		return nil, err
	}
	k.chain(alg, p.IV, padded, true)
	return padded, nil
}

// Decrypt implements Key.
func (k *symmetric) Decrypt(alg Algorithm, ciphertext []byte, p Params) ([]byte, error) {
	if !k.can(alg) {
		return nil, ErrAlgorithm
	}
	if len(p.IV) != alg.IVSize() {
		return nil, ErrIV
	}
	if alg == k.gcm {
		plaintext, err := k.aead.Open(nil, p.IV, ciphertext, p.AAD)
		if err != nil {
			return nil, ErrDecrypt
		}
		return plaintext, nil
	}
	if len(ciphertext) == 0 || len(ciphertext)%k.block.BlockSize() != 0 {
		return nil, ErrDecrypt
	}
	plaintext := make([]byte, len(ciphertext))
	copy(plaintext, ciphertext)
	k.chain(alg, p.IV, plaintext, false)
	return unpad(p.Padding, plaintext, k.block.BlockSize())
}

// chain runs CBC or ECB over whole blocks in place.
func (k *symmetric) chain(alg Algorithm, iv, blocks []byte, encrypt bool) {
	if alg == AESCBC {
		mode := cipher.NewCBCDecrypter
		if encrypt {
			mode = cipher.NewCBCEncrypter
		}
		mode(k.block, iv).CryptBlocks(blocks, blocks)
		return
	}
	transform := k.block.Decrypt
	if encrypt {
		transform = k.block.Encrypt
	}
	size := k.block.BlockSize()
	for at := 0; at < len(blocks); at += size {
		transform(blocks[at:at+size], blocks[at:at+size])
	}
}

package cobblestone

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha512"
	"crypto/subtle"
	"fmt"
	"hash"

	"github.com/emmansun/gmsm/sm3"
	"github.com/emmansun/gmsm/sm4"

	"kmsplan.dev/kmsplan/internal/safety"
)

const (
	// SaltSize is the length of a message's salt in bytes.
	SaltSize = 24
	// CommitmentSize is the length of a message's key commitment in bytes.
	CommitmentSize = 32
	// PrefixSize is what stands before the first chunk: salt and commitment.
	PrefixSize = SaltSize + CommitmentSize
	// ChunkSize is the plaintext length of every chunk but the last.
	ChunkSize = 16 << 10
	// Overhead is what a chunk's authentication tag adds.
	Overhead = 16

	sealedChunk = ChunkSize + Overhead
	nonceSize   = 12
	maxChunks   = 1 << 38
	label       = "c2sp.org/chunked-encryption@v1+"
)

// Instance is a pair of AEAD and hash that messages are sealed with.
type Instance struct {
	aead    string // name in the IANA AEAD registry, part of the key derivation
	keySize int
	hash    func() hash.Hash
	block   func(key []byte) (cipher.Block, error)
}

// AES256 is Cobblestone-256: AES-256-GCM and SHA-512.
func AES256() Instance {
	return Instance{aead: "AEAD_AES_256_GCM", keySize: 32, hash: sha512.New, block: aes.NewCipher}
}

// SM4 is the kmsplan SM profile: SM4-GCM and SM3. It is no named instance of
// the specification, whose conditions it meets.
func SM4() Instance {
	return Instance{aead: "AEAD_SM4_GCM", keySize: 16, hash: sm3.New, block: sm4.NewCipher}
}

// KeySize is the length of an input key in bytes.
func (i Instance) KeySize() int { return i.keySize }

// Matches reports whether a message that begins with prefix was sealed under
// key and context.
func (i Instance) Matches(key, context, prefix []byte) bool {
	_, err := i.open(key, context, prefix)
	return err == nil
}

// open derives a message's cipher from the first 56 bytes of it.
func (i Instance) open(key, context, prefix []byte) (coder, error) {
	if len(prefix) < PrefixSize {
		return coder{}, ErrTruncated
	}
	c, commitment, err := i.derive(key, context, prefix[:SaltSize])
	if err != nil {
		return coder{}, err
	}
	if subtle.ConstantTimeCompare(commitment, prefix[SaltSize:PrefixSize]) != 1 && !safety.Off(safety.KeyCommitment) {
		return coder{}, ErrCommitment
	}
	return c, nil
}

// derive is the specification's key derivation:
// key || base nonce || commitment = HKDF-Expand(input key, label || aead || 0 || salt || context).
func (i Instance) derive(key, context, salt []byte) (coder, []byte, error) {
	if len(key) != i.keySize {
		return coder{}, nil, fmt.Errorf("%w: %d bytes given, %s takes %d", ErrKeySize, len(key), i.aead, i.keySize)
	}
	info := label + i.aead + "\x00" + string(salt) + string(context)
	okm, err := hkdf.Expand(i.hash, key, info, i.keySize+nonceSize+CommitmentSize)
	if err != nil {
		return coder{}, nil, err
	}
	defer clear(okm[:i.keySize+nonceSize])
	block, err := i.block(okm[:i.keySize])
	if err != nil {
		return coder{}, nil, err
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return coder{}, nil, err
	}
	c := coder{aead: aead, base: [nonceSize]byte(okm[i.keySize:])}
	return c, okm[i.keySize+nonceSize:], nil
}

package state

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"
)

// FingerprintKeySize is the length of a stack's fingerprint key, bytes.
const FingerprintKeySize = 32

// keyedPrefix begins the parameters of a keyed fingerprint; the id of the key follows.
const keyedPrefix = "hmac-sha256,k="

// fingerprintKey is a stack's fingerprint key. The state holds it only wrapped.
type fingerprintKey struct {
	secret []byte
	params string
}

func newFingerprintKey(secret []byte) (*fingerprintKey, error) {
	if len(secret) != FingerprintKeySize {
		return nil, fmt.Errorf("a fingerprint key has %d bytes, this one %d", FingerprintKeySize, len(secret))
	}
	id := sha256.Sum256(append([]byte("kmsplan fingerprint key 1\x00"), secret...))
	return &fingerprintKey{secret, keyedPrefix + hex.EncodeToString(id[:8])}, nil
}

// digest is HMAC-SHA-256 over salt, address and value, each after its length in 8 bytes. The salt is
// fresh for each fingerprint: without it A → B → A would give an old version id again, which the service
// refuses to write.
func (k *fingerprintKey) digest(salt []byte, address string, value []byte) []byte {
	h := hmac.New(sha256.New, k.secret)
	for _, part := range [][]byte{salt, []byte(address), value} {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part))))
		h.Write(part)
	}
	return h.Sum(nil)
}

func (k *fingerprintKey) fingerprint(address string, value []byte) Fingerprint {
	salt := freshSalt()
	f := newFingerprint(k.params, salt, k.digest(salt, address, value))
	f.Address = address
	return f
}

// verify holds a value against a fingerprint that this key made.
func (k *fingerprintKey) verify(f Fingerprint, value []byte) (bool, error) {
	if f.Params != k.params {
		return false, fmt.Errorf("%w: it was made under another key", ErrFingerprint)
	}
	return f.check(func(salt []byte) []byte { return k.digest(salt, f.Address, value) })
}

// keyed reports whether f is one of a stack's fingerprint key.
func (f Fingerprint) keyed() bool { return strings.HasPrefix(f.Params, keyedPrefix) }

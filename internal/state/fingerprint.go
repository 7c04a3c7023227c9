package state

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
)

const (
	fingerprintSalt   = 16 // bytes
	fingerprintDigest = 32 // bytes
)

// ErrFingerprint says that a fingerprint cannot be held against a value: its
// parameters are unknown, its key is not at hand, or it is damaged. Such a fingerprint matches nothing.
var ErrFingerprint = errors.New("the recorded fingerprint cannot be checked")

// IsZero reports whether nothing was fingerprinted.
func (f Fingerprint) IsZero() bool { return f == Fingerprint{} }

// freshSalt makes two fingerprints of one value differ.
func freshSalt() []byte {
	salt := make([]byte, fingerprintSalt)
	rand.Read(salt) // crypto/rand.Read never fails: it ends the process instead
	return salt
}

func newFingerprint(params string, salt, digest []byte) Fingerprint {
	return Fingerprint{
		Salt: base64.StdEncoding.EncodeToString(salt), Digest: base64.StdEncoding.EncodeToString(digest), Params: params,
	}
}

// check compares a digest that is made with f's salt with f's own, in constant time.
func (f Fingerprint) check(digest func(salt []byte) []byte) (bool, error) {
	salt, err := base64.StdEncoding.DecodeString(f.Salt)
	if err != nil || len(salt) != fingerprintSalt {
		return false, fmt.Errorf("%w: its salt is not %d bytes of base64", ErrFingerprint, fingerprintSalt)
	}
	want, err := base64.StdEncoding.DecodeString(f.Digest)
	if err != nil || len(want) != fingerprintDigest {
		return false, fmt.Errorf("%w: its digest is not %d bytes of base64", ErrFingerprint, fingerprintDigest)
	}
	return subtle.ConstantTimeCompare(digest(salt), want) == 1, nil
}

// VersionID derives a secret's version id from a fingerprint: "kp-" and 32 hex
// digits (KMS: at most 64 characters). The same value under the same salt gives the same id, which
// makes PutSecretValue safe to repeat. The id gives away neither value nor digest.
func VersionID(f Fingerprint) string {
	h := sha256.New()
	h.Write([]byte("kmsplan secret version 1\x00"))
	h.Write([]byte(f.Params + "\x00" + f.Salt + "\x00" + f.Digest))
	return "kp-" + hex.EncodeToString(h.Sum(nil)[:16])
}

package state

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"

	"golang.org/x/crypto/argon2"
)

// The cost of one fingerprint: RFC 9106 argon2id, one pass over 19 MiB, about
// 10 ms of one core. Guessing a value from a leaked state costs that per guess and salt.
const (
	fingerprintTime    = 1
	fingerprintMemory  = 19 * 1024 // KiB
	fingerprintThreads = 1
	fingerprintSalt    = 16 // bytes
	fingerprintDigest  = 32 // bytes
)

// The bounds of parameters accepted from a state: a hostile state must not be able to ask for
// gigabytes or hours.
const (
	maxFingerprintTime    = 10
	maxFingerprintMemory  = 256 * 1024 // KiB
	maxFingerprintThreads = 8
)

// ErrFingerprint says that a fingerprint cannot be held against a value: its
// parameters are unknown or it is damaged. Such a fingerprint matches nothing.
var ErrFingerprint = errors.New("the recorded fingerprint cannot be checked")

// NewFingerprint digests a write-only value under a fresh random salt, so that two
// fingerprints of one value differ. It takes about 10 ms and 19 MiB.
func NewFingerprint(value []byte) Fingerprint {
	salt := make([]byte, fingerprintSalt)
	rand.Read(salt) // crypto/rand.Read never fails: it ends the process instead
	return fingerprint(value, salt, fingerprintTime, fingerprintMemory, fingerprintThreads)
}

func fingerprint(value, salt []byte, t, m uint32, p uint8) Fingerprint {
	digest := argon2.IDKey(value, salt, t, m, p, fingerprintDigest)
	return Fingerprint{
		Salt:   base64.StdEncoding.EncodeToString(salt),
		Digest: base64.StdEncoding.EncodeToString(digest),
		Params: fmt.Sprintf("argon2id,t=%d,m=%d,p=%d", t, m, p),
	}
}

// IsZero reports whether nothing was fingerprinted.
func (f Fingerprint) IsZero() bool { return f == Fingerprint{} }

// Matches reports whether f was made of value. A fingerprint that cannot be
// checked matches nothing; Verify says why.
func (f Fingerprint) Matches(value []byte) bool {
	ok, err := f.Verify(value)
	return ok && err == nil
}

// Verify is Matches with the reason a fingerprint cannot be checked: an error
// that wraps ErrFingerprint. The comparison takes constant time.
func (f Fingerprint) Verify(value []byte) (bool, error) {
	t, m, p, err := f.cost()
	if err != nil {
		return false, err
	}
	salt, err := base64.StdEncoding.DecodeString(f.Salt)
	if err != nil || len(salt) != fingerprintSalt {
		return false, fmt.Errorf("%w: its salt is not %d bytes of base64", ErrFingerprint, fingerprintSalt)
	}
	want, err := base64.StdEncoding.DecodeString(f.Digest)
	if err != nil || len(want) != fingerprintDigest {
		return false, fmt.Errorf("%w: its digest is not %d bytes of base64", ErrFingerprint, fingerprintDigest)
	}
	got := argon2.IDKey(value, salt, t, m, p, fingerprintDigest)
	return subtle.ConstantTimeCompare(got, want) == 1, nil
}

func (f Fingerprint) cost() (t, m uint32, p uint8, err error) {
	n, err := fmt.Sscanf(f.Params, "argon2id,t=%d,m=%d,p=%d", &t, &m, &p)
	if err != nil || n != 3 || f.Params != fmt.Sprintf("argon2id,t=%d,m=%d,p=%d", t, m, p) {
		return 0, 0, 0, fmt.Errorf("%w: parameters %q are unknown to this version of kmsplan", ErrFingerprint, f.Params)
	}
	if t < 1 || t > maxFingerprintTime || m < 8*uint32(p) || m > maxFingerprintMemory || p < 1 || p > maxFingerprintThreads {
		return 0, 0, 0, fmt.Errorf("%w: parameters %q are outside the accepted range", ErrFingerprint, f.Params)
	}
	return t, m, p, nil
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

package state

import (
	"fmt"

	"golang.org/x/crypto/argon2"
)

// The cost of one slow fingerprint: RFC 9106 argon2id, one pass over 19 MiB, about
// 10 ms of one core. Guessing a value from a leaked state costs that per guess and salt.
const (
	slowTime    = 1
	slowMemory  = 19 * 1024 // KiB
	slowThreads = 1
)

// The bounds of parameters accepted from a state: a hostile state must not be able to ask for
// gigabytes or hours.
const (
	maxSlowTime    = 10
	maxSlowMemory  = 256 * 1024 // KiB
	maxSlowThreads = 8
)

// NewFingerprint digests a write-only value slowly, for a stack that has no fingerprint key. It takes about 10 ms
// and 19 MiB.
func NewFingerprint(value []byte) Fingerprint {
	salt := freshSalt()
	digest := argon2.IDKey(value, salt, slowTime, slowMemory, slowThreads, fingerprintDigest)
	return newFingerprint(fmt.Sprintf("argon2id,t=%d,m=%d,p=%d", slowTime, slowMemory, slowThreads), salt, digest)
}

// Matches reports whether f was made of value. A fingerprint that cannot be
// checked matches nothing; Verify says why.
func (f Fingerprint) Matches(value []byte) bool {
	ok, err := f.Verify(value)
	return ok && err == nil
}

// Verify is Matches with the reason a fingerprint cannot be checked without a key: an error
// that wraps ErrFingerprint.
func (f Fingerprint) Verify(value []byte) (bool, error) {
	t, m, p, err := f.cost()
	if err != nil {
		return false, err
	}
	return f.check(func(salt []byte) []byte { return argon2.IDKey(value, salt, t, m, p, fingerprintDigest) })
}

func (f Fingerprint) cost() (t, m uint32, p uint8, err error) {
	n, err := fmt.Sscanf(f.Params, "argon2id,t=%d,m=%d,p=%d", &t, &m, &p)
	if err != nil || n != 3 || f.Params != fmt.Sprintf("argon2id,t=%d,m=%d,p=%d", t, m, p) {
		return 0, 0, 0, fmt.Errorf("%w: parameters %q are unknown to this version of kmsplan", ErrFingerprint, f.Params)
	}
	if t < 1 || t > maxSlowTime || m < 8*uint32(p) || m > maxSlowMemory || p < 1 || p > maxSlowThreads {
		return 0, 0, 0, fmt.Errorf("%w: parameters %q are outside the accepted range", ErrFingerprint, f.Params)
	}
	return t, m, p, nil
}

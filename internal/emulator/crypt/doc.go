// Package crypt is the emulator's cryptography: what each key specification of
// the service can do, its key material, and the byte layout of ciphertext.
//
// It is pure: no store, no clock, no wire format, and it imports nothing of
// ours. Everything is real cryptography from the standard library, gmsm (SM2,
// SM3, SM4) and decred's secp256k1, so that clients which verify signatures or
// decrypt locally cannot tell the difference.
//
// Randomness always comes from the caller's reader. With crypto/rand.Reader the
// fastest library paths are used; with any other reader (the emulator's seeded
// mode) the same bytes read give the same keys, nonces and signatures.
//
// Start reading at spec.go (the table of specifications), then key.go (the Key
// interface and its constructors) and blob.go (the ciphertext layout).
package crypt

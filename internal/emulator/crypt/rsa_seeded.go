package crypt

import (
	"crypto/rsa"
	"fmt"
	"io"
	"math/big"
)

// Since Go 1.26 crypto/rsa ignores the caller's reader, so seeded mode searches
// its own primes. It is for reproducible test data only and is slower than the
// library: seconds for RSA_4096.

// rsaExponent is the public exponent of every RSA key.
const rsaExponent = 65537

// seededRSA makes an RSA key that depends on nothing but the bytes of r.
func seededRSA(r io.Reader, bits int) (*rsa.PrivateKey, error) {
	one, e := big.NewInt(1), big.NewInt(rsaExponent)
	for {
		p, err := seededPrime(r, bits/2)
		if err != nil {
			return nil, err
		}
		q, err := seededPrime(r, bits-bits/2)
		if err != nil {
			return nil, err
		}
		n := new(big.Int).Mul(p, q)
		phi := new(big.Int).Mul(new(big.Int).Sub(p, one), new(big.Int).Sub(q, one))
		d := new(big.Int).ModInverse(e, phi)
		if p.Cmp(q) == 0 || n.BitLen() != bits || d == nil {
			continue
		}
		key := &rsa.PrivateKey{PublicKey: rsa.PublicKey{N: n, E: rsaExponent}, D: d, Primes: []*big.Int{p, q}}
		key.Precompute()
		if err := key.Validate(); err != nil {
			return nil, fmt.Errorf("validate a seeded RSA key: %w", err)
		}
		return key, nil
	}
}

// seededPrime finds the first prime at or after a random odd number whose two
// top bits are set, so that a product of two has full length.
func seededPrime(r io.Reader, bits int) (*big.Int, error) {
	b, err := randomBytes(r, bits/8)
	if err != nil {
		return nil, err
	}
	b[0] |= 0xc0
	b[len(b)-1] |= 1
	start := new(big.Int).SetBytes(b)
	for offset := range sieve(start, bits*16) {
		candidate := new(big.Int).Add(start, big.NewInt(offset))
		if candidate.BitLen() == bits && candidate.ProbablyPrime(0) && candidate.ProbablyPrime(20) {
			return candidate, nil
		}
	}
	return seededPrime(r, bits)
}

// sieve yields the even offsets below limit at which start+offset has no small factor.
func sieve(start *big.Int, limit int) func(yield func(int64) bool) {
	composite := make([]bool, limit)
	for _, prime := range smallPrimes(8192) {
		mod := new(big.Int).Mod(start, big.NewInt(int64(prime))).Int64()
		for at := (prime - int(mod)) % prime; at < limit; at += prime {
			composite[at] = true
		}
	}
	return func(yield func(int64) bool) {
		for at := 0; at < limit; at += 2 {
			if !composite[at] && !yield(int64(at)) {
				return
			}
		}
	}
}

// smallPrimes lists the odd primes below limit.
func smallPrimes(limit int) []int {
	composite := make([]bool, limit)
	var primes []int
	for n := 3; n < limit; n += 2 {
		if composite[n] {
			continue
		}
		primes = append(primes, n)
		for m := n * n; m < limit; m += 2 * n {
			composite[m] = true
		}
	}
	return primes
}

package state

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// SchemeKeyed is the FingerprintScheme.Name of fingerprints under a key that a KMS key wraps.
const SchemeKeyed = "hmac-sha256"

// Fingerprints makes fingerprints as a stack's scheme says, and holds values against those it has, of whichever
// scheme: a stack that got its key lately has both. It is safe for concurrent use. nil is a stack without a key.
type Fingerprints struct {
	key    func() (*fingerprintKey, error) // nil = the stack has none
	failed atomic.Pointer[error]           // of key
	slow   chan struct{}                   // holds one for each argon2id under way
}

// slowAtOnce bounds the argon2id digests that are made together: each takes 19 MiB while it runs, so that
// many cores would take much memory.
func slowAtOnce() int { return min(4, runtime.GOMAXPROCS(0)) }

// NewFingerprints are those of a stack whose fingerprint key unwrap gives; nil = it has none. unwrap is called
// once, when the key is first needed.
func NewFingerprints(unwrap func() ([]byte, error)) *Fingerprints {
	p := &Fingerprints{slow: make(chan struct{}, slowAtOnce())}
	if unwrap != nil {
		p.key = sync.OnceValues(func() (*fingerprintKey, error) {
			secret, err := unwrap()
			var key *fingerprintKey
			if err == nil {
				key, err = newFingerprintKey(secret)
			}
			if err != nil {
				p.failed.Store(&err)
			}
			return key, err
		})
	}
	return p
}

// New fingerprints the value of an address. It fails where the stack's key cannot be had: then nothing that
// would need the fingerprint must be written.
func (p *Fingerprints) New(address string, value []byte) (Fingerprint, error) {
	if p == nil || p.key == nil {
		defer p.slowly()()
		return NewFingerprint(value), nil
	}
	key, err := p.key()
	if err != nil {
		return Fingerprint{}, err
	}
	return key.fingerprint(address, value), nil
}

// Compare holds a value against a fingerprint. NotCompared is what this run cannot tell: the key that it takes
// cannot be had, or the fingerprint is damaged; Failure may say why.
func (p *Fingerprints) Compare(f Fingerprint, value []byte) Match {
	if !f.keyed() {
		defer p.slowly()()
		return f.Compare(value)
	}
	if p == nil || p.key == nil {
		return NotCompared
	}
	key, err := p.key()
	if err != nil {
		return NotCompared
	}
	return matchOf(key.verify(f, value))
}

func matchOf(same bool, err error) Match {
	switch {
	case err != nil:
		return NotCompared
	case same:
		return Same
	}
	return Different
}

// Outdated reports whether a fingerprint is of another scheme than the stack's.
func (p *Fingerprints) Outdated(f Fingerprint) bool { return f.keyed() != (p != nil && p.key != nil) }

// Renewed is a fingerprint of the stack's scheme in place of one of another that was made of value; false where f
// is the stack's already, or of another value.
func (p *Fingerprints) Renewed(f Fingerprint, address string, value []byte) (Fingerprint, bool, error) {
	if f.IsZero() || !p.Outdated(f) || p.Compare(f, value) != Same {
		return f, false, nil
	}
	renewed, err := p.New(address, value)
	return renewed, err == nil, err
}

// Err is why the stack's key cannot be had; nil where it can, or there is none. It asks for the key.
func (p *Fingerprints) Err() error {
	if p == nil || p.key == nil {
		return nil
	}
	_, err := p.key()
	return err
}

// Failure is Err where the key was asked for already.
func (p *Fingerprints) Failure() error {
	if p == nil || p.failed.Load() == nil {
		return nil
	}
	return *p.failed.Load()
}

// slowly waits for its turn with a slow digest.
func (p *Fingerprints) slowly() (done func()) {
	if p == nil {
		return func() {}
	}
	p.slow <- struct{}{}
	return func() { <-p.slow }
}

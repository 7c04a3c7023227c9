package ops

import (
	"context"
	"runtime"
	"time"

	"kmsplan.dev/kmsplan/internal/durable"
	"kmsplan.dev/kmsplan/internal/envelope"
	"kmsplan.dev/kmsplan/internal/ops/keys"
	"kmsplan.dev/kmsplan/internal/state"
)

// Engine encrypts and decrypts files. It is safe for concurrent use, and remembers
// data keys until Close: make one for each run.
type Engine struct {
	keys     *keys.Keys
	now      func() time.Time
	sweeper  sweeper
	extra    []envelope.Identity
	workers  int
	patience time.Duration // with files that others hold
	prints   func() *state.Fingerprints
	owned    func(name string) string
	disk     durable.Seam
}

// Options configure an Engine.
type Options struct {
	Keyring Keyring
	Now     func() time.Time
	// Identities open envelopes without KMS, for example age identities for break-glass. They are tried
	// first: whoever brings one may have no KMS to ask.
	Identities []envelope.Identity
	Workers    int // cores for one large file; 0 = all
	// Fingerprints are asked for when there is something to fingerprint, and make those of the census;
	// nil = argon2id.
	Fingerprints func() *state.Fingerprints
	// Owned says what of kmsplan's or git's own a path of the module leads to, or ""; nil = nothing.
	Owned func(name string) string
	// Unproved leaves out that each fresh data key is opened once before it seals anything: see keys.Options.
	Unproved bool
	// FilesPerKey is how many files share a data key at most, under a scope; 0 = DefaultFilesPerKey.
	FilesPerKey int
	// Disk is asked before every step on the disk: for tests. nil = none.
	Disk durable.Seam
}

// What callers give to the engine of package keys.
type (
	Gateway = keys.Gateway
	Keyring = keys.Ring
	Scope   = keys.Scope
	Target  = keys.Target
)

// The scopes of a data key: see keys.Scope.
const (
	ScopeFile      = keys.ScopeFile
	ScopeDirectory = keys.ScopeDirectory
	ScopeRun       = keys.ScopeRun
)

// ParseScope reads a scope's name.
func ParseScope(s string) (Scope, error) { return keys.ParseScope(s) }

// MaxFilesPerKey bounds Options.FilesPerKey.
const MaxFilesPerKey = keys.MaxFilesPerKey

// DefaultFilesPerKey is Options.FilesPerKey where it is 0.
const DefaultFilesPerKey = keys.DefaultFilesPerKey

// KeyID is the last part of a key's ARN, or the id itself.
func KeyID(arn string) string { return keys.KeyID(arn) }

// New makes an engine.
func New(o Options) *Engine {
	workers := o.Workers
	if workers == 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	if o.Fingerprints == nil {
		o.Fingerprints = func() *state.Fingerprints { return nil }
	}
	return &Engine{
		keys: keys.New(keys.Options{Ring: o.Keyring, Now: o.Now, Unproved: o.Unproved, FilesPerKey: o.FilesPerKey}), now: o.Now,
		extra: o.Identities, workers: workers, patience: holdPatience, prints: o.Fingerprints, owned: o.Owned, disk: o.Disk,
	}
}

// Close overwrites the data keys that the engine still holds; nothing may use it any more. The
// runtime and the libraries below may have made copies that nobody can reach, so this is the best that can be
// done and no guarantee.
func (e *Engine) Close() { e.keys.Forget() }

// Calls is how many KMS calls the engine has made: data keys made, wrapped and opened.
func (e *Engine) Calls() int { return e.keys.Calls() }

// identities are what opens an envelope.
func (e *Engine) identities() []envelope.Identity {
	return append(e.extra[:len(e.extra):len(e.extra)], e.keys.Identity())
}

// parallelFrom is the plaintext size from which several cores pay off, bytes.
const parallelFrom = 1 << 20

func (e *Engine) workersFor(size int64) int {
	if size >= 0 && size < parallelFrom {
		return 1
	}
	return e.workers
}

// Progress is told how much of a file is done, from the goroutine that works on it.
type Progress func(done, total int64)

// Identity opens data keys with the engine's identities, then through its gateways.
func (e *Engine) Identity() envelope.IdentityForSuite { return engineIdentity{e} }

type engineIdentity struct{ e *Engine }

// Unwrap implements envelope.Identity.
func (i engineIdentity) Unwrap(ctx context.Context, stanzas []*envelope.Stanza, ec envelope.Context) ([]byte, error) {
	return i.UnwrapForSuite(ctx, envelope.AES256, stanzas, ec)
}

// UnwrapForSuite implements envelope.IdentityForSuite.
func (i engineIdentity) UnwrapForSuite(ctx context.Context, s envelope.Suite, stanzas []*envelope.Stanza, ec envelope.Context) ([]byte, error) {
	return envelope.Unwrap(ctx, s, stanzas, ec, i.e.identities()...)
}

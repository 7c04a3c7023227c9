package ops

import (
	"context"
	"runtime"
	"time"

	"kmsplan.dev/kmsplan/internal/envelope"
)

// Engine encrypts and decrypts files. It is safe for concurrent use, and remembers
// data keys until Close: make one for each run.
type Engine struct {
	keys      Keyring
	now       func() time.Time
	unwrap    *unwrapper
	scopes    *scopes
	rewraps   *rewraps
	sweeper   sweeper
	extra     []envelope.Identity
	workers   int
	patience  time.Duration // with files that others hold
	digesting chan struct{} // holds one for each fingerprint under way
}

// Options configure an Engine.
type Options struct {
	Keyring Keyring
	Now     func() time.Time
	// Identities open envelopes without KMS, for example age identities for break-glass. They are tried
	// first: whoever brings one may have no KMS to ask.
	Identities []envelope.Identity
	Workers    int // cores for one large file; 0 = all
}

// New makes an engine.
func New(o Options) *Engine {
	workers := o.Workers
	if workers == 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	return &Engine{
		keys: o.Keyring, now: o.Now, unwrap: newUnwrapper(o.Keyring), scopes: newScopes(o.Now), rewraps: newRewraps(),
		extra: o.Identities, workers: workers, patience: holdPatience, digesting: make(chan struct{}, digestsAtOnce()),
	}
}

// Close overwrites the data keys that the engine still holds; nothing may use it any more. The
// runtime and the libraries below may have made copies that nobody can reach, so this is the best that can be
// done and no guarantee.
func (e *Engine) Close() {
	e.scopes.forget()
	e.unwrap.forget()
}

// Calls is how many KMS calls the engine has made: data keys made, wrapped and opened.
func (e *Engine) Calls() int { return int(e.scopes.calls.Load() + e.unwrap.calls.Load()) }

// identities are what opens an envelope of that suite.
func (e *Engine) identities(suite envelope.Suite) []envelope.Identity {
	return append(e.extra[:len(e.extra):len(e.extra)], e.unwrap.identity(suite))
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

// callDeadline bounds one KMS call made for a file.
const callDeadline = 60 * time.Second

func bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, callDeadline)
}

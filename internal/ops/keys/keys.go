package keys

import (
	"context"
	"time"

	"kmsplan.dev/kmsplan/internal/envelope"
)

// Keys hands out the data keys of one run and opens those of envelopes. It is safe for concurrent use.
type Keys struct {
	ring     Ring
	scopes   *scopes
	unwrap   *unwrapper
	rewraps  *rewraps
	unproved bool
}

// Options configure Keys.
type Options struct {
	Ring Ring
	Now  func() time.Time
	// Unproved leaves out that each fresh wrap is opened once before it is relied on: one KMS call less for
	// each data key, and no need for the right to decrypt. What arrived damaged is then noticed by whoever opens
	// the file, too late. A rewrap is proved all the same: it gives an old wrap up.
	Unproved bool
	// FilesPerKey is how many files a shared data key serves at most; 0 = DefaultFilesPerKey.
	FilesPerKey int
}

// New makes the keys of a run.
func New(o Options) *Keys {
	scopes := newScopes(o.Now)
	if o.FilesPerKey > 0 {
		scopes.limits.files = o.FilesPerKey
	}
	return &Keys{
		ring: o.Ring, scopes: scopes, unwrap: newUnwrapper(o.Ring), rewraps: newRewraps(), unproved: o.Unproved,
	}
}

// Forget overwrites every data key that is still held.
func (k *Keys) Forget() {
	k.scopes.forget()
	k.unwrap.forget()
}

// Calls is how many KMS calls were made: data keys made, wrapped and opened.
func (k *Keys) Calls() int { return int(k.scopes.calls.Load() + k.unwrap.calls.Load()) }

// Identity opens envelopes through the gateways.
func (k *Keys) Identity() envelope.Identity { return kmsIdentity{k.unwrap} }

// MaxFilesPerKey bounds Options.FilesPerKey: what one leaked data key may open.
const MaxFilesPerKey = 100_000

// callDeadline bounds one KMS call made for a file.
const callDeadline = 60 * time.Second

func bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, callDeadline)
}

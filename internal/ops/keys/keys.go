package keys

import (
	"cmp"
	"context"
	"sync/atomic"
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
	deadline time.Duration
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
	// Deadline bounds one call, all its tries and its wait for a turn together; 0 = a minute.
	Deadline time.Duration
}

// New makes the keys of a run.
func New(o Options) *Keys {
	scopes := newScopes(o.Now)
	if o.FilesPerKey > 0 {
		scopes.limits.files = o.FilesPerKey
	}
	deadline := cmp.Or(o.Deadline, callDeadline)
	return &Keys{
		ring: o.Ring, scopes: scopes, unwrap: newUnwrapper(o.Ring, deadline), rewraps: newRewraps(), unproved: o.Unproved, deadline: deadline,
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

// callDeadline bounds one KMS call made for a file where Options.Deadline says nothing.
const callDeadline = 60 * time.Second

func (k *Keys) bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, k.deadline)
}

type countingKey struct{}

// Counting counts in n, too, the calls that are made under the context it gives.
func Counting(ctx context.Context, n *atomic.Int64) context.Context {
	return context.WithValue(ctx, countingKey{}, n)
}

// counted counts a call for who wants to know of it.
func counted(ctx context.Context, total *atomic.Int64) {
	total.Add(1)
	if n, ok := ctx.Value(countingKey{}).(*atomic.Int64); ok {
		n.Add(1)
	}
}

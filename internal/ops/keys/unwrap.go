package keys

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-multierror"
	"golang.org/x/sync/singleflight"

	"kmsplan.dev/kmsplan/internal/envelope"
	"kmsplan.dev/kmsplan/internal/kms"
)

// unwrapper opens data keys through the stack's gateways. Files that share a wrapped
// data key cost one call together: answers are kept by the digest of blob and context,
// and equal calls that overlap are made once.
type unwrapper struct {
	ring     Ring
	flight   singleflight.Group
	deadline time.Duration // of one call
	calls    atomic.Int64  // KMS calls made

	mu    sync.Mutex
	known map[[32]byte]*opened
}

// opened is what KMS made of a wrap.
type opened struct {
	key     []byte
	version string // that it opened it with; "" = the gateway does not tell
}

// maxKnown bounds the kept data keys; a run that opens more starts over.
const maxKnown = 4096

func newUnwrapper(ring Ring, deadline time.Duration) *unwrapper {
	return &unwrapper{ring: ring, deadline: deadline, known: map[[32]byte]*opened{}}
}

// kmsIdentity opens envelopes through KMS.
type kmsIdentity struct{ u *unwrapper }

// Unwrap implements envelope.Identity, for a header whose suite is not said.
func (i kmsIdentity) Unwrap(ctx context.Context, stanzas []*envelope.Stanza, ec envelope.Context) ([]byte, error) {
	return i.UnwrapForSuite(ctx, envelope.AES256, stanzas, ec)
}

// UnwrapForSuite implements envelope.IdentityForSuite: any one KMS stanza that opens is enough. Each header of a
// file is asked for with its own suite, because one of them may be forged.
func (i kmsIdentity) UnwrapForSuite(ctx context.Context, suite envelope.Suite, stanzas []*envelope.Stanza, ec envelope.Context) ([]byte, error) {
	var failed *multierror.Error
	for _, s := range stanzas {
		k, err := envelope.ParseKMSStanza(s)
		if errors.Is(err, envelope.ErrIncorrectIdentity) {
			continue
		}
		if err != nil {
			return nil, err
		}
		o, err := i.u.open(ctx, k, ec, suite.KeySize())
		if err == nil {
			return o.key, nil
		}
		failed = multierror.Append(failed, fmt.Errorf("unwrap the data key with %s: %w", k.KeyARN, err))
	}
	switch {
	case failed == nil:
		return nil, envelope.ErrIncorrectIdentity
	case len(failed.Errors) == 1:
		return nil, failed.Errors[0]
	}
	return nil, failed
}

// open unwraps one stanza, from memory where it was unwrapped before.
func (u *unwrapper) open(ctx context.Context, k envelope.KMSStanza, ec envelope.Context, size int) (*opened, error) {
	id := wrapID(k, ec, size)
	if o := u.remembered(id); o != nil {
		return o, nil
	}
	v, err, _ := u.flight.Do(string(id[:]), func() (any, error) {
		if o := u.remembered(id); o != nil {
			return o, nil // by a flight that ended just before this one
		}
		return u.call(ctx, id, k, ec, size)
	})
	if err != nil {
		return nil, err
	}
	return v.(*opened), nil
}

// call asks the gateways in turn; one that does not know the key gives way to the next.
func (u *unwrapper) call(ctx context.Context, id [32]byte, k envelope.KMSStanza, ec envelope.Context, size int) (*opened, error) {
	gateways, err := u.ring.ForKey(ctx, k.KeyARN)
	if err != nil {
		return nil, err
	}
	w, err := wrapped(k, size)
	if err != nil {
		return nil, err
	}
	err = errors.New("no gateway of this stack reaches the key; add the gateway block of its region")
	for _, g := range gateways {
		var o opened
		if o.key, o.version, err = u.decrypt(ctx, g.Crypt, w, ec); err == nil {
			u.keep(id, &o)
			return &o, nil
		}
		if !kms.IsNotFound(err) {
			break
		}
	}
	return nil, err
}

// decrypt makes one call.
func (u *unwrapper) decrypt(ctx context.Context, c kms.Cryptographer, w kms.Wrapped, ec envelope.Context) (key []byte, version string, err error) {
	ctx, cancel := context.WithTimeout(ctx, u.deadline)
	defer cancel()
	counted(ctx, &u.calls)
	return c.Decrypt(ctx, w, ec)
}

func (u *unwrapper) remembered(id [32]byte) *opened {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.known[id]
}

func (u *unwrapper) keep(id [32]byte, o *opened) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if len(u.known) >= maxKnown {
		clear(u.known) // not overwritten: a file may be at work with one of them
	}
	u.known[id] = o
}

// forget overwrites the kept data keys.
func (u *unwrapper) forget() {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, o := range u.known {
		clear(o.key)
	}
	clear(u.known)
}

// wrapID is a digest over everything that decides what a Decrypt answers.
func wrapID(k envelope.KMSStanza, ec envelope.Context, size int) [32]byte {
	h := sha256.New()
	field := func(s string) { fmt.Fprintf(h, "%d:%s", len(s), s) }
	fmt.Fprintf(h, "%d;", size)
	field(k.KeyARN)
	field(k.Protocol)
	field(string(k.Blob))
	for _, pairs := range []map[string]string{k.Params, ec} {
		fmt.Fprintf(h, "%d;", len(pairs))
		for _, name := range slices.Sorted(maps.Keys(pairs)) {
			field(name)
			field(pairs[name])
		}
	}
	return [32]byte(h.Sum(nil))
}

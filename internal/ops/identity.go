package ops

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"golang.org/x/sync/singleflight"

	"kmsplan.dev/kmsplan/internal/envelope"
	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/several"
)

// unwrapper opens data keys through the stack's gateways. Files that share a wrapped
// data key cost one call together: answers are kept by the digest of blob and context,
// and equal calls that overlap are made once.
type unwrapper struct {
	keys   Keyring
	flight singleflight.Group

	mu    sync.Mutex
	known map[[32]byte]unwrapped
	calls int // KMS calls made, for reports
}

// unwrapped is one answer: the data key and the gateway that opened it.
type unwrapped struct {
	key     []byte
	gateway Gateway
}

// maxKnown bounds the kept data keys; a run that opens more starts over.
const maxKnown = 4096

func newUnwrapper(keys Keyring) *unwrapper {
	return &unwrapper{keys: keys, known: map[[32]byte]unwrapped{}}
}

// identity opens envelopes of one suite.
func (u *unwrapper) identity(suite envelope.Suite) envelope.Identity {
	return kmsIdentity{u, suite.KeySize()}
}

type kmsIdentity struct {
	u    *unwrapper
	size int // of the data key, bytes
}

// Unwrap implements envelope.Identity: any one KMS stanza that opens is enough.
func (i kmsIdentity) Unwrap(ctx context.Context, stanzas []*envelope.Stanza, ec envelope.Context) ([]byte, error) {
	var failed several.Errors
	for _, s := range stanzas {
		k, err := envelope.ParseKMSStanza(s)
		if errors.Is(err, envelope.ErrIncorrectIdentity) {
			continue
		}
		if err != nil {
			return nil, err
		}
		got, err := i.u.open(ctx, k, ec, i.size)
		if err == nil {
			return got.key, nil
		}
		failed.Addf("unwrap the data key with %s: %w", k.KeyARN, err)
	}
	if failed.Len() == 0 {
		return nil, envelope.ErrIncorrectIdentity
	}
	return nil, failed.Err()
}

// open unwraps one stanza, from memory where it was unwrapped before.
func (u *unwrapper) open(ctx context.Context, k envelope.KMSStanza, ec envelope.Context, size int) (unwrapped, error) {
	id := cacheID(k, ec)
	u.mu.Lock()
	got, ok := u.known[id]
	u.mu.Unlock()
	if ok {
		return got, nil
	}
	v, err, _ := u.flight.Do(string(id[:]), func() (any, error) { return u.call(ctx, id, k, ec, size) })
	if err != nil {
		return unwrapped{}, err
	}
	return v.(unwrapped), nil
}

// call asks the gateways in turn; one that does not know the key gives way to the next.
func (u *unwrapper) call(ctx context.Context, id [32]byte, k envelope.KMSStanza, ec envelope.Context, size int) (unwrapped, error) {
	gateways, err := u.keys.ForKey(ctx, k.KeyARN)
	if err != nil {
		return unwrapped{}, err
	}
	w, err := wrapped(k, size)
	if err != nil {
		return unwrapped{}, err
	}
	err = fmt.Errorf("no gateway of this stack reaches the key; add the gateway block of its region")
	for _, g := range gateways {
		var key []byte
		u.count()
		if key, _, err = g.Crypt.Decrypt(ctx, w, ec); err == nil {
			got := unwrapped{key, g}
			u.keep(id, got)
			return got, nil
		}
		if !kms.IsNotFound(err) {
			break
		}
	}
	return unwrapped{}, err
}

func (u *unwrapper) count() { u.mu.Lock(); u.calls++; u.mu.Unlock() }

func (u *unwrapper) keep(id [32]byte, got unwrapped) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if len(u.known) >= maxKnown {
		clear(u.known)
	}
	u.known[id] = got
}

// cacheID is a digest over everything that decides what a Decrypt answers.
func cacheID(k envelope.KMSStanza, ec envelope.Context) [32]byte {
	h := sha256.New()
	field := func(s string) { fmt.Fprintf(h, "%d:%s", len(s), s) }
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

package cli

import (
	"context"
	"crypto/sha256"
	"errors"
	"path/filepath"
	"strings"

	"kmsplan.dev/kmsplan/internal/envelope"
	"kmsplan.dev/kmsplan/internal/keycache"
)

// driverKeys open data keys as the drivers do: from the cache, else by the gateways of the module, which is not read
// before it is needed.
func (a *app) driverKeys(d *drivers) (*driverRing, func()) {
	k := &driverRing{known: map[keycache.ID][]byte{}}
	a.enter(d)
	var closers []func()
	k.open = func() (envelope.IdentityForSuite, error) {
		engine, done, err := a.openEngine(&d.vars, d.identities...)
		if err != nil {
			return nil, err
		}
		closers = append(closers, done)
		return engine.Identity(), nil
	}
	if !d.noCache {
		k.dial = func(start bool) *keycache.Client { return a.dialCache(d, start) }
	}
	return k, func() {
		for _, done := range closers {
			done()
		}
		k.forget()
	}
}

// enter makes the module of -module the one that is read. Paths of the command line were resolved before.
func (a *app) enter(d *drivers) {
	if d.module != "" {
		a.chdir = a.path(filepath.FromSlash(d.module))
	}
}

// driverRing opens data keys, each wrap once.
type driverRing struct {
	open  func() (envelope.IdentityForSuite, error)
	dial  func(start bool) *keycache.Client // nil = no cache is used
	ident envelope.IdentityForSuite
	cache *keycache.Client // nil = none yet
	known map[keycache.ID][]byte
}

var _ envelope.IdentityForSuite = &driverRing{}

// Unwrap implements envelope.Identity.
func (k *driverRing) Unwrap(ctx context.Context, stanzas []*envelope.Stanza, ec envelope.Context) ([]byte, error) {
	return k.UnwrapForSuite(ctx, envelope.AES256, stanzas, ec)
}

// UnwrapForSuite implements envelope.IdentityForSuite.
func (k *driverRing) UnwrapForSuite(ctx context.Context, s envelope.Suite, stanzas []*envelope.Stanza, ec envelope.Context) ([]byte, error) {
	id, err := wrapsOf(s, stanzas, ec)
	if err != nil {
		return nil, err
	}
	if key := k.remembered(id); key != nil {
		return key, nil
	}
	if k.ident == nil {
		if k.ident, err = k.open(); err != nil {
			return nil, err
		}
	}
	key, err := k.ident.UnwrapForSuite(ctx, s, stanzas, ec)
	if err != nil {
		return nil, err
	}
	k.known[id] = append([]byte{}, key...)
	k.share(id, key)
	return key, nil
}

// remembered is a data key that this process or the cache has. What the cache gives is proved like any other: a file
// opens with its own data key alone.
func (k *driverRing) remembered(id keycache.ID) []byte {
	if key := k.known[id]; key != nil {
		return key
	}
	if k.cache == nil && k.dial != nil {
		k.cache = k.dial(false)
	}
	if k.cache == nil {
		return nil
	}
	key, err := k.cache.Get(id)
	if err != nil {
		k.lose()
		return nil
	}
	if key != nil {
		k.known[id] = key
	}
	return key
}

// share hands a data key to the cache, which is started by the first.
func (k *driverRing) share(id keycache.ID, key []byte) {
	if k.cache == nil && k.dial != nil {
		k.cache = k.dial(true)
	}
	if k.cache != nil && k.cache.Put(id, key) != nil {
		k.lose()
	}
}

// lose goes on without the cache.
func (k *driverRing) lose() {
	k.cache.Close()
	k.cache, k.dial = nil, nil
}

func (k *driverRing) forget() {
	for _, key := range k.known {
		clear(key)
	}
	if k.cache != nil {
		k.cache.Close()
	}
}

// wrapsOf names what a data key is opened from: equal names are opened into equal keys.
func wrapsOf(s envelope.Suite, stanzas []*envelope.Stanza, ec envelope.Context) (keycache.ID, error) {
	pairs, err := ec.Pairs()
	if err != nil {
		return keycache.ID{}, err
	}
	lines := []string{s.String(), strings.Join(pairs, " ")}
	for _, stanza := range stanzas {
		line, err := stanza.Line()
		if err != nil {
			return keycache.ID{}, errors.New("a stanza of the header is malformed")
		}
		lines = append(lines, line)
	}
	return sha256.Sum256([]byte(strings.Join(lines, "\n"))), nil
}

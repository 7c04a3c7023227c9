package core

import (
	"strings"

	"kmsplan.dev/kmsplan/internal/emulator/store"
)

const aliasPrefix = "alias/"

// KeyARN is acs:kms:<region>:<uid>:key/<id>.
func KeyARN(k *Key) string { return Arn(k.Region, k.Account, "key/"+k.ID) }

func Arn(region, account, resource string) string {
	return "acs:kms:" + region + ":" + account + ":" + resource
}

// ParseARN splits acs:kms:<region>:<uid>:<resource>.
func ParseARN(s string) (region, account, resource string, ok bool) {
	parts := strings.SplitN(s, ":", 5)
	if len(parts) != 5 || parts[0] != "acs" || parts[1] != "kms" || parts[4] == "" {
		return "", "", "", false
	}
	return parts[2], parts[3], parts[4], true
}

// LookupKey finds the key that a KeyId parameter names: an id, an ARN, or, where
// the operation accepts it, an alias. The key is a private copy. On the
// instance's own gateways only the instance's keys exist.
//
// Refusals: MissingParameter, Unsupported.Alias, Forbidden.AliasNotFound,
// Forbidden.KeyNotFound.
func (e *Engine) LookupKey(tx *store.Tx, c *Call, id string, acceptAlias bool) (*Key, error) {
	place, err := e.keyPlace(tx, c, id, acceptAlias)
	if err != nil {
		return nil, err
	}
	k, found := e.Table.Keys.Get(tx, place)
	if !found || !c.Reaches(&k) {
		return nil, ErrKeyNotFound()
	}
	return &k, nil
}

// PeekKey is lookupKey without the copy, for readers: the key is shared and must
// not be changed.
func (e *Engine) PeekKey(tx *store.Tx, c *Call, id string, acceptAlias bool) (*Key, error) {
	place, err := e.keyPlace(tx, c, id, acceptAlias)
	if err != nil {
		return nil, err
	}
	k, found := e.Table.Keys.Peek(tx, place)
	if !found || !c.Reaches(k) {
		return nil, ErrKeyNotFound()
	}
	return k, nil
}

// Reaches tells whether the call's door leads to the key at all.
func (c *Call) Reaches(k *Key) bool {
	return c.Gateway == Public || c.Gateway == "" || k.Instance == c.Instance
}

// NoAlias refuses an alias where a key's id is asked for.
func NoAlias(id string) error {
	if _, _, resource, isARN := ParseARN(id); isARN {
		id = resource
	}
	if strings.HasPrefix(id, aliasPrefix) {
		return errUnsupportedAlias()
	}
	return nil
}

// keyPlace resolves a KeyId to the key's place in the store.
func (e *Engine) keyPlace(tx *store.Tx, c *Call, id string, acceptAlias bool) (string, error) {
	if id == "" {
		return "", ErrMissingParameter("KeyId")
	}
	account := c.Account
	if strings.HasPrefix(id, "acs:") {
		region, owner, resource, ok := ParseARN(id)
		if !ok {
			return "", ErrInvalidParameter("KeyId")
		}
		if region != c.Region {
			return "", ErrKeyNotFound()
		}
		account, id = owner, strings.TrimPrefix(resource, "key/")
	}
	if !strings.HasPrefix(id, aliasPrefix) {
		return Scope(account, c.Region, id), nil
	}
	if !acceptAlias {
		return "", NoAlias(id)
	}
	alias, found := e.Table.Aliases.Peek(tx, Scope(account, c.Region, id))
	if !found {
		return "", ErrAliasNotFound()
	}
	return Scope(account, c.Region, alias.KeyID), nil
}

// PutKey stores a key at its place.
func (e *Engine) PutKey(tx *store.Tx, k *Key) {
	e.Table.Keys.Put(tx, Scope(k.Account, k.Region, k.ID), *k)
}

// KeyVersion finds a version of a key. The version is shared and must not be
// changed. Refusal: Forbidden.KeyVersionNotFound.
func (e *Engine) KeyVersion(tx *store.Tx, k *Key, versionID string) (*KeyVersion, error) {
	v, found := e.Table.KeyVersions.Peek(tx, Scope(k.Account, k.Region, versionID))
	if !found || v.KeyID != k.ID {
		return nil, errKeyVersionNotFound()
	}
	return v, nil
}

// Update runs an Update whose refusals come back unwrapped and whose failures
// (a full disk) come back as the service's InternalFailure.
func (e *Engine) Update(fn func(*store.Tx) error) error { return ServiceError(e.Db.Update(fn)) }

// View is update for readers.
func (e *Engine) View(fn func(*store.Tx) error) error { return ServiceError(e.Db.View(fn)) }

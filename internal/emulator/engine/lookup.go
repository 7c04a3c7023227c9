package engine

import (
	"strings"

	"kmsplan.dev/kmsplan/internal/emulator/store"
)

const aliasPrefix = "alias/"

// keyARN is acs:kms:<region>:<uid>:key/<id>.
func keyARN(k *Key) string { return arn(k.Region, k.Account, "key/"+k.ID) }

func arn(region, account, resource string) string {
	return "acs:kms:" + region + ":" + account + ":" + resource
}

// parseARN splits acs:kms:<region>:<uid>:<resource>.
func parseARN(s string) (region, account, resource string, ok bool) {
	parts := strings.SplitN(s, ":", 5)
	if len(parts) != 5 || parts[0] != "acs" || parts[1] != "kms" || parts[4] == "" {
		return "", "", "", false
	}
	return parts[2], parts[3], parts[4], true
}

// lookupKey finds the key that a KeyId parameter names: an id, an ARN, or, where
// the operation accepts it, an alias. The key is a private copy. On the
// instance's own gateways only the instance's keys exist.
//
// Refusals: MissingParameter, Unsupported.Alias, Forbidden.AliasNotFound,
// Forbidden.KeyNotFound.
func (e *Engine) lookupKey(tx *store.Tx, c *Call, id string, acceptAlias bool) (*Key, error) {
	place, err := e.keyPlace(tx, c, id, acceptAlias)
	if err != nil {
		return nil, err
	}
	k, found := e.table.keys.Get(tx, place)
	if !found || !c.reaches(&k) {
		return nil, errKeyNotFound()
	}
	return &k, nil
}

// peekKey is lookupKey without the copy, for readers: the key is shared and must
// not be changed.
func (e *Engine) peekKey(tx *store.Tx, c *Call, id string, acceptAlias bool) (*Key, error) {
	place, err := e.keyPlace(tx, c, id, acceptAlias)
	if err != nil {
		return nil, err
	}
	k, found := e.table.keys.Peek(tx, place)
	if !found || !c.reaches(k) {
		return nil, errKeyNotFound()
	}
	return k, nil
}

// reaches tells whether the call's door leads to the key at all.
func (c *Call) reaches(k *Key) bool {
	return c.Gateway == Public || c.Gateway == "" || k.Instance == c.Instance
}

// keyPlace resolves a KeyId to the key's place in the store.
func (e *Engine) keyPlace(tx *store.Tx, c *Call, id string, acceptAlias bool) (string, error) {
	if id == "" {
		return "", errMissingParameter("KeyId")
	}
	account := c.Account
	if strings.HasPrefix(id, "acs:") {
		region, owner, resource, ok := parseARN(id)
		if !ok {
			return "", errInvalidParameter("KeyId")
		}
		if region != c.Region {
			return "", errKeyNotFound()
		}
		account, id = owner, strings.TrimPrefix(resource, "key/")
	}
	if !strings.HasPrefix(id, aliasPrefix) {
		return scope(account, c.Region, id), nil
	}
	if !acceptAlias {
		return "", errUnsupportedAlias()
	}
	alias, found := e.table.aliases.Peek(tx, scope(account, c.Region, id))
	if !found {
		return "", errAliasNotFound()
	}
	return scope(account, c.Region, alias.KeyID), nil
}

// putKey stores a key at its place.
func (e *Engine) putKey(tx *store.Tx, k *Key) {
	e.table.keys.Put(tx, scope(k.Account, k.Region, k.ID), *k)
}

// keyVersion finds a version of a key. The version is shared and must not be
// changed. Refusal: Forbidden.KeyVersionNotFound.
func (e *Engine) keyVersion(tx *store.Tx, k *Key, versionID string) (*KeyVersion, error) {
	v, found := e.table.keyVersions.Peek(tx, scope(k.Account, k.Region, versionID))
	if !found || v.KeyID != k.ID {
		return nil, errKeyVersionNotFound()
	}
	return v, nil
}

// update runs an Update whose refusals come back unwrapped and whose failures
// (a full disk) come back as the service's InternalFailure.
func (e *Engine) update(fn func(*store.Tx) error) error { return serviceError(e.db.Update(fn)) }

// view is update for readers.
func (e *Engine) view(fn func(*store.Tx) error) error { return serviceError(e.db.View(fn)) }

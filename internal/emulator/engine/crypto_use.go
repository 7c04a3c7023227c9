package engine

import (
	"encoding/base64"
	"errors"
	"slices"

	"kmsplan.dev/kmsplan/internal/emulator/crypt"
	"kmsplan.dev/kmsplan/internal/emulator/store"
)

// keyUse is a key version that a call may use, ready for cryptography. The key
// record is shared with the store and must not be changed.
type keyUse struct {
	key     *Key
	spec    crypt.Spec
	home    crypt.Home
	version string
	crypt.Key
}

// versionOf chooses a key's version.
type versionOf func(*Key) string

func primaryVersion(k *Key) string { return k.Primary }
func initialVersion(k *Key) string { return k.Initial }

// namedVersion chooses a version by its id, or the initial one if none is named.
func namedVersion(id string) versionOf {
	if id == "" {
		return initialVersion
	}
	return func(*Key) string { return id }
}

// useKey finds a key (id, alias or ARN) and makes the chosen version ready, or
// refuses in the service's order: existence, permission, reach, state, version.
func (e *Engine) useKey(c *Call, op, id string, choose versionOf) (u keyUse, err error) {
	err = e.view(func(tx *store.Tx) error {
		k, err := e.peekKey(tx, c, id, true)
		if err != nil {
			return err
		}
		if err := e.admit(tx, c, op, k); err != nil {
			return err
		}
		v, err := e.keyVersion(tx, k, choose(k))
		if err != nil {
			return err
		}
		u, err = e.ready(tx, k, v)
		return err
	})
	return u, err
}

// useVersion is useKey for ciphertext that names its version. A version of
// another account is found too: its key's policy decides. Refusal for unknown
// versions, also those of other regions: Forbidden.KeyNotFound.
func (e *Engine) useVersion(c *Call, op, versionID string) (u keyUse, err error) {
	err = e.view(func(tx *store.Tx) error {
		v, found := e.findVersion(tx, c, versionID)
		if !found {
			return errKeyNotFound()
		}
		k, found := e.table.keys.Peek(tx, scope(v.Account, v.Region, v.KeyID))
		if !found || !c.reaches(k) {
			return errKeyNotFound()
		}
		if err := e.admit(tx, c, op, k); err != nil {
			return err
		}
		u, err = e.ready(tx, k, v)
		return err
	})
	return u, err
}

// findVersion looks in the caller's account first, then in the region's others.
func (e *Engine) findVersion(tx *store.Tx, c *Call, id string) (*KeyVersion, bool) {
	if v, found := e.table.keyVersions.Peek(tx, c.scope(id)); found {
		return v, true
	}
	for _, v := range e.table.keyVersions.ScanIndex(tx, byID, id+"/", 0) {
		if v.Region == c.Region {
			return v, true
		}
	}
	return nil, false
}

// admit refuses what the caller may not do with the key: permission, a door that
// is shut, a state that forbids it.
func (e *Engine) admit(tx *store.Tx, c *Call, op string, k *Key) error {
	if err := e.authorize(tx, c, op, keyResource(k)); err != nil {
		return err
	}
	if err := e.openDoor(tx, c, k.Account, k.Region, k.Instance); err != nil {
		return err
	}
	if k.Instance == "" && e.opts.Strict && op != "GetPublicKey" {
		return errUnsupportedOperation() // KMS: default keys are not for client-side data encryption
	}
	return requireState(op, k)
}

// openDoor refuses to use what lives in an instance while the instance is not
// connected, or through the shared gateway while its public access is off.
func (e *Engine) openDoor(tx *store.Tx, c *Call, account, region, instance string) error {
	if instance == "" {
		return nil
	}
	i, found := e.table.instances.Peek(tx, scope(account, region, instance))
	if !found || i.Status != statusConnected {
		return refuse(409, rejectedUnavailable, "The request was rejected because the key state is Unavailable.")
	}
	if c.Gateway == Public && !i.PublicAccess {
		return errUnsupportedOperation()
	}
	return nil
}

// ready parses a version's material.
func (e *Engine) ready(tx *store.Tx, k *Key, v *KeyVersion) (keyUse, error) {
	if len(v.Material) == 0 {
		return keyUse{}, errState(rejectedImport, statePendingImport)
	}
	parsed, err := e.crypto.parsed.get(k.Spec, v)
	if err != nil {
		return keyUse{}, err
	}
	i, err := e.instanceOf(tx, k)
	if err != nil {
		return keyUse{}, err
	}
	return keyUse{key: k, spec: k.spec(), home: e.homeOf(i), version: v.ID, Key: parsed}, nil
}

// symmetricOnly refuses keys that are not one secret key for encryption.
func (u keyUse) symmetricOnly() error {
	if u.spec.Class != crypt.Symmetric || u.key.Usage != crypt.UsageEncrypt {
		return errUnsupportedOperation()
	}
	return nil
}

// pairOnly refuses keys that are not a key pair of the usage.
func (u keyUse) pairOnly(usage string) error {
	if u.spec.Class != crypt.Asymmetric || u.key.Usage != usage {
		return errUnsupportedOperation()
	}
	return nil
}

// seal encrypts under the version with the GCM of its specification.
func (e *Engine) seal(u keyUse, plaintext, aad []byte) (crypt.Blob, error) {
	iv, err := e.random(u.spec.GCM().IVSize())
	if err != nil {
		return crypt.Blob{}, err
	}
	sealed, err := u.Encrypt(e.rand, u.spec.GCM(), plaintext, crypt.Params{IV: iv, AAD: aad})
	return crypt.Blob{Version: u.version, IV: iv, Sealed: sealed}, err
}

// open is seal's inverse. Error: crypt.ErrDecrypt.
func (u keyUse) open(b crypt.Blob, aad []byte) ([]byte, error) {
	return u.Decrypt(u.spec.GCM(), b.Sealed, crypt.Params{IV: b.IV, AAD: aad})
}

// cryptRefusal turns a refusal of package crypt into InvalidParameter of the
// parameter at fault; other errors stay.
func cryptRefusal(err error, parameter string) error {
	known := []error{crypt.ErrAlgorithm, crypt.ErrSize, crypt.ErrIV, crypt.ErrDecrypt, crypt.ErrBlob,
		crypt.ErrContext, crypt.ErrWrappingKey, crypt.ErrPair}
	if slices.ContainsFunc(known, func(k error) bool { return errors.Is(err, k) }) {
		return errInvalidParameter(parameter)
	}
	return err
}

// decodeParam decodes a required base64 parameter. Refusals: MissingParameter,
// InvalidParameter.
func decodeParam(value *string, name string) ([]byte, error) {
	encoded, err := required(name, value)
	if err != nil {
		return nil, err
	}
	data, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil || len(data) == 0 {
		return nil, errInvalidParameter(name)
	}
	return data, nil
}

func base64Text(data []byte) string { return base64.StdEncoding.EncodeToString(data) }

// contextAAD turns an encryption context parameter into additional data.
func contextAAD(context JSONMap, name string) ([]byte, error) {
	aad, err := crypt.ContextAAD(context)
	return aad, cryptRefusal(err, name)
}

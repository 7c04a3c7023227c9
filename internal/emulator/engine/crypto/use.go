package crypto

import (
	"errors"
	"slices"

	"kmsplan.dev/kmsplan/internal/emulator/crypt"
	"kmsplan.dev/kmsplan/internal/emulator/engine/core"
	"kmsplan.dev/kmsplan/internal/emulator/store"
)

// keyUse is a key version that a call may use, ready for cryptography. The key
// record is shared with the store and must not be changed.
type keyUse struct {
	key     *core.Key
	spec    crypt.Spec
	home    crypt.Home
	version string
	crypt.Key
}

// versionOf chooses a key's version.
type versionOf func(*core.Key) string

func primaryVersion(k *core.Key) string { return k.Primary }

func InitialVersion(k *core.Key) string { return k.Initial }

// namedVersion chooses a version by its id, or the initial one if none is named.
func namedVersion(id string) versionOf {
	if id == "" {
		return InitialVersion
	}
	return func(*core.Key) string { return id }
}

// UseKey finds a key (id, alias or ARN) and makes the chosen version ready, or
// refuses in the service's order: existence, permission, reach, state, version.
func UseKey(e *core.Engine, c *core.Call, op, id string, choose versionOf) (u keyUse, err error) {
	err = e.View(func(tx *store.Tx) error {
		k, err := e.PeekKey(tx, c, id, true)
		if err != nil {
			return err
		}
		if err := admit(e, tx, c, op, k); err != nil {
			return err
		}
		v, err := e.KeyVersion(tx, k, choose(k))
		if err != nil {
			return err
		}
		u, err = ready(e, tx, k, v)
		return err
	})
	return u, err
}

// useVersion is useKey for ciphertext that names its version. A version of
// another account is found too: its key's policy decides. Refusal for unknown
// versions, also those of other regions: Forbidden.KeyNotFound.
func useVersion(e *core.Engine, c *core.Call, op, versionID string) (u keyUse, err error) {
	err = e.View(func(tx *store.Tx) error {
		v, found := findVersion(e, tx, c, versionID)
		if !found {
			return core.ErrKeyNotFound()
		}
		k, found := e.Table.Keys.Peek(tx, core.Scope(v.Account, v.Region, v.KeyID))
		if !found || !c.Reaches(k) {
			return core.ErrKeyNotFound()
		}
		if err := admit(e, tx, c, op, k); err != nil {
			return err
		}
		u, err = ready(e, tx, k, v)
		return err
	})
	return u, err
}

// findVersion looks in the caller's account first, then in the region's others.
func findVersion(e *core.Engine, tx *store.Tx, c *core.Call, id string) (*core.KeyVersion, bool) {
	if v, found := e.Table.KeyVersions.Peek(tx, c.Scope(id)); found {
		return v, true
	}
	for _, v := range e.Table.KeyVersions.ScanIndex(tx, core.ByID, id+"/", 0) {
		if v.Region == c.Region {
			return v, true
		}
	}
	return nil, false
}

// admit refuses what the caller may not do with the key: permission, a door that
// is shut, a state that forbids it.
func admit(e *core.Engine, tx *store.Tx, c *core.Call, op string, k *core.Key) error {
	if err := e.Authorize(tx, c, op, core.KeyResource(k)); err != nil {
		return err
	}
	if err := e.OpenDoor(tx, c, k.Account, k.Region, k.Instance); err != nil {
		return err
	}
	if k.Instance == "" && e.Opts.Strict && op != "GetPublicKey" {
		return core.ErrUnsupportedOperation() // KMS: default keys are not for client-side data encryption
	}
	return core.RequireState(op, k)
}

// ready parses a version's material.
func ready(e *core.Engine, tx *store.Tx, k *core.Key, v *core.KeyVersion) (keyUse, error) {
	if len(v.Material) == 0 {
		return keyUse{}, core.ErrState(core.RejectedImport, core.StatePendingImport)
	}
	parsed, err := e.Crypto.Parsed.Get(k.Spec, v)
	if err != nil {
		return keyUse{}, err
	}
	i, err := e.InstanceOf(tx, k)
	if err != nil {
		return keyUse{}, err
	}
	return keyUse{key: k, spec: k.CryptSpec(), home: e.HomeOf(i), version: v.ID, Key: parsed}, nil
}

// symmetricOnly refuses keys that are not one secret key for encryption.
func (u keyUse) symmetricOnly() error {
	if u.spec.Class != crypt.Symmetric || u.key.Usage != crypt.UsageEncrypt {
		return core.ErrUnsupportedOperation()
	}
	return nil
}

// pairOnly refuses keys that are not a key pair of the usage.
func (u keyUse) pairOnly(usage string) error {
	if u.spec.Class != crypt.Asymmetric || u.key.Usage != usage {
		return core.ErrUnsupportedOperation()
	}
	return nil
}

// seal encrypts under the version with the GCM of its specification.
func seal(e *core.Engine, u keyUse, plaintext, aad []byte) (crypt.Blob, error) {
	iv, err := e.Random(u.spec.GCM().IVSize())
	if err != nil {
		return crypt.Blob{}, err
	}
	sealed, err := u.Encrypt(e.Rand, u.spec.GCM(), plaintext, crypt.Params{IV: iv, AAD: aad})
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
		return core.ErrInvalidParameter(parameter)
	}
	return err
}

// contextAAD turns an encryption context parameter into additional data.
func contextAAD(context core.JSONMap, name string) ([]byte, error) {
	aad, err := crypt.ContextAAD(context)
	return aad, cryptRefusal(err, name)
}

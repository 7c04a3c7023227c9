package engine

import (
	"time"

	"kmsplan.dev/kmsplan/internal/emulator/crypt"
	"kmsplan.dev/kmsplan/internal/emulator/store"
	"kmsplan.dev/kmsplan/internal/emulator/undocumented"
)

const (
	originKMS      = "Aliyun_KMS"
	originExternal = "EXTERNAL"
	specDefault    = "Aliyun_AES_256"
)

// spec returns the key's specification.
func (k *Key) spec() crypt.Spec {
	s, _ := crypt.SpecOf(k.Spec) // a stored key's spec was checked when it was created
	return s
}

// symmetric tells whether the key is one secret key that encrypts.
func (k *Key) symmetric() bool { return k.spec().Class == crypt.Symmetric }

// rotates tells whether the key is going to be rotated by the clock.
func (k *Key) rotates() bool { return k.Rotate && k.RotateEvery > 0 && k.State == stateEnabled }

// nextRotation is the second at which the clock rotates the key.
func (k *Key) nextRotation() time.Time { return k.LastRotation.Add(k.RotateEvery) }

// addVersion makes a new version with new material, the key's primary from now
// on, and stores the version. The caller stores the key.
func (e *Engine) addVersion(tx *store.Tx, k *Key, at time.Time) (*KeyVersion, error) {
	material, err := crypt.Generate(e.rand, k.Spec)
	if err != nil {
		return nil, err
	}
	return e.storeVersion(tx, k, at, material)
}

// storeVersion adds a version with given material; empty material belongs to a
// key that waits for import.
func (e *Engine) storeVersion(tx *store.Tx, k *Key, at time.Time, material []byte) (*KeyVersion, error) {
	id, err := e.newVersionID(k)
	if err != nil {
		return nil, err
	}
	v := &KeyVersion{ID: id, KeyID: k.ID, Account: k.Account, Region: k.Region, Instance: k.Instance, Created: at, Material: material}
	e.keepVersion(tx, k, v)
	return v, nil
}

// keepVersion stores a version and makes it the key's newest.
func (e *Engine) keepVersion(tx *store.Tx, k *Key, v *KeyVersion) {
	e.putVersion(tx, v)
	if k.Initial == "" {
		k.Initial = v.ID
	}
	// KMS: a new version of a symmetric key becomes the primary one; the others
	// keep their first and name versions explicitly.
	if k.Primary == "" || k.symmetric() {
		k.Primary = v.ID
	}
	k.Versions = append(k.Versions, v.ID)
	k.LastRotation = v.Created
}

func (e *Engine) putVersion(tx *store.Tx, v *KeyVersion) {
	e.table.keyVersions.Put(tx, scope(v.Account, v.Region, v.ID), *v)
}

// versionQuota refuses a further version: of an instance's key by the instance's
// KeyNum, which versions use up too, of a default key by the account's quota.
func (e *Engine) versionQuota(tx *store.Tx, k *Key) error {
	if len(k.Versions) >= versionsPerKey {
		return errLimitExceeded("key version")
	}
	used := e.table.keyVersions.CountIndex(tx, byHolder, holder(k.Account, k.Region, k.Instance))
	limit := e.opts.Quotas.DefaultVersions
	if k.Instance != "" {
		i, found := e.table.instances.Peek(tx, scope(k.Account, k.Region, k.Instance))
		if !found {
			return errInstanceNotFound()
		}
		limit = int(i.KeyNum)
	}
	if used >= limit {
		return errLimitExceeded("key version")
	}
	return nil
}

// dropMaterial forgets imported material: the key waits for import again, unless
// it waits for deletion. The digest stays, because only the same material may
// come back.
func (e *Engine) dropMaterial(tx *store.Tx, k *Key) error {
	for _, id := range k.Versions {
		v, found := e.table.keyVersions.Get(tx, scope(k.Account, k.Region, id))
		if found {
			v.Material = nil
			e.putVersion(tx, &v)
		}
	}
	k.MaterialExpires = time.Time{}
	if k.State != statePendingDeletion {
		k.State = statePendingImport
	}
	e.putKey(tx, k)
	return nil
}

// deleteKey removes the key and everything that hangs on it.
func (e *Engine) deleteKey(tx *store.Tx, k *Key) error {
	place := scope(k.Account, k.Region, k.ID)
	for alias := range e.table.aliases.ScanIndex(tx, byKey, place+"/", 0) {
		if undocumented.AliasesGoWithTheKey {
			e.table.aliases.Delete(tx, alias)
		}
	}
	for token := range e.table.importTokens.ScanIndex(tx, byKey, place+"\x00", 0) {
		e.table.importTokens.Delete(tx, token)
	}
	for _, id := range k.Versions {
		e.table.keyVersions.Delete(tx, scope(k.Account, k.Region, id))
	}
	e.table.keys.Delete(tx, place)
	return nil
}

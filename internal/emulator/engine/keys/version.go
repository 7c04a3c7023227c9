package keys

import (
	"time"

	"kmsplan.dev/kmsplan/internal/emulator/crypt"
	"kmsplan.dev/kmsplan/internal/emulator/engine/core"
	"kmsplan.dev/kmsplan/internal/emulator/store"
	"kmsplan.dev/kmsplan/internal/emulator/undocumented"
)

// addVersion makes a new version with new material, the key's primary from now
// on, and stores the version. The caller stores the key.
func addVersion(e *core.Engine, tx *store.Tx, k *core.Key, at time.Time) (*core.KeyVersion, error) {
	material, err := crypt.Generate(e.Rand, k.Spec)
	if err != nil {
		return nil, err
	}
	return StoreVersion(e, tx, k, at, material)
}

// StoreVersion adds a version with given material; empty material belongs to a
// key that waits for import.
func StoreVersion(e *core.Engine, tx *store.Tx, k *core.Key, at time.Time, material []byte) (*core.KeyVersion, error) {
	id, err := e.NewVersionID(k)
	if err != nil {
		return nil, err
	}
	v := &core.KeyVersion{ID: id, KeyID: k.ID, Account: k.Account, Region: k.Region, Instance: k.Instance, Created: at, Material: material}
	KeepVersion(e, tx, k, v)
	return v, nil
}

// KeepVersion stores a version and makes it the key's newest.
func KeepVersion(e *core.Engine, tx *store.Tx, k *core.Key, v *core.KeyVersion) {
	PutVersion(e, tx, v)
	if k.Initial == "" {
		k.Initial = v.ID
	}
	// KMS: a new version of a symmetric key becomes the primary one; the others
	// keep their first and name versions explicitly.
	if k.Primary == "" || k.Symmetric() {
		k.Primary = v.ID
	}
	k.Versions = append(k.Versions, v.ID)
	k.LastRotation = v.Created
}

func PutVersion(e *core.Engine, tx *store.Tx, v *core.KeyVersion) {
	e.Table.KeyVersions.Put(tx, core.Scope(v.Account, v.Region, v.ID), *v)
}

// versionQuota refuses a further version: of an instance's key by the instance's
// KeyNum, which versions use up too, of a default key by the account's quota.
func versionQuota(e *core.Engine, tx *store.Tx, k *core.Key) error {
	if len(k.Versions) >= core.VersionsPerKey {
		return core.ErrLimitExceeded("key version")
	}
	used := e.Table.KeyVersions.CountIndex(tx, core.ByHolder, core.Holder(k.Account, k.Region, k.Instance))
	limit := e.Opts.Quotas.DefaultVersions
	if k.Instance != "" {
		i, found := e.Table.Instances.Peek(tx, core.Scope(k.Account, k.Region, k.Instance))
		if !found {
			return core.ErrInstanceNotFound()
		}
		limit = int(i.KeyNum)
	}
	if used >= limit {
		return core.ErrLimitExceeded("key version")
	}
	return nil
}

// dropMaterial forgets imported material: the key waits for import again, unless
// it waits for deletion. The digest stays, because only the same material may
// come back.
func dropMaterial(e *core.Engine, tx *store.Tx, k *core.Key) error {
	for _, id := range k.Versions {
		v, found := e.Table.KeyVersions.Get(tx, core.Scope(k.Account, k.Region, id))
		if found {
			v.Material = nil
			PutVersion(e, tx, &v)
		}
	}
	k.MaterialExpires = time.Time{}
	if k.State != core.StatePendingDeletion {
		k.State = core.StatePendingImport
	}
	e.PutKey(tx, k)
	return nil
}

// DeleteKey removes the key and everything that hangs on it.
func DeleteKey(e *core.Engine, tx *store.Tx, k *core.Key) error {
	place := core.Scope(k.Account, k.Region, k.ID)
	for alias := range e.Table.Aliases.ScanIndex(tx, core.ByKey, place+"/", 0) {
		if undocumented.AliasesGoWithTheKey {
			e.Table.Aliases.Delete(tx, alias)
		}
	}
	for token := range e.Table.ImportTokens.ScanIndex(tx, core.ByKey, place+"\x00", 0) {
		e.Table.ImportTokens.Delete(tx, token)
	}
	for _, id := range k.Versions {
		e.Table.KeyVersions.Delete(tx, core.Scope(k.Account, k.Region, id))
	}
	e.Table.Keys.Delete(tx, place)
	return nil
}

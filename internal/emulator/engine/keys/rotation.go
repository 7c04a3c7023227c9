package keys

import (
	"time"

	"kmsplan.dev/kmsplan/internal/emulator/crypt"
	"kmsplan.dev/kmsplan/internal/emulator/engine/core"
	"kmsplan.dev/kmsplan/internal/emulator/store"
	"kmsplan.dev/kmsplan/internal/emulator/undocumented"
)

func rotationOperations() []core.Operation {
	return []core.Operation{
		core.Op("UpdateRotationPolicy", core.GroupKeyWrite, updateRotationPolicy).Mutating(),
		core.Op("CreateKeyVersion", core.GroupKeyWrite, createKeyVersion).Mutating(),
		core.Op("DescribeKeyVersion", core.GroupKeyRead, describeKeyVersion),
		core.Op("ListKeyVersions", core.GroupKeyRead, listKeyVersions),
	}
}

// mayRotate tells whether the clock may rotate the key: a symmetric one of a
// software instance, or a default key, with material of KMS's own
// (KMS: UpdateRotationPolicy).
func mayRotate(e *core.Engine, k *core.Key, i *core.KMSInstance) bool {
	if k.Origin != core.OriginKMS || k.CreatorType == core.CreatorService {
		return false
	}
	if e.Opts.Rotation == core.LegacyRotation {
		return k.Symmetric()
	}
	return k.CryptSpec().Rotates && e.HomeOf(i) != crypt.HardwareInstance
}

// rotationInterval reads an interval and holds it against the profile's range.
func rotationInterval(e *core.Engine, i *core.KMSInstance, s string) (time.Duration, error) {
	d, err := core.ParseInterval("RotationInterval", s)
	if err != nil {
		return 0, err
	}
	least, most := core.MinRotation, undocumented.MaxRotation
	if e.Opts.Strict && e.Opts.Rotation != core.LegacyRotation {
		if most = undocumented.MaxRotationStrict; i == nil {
			least, most = undocumented.DefaultKeyRotationStrict, undocumented.DefaultKeyRotationStrict
		}
	}
	if d < least || d > most {
		return 0, core.ErrInvalidParameter("RotationInterval")
	}
	return d, nil
}

// UpdateRotationPolicyRequest switches a key's automatic rotation.
type UpdateRotationPolicyRequest struct {
	KeyId                   *string
	EnableAutomaticRotation *bool   // required
	RotationInterval        *string // needed to switch on
}

func updateRotationPolicy(e *core.Engine, c *core.Call, in *UpdateRotationPolicyRequest) (*core.Empty, error) {
	if in.EnableAutomaticRotation == nil {
		return nil, core.ErrMissingParameter("EnableAutomaticRotation")
	}
	return changeKey(e, c, "UpdateRotationPolicy", in.KeyId, func(tx *store.Tx, k *core.Key) error {
		i, err := e.InstanceOf(tx, k)
		if err != nil {
			return err
		}
		if !mayRotate(e, k, i) {
			return core.ErrRejectedOperation()
		}
		if k.Rotate = *in.EnableAutomaticRotation; !k.Rotate {
			return nil
		}
		text, err := core.Required("RotationInterval", in.RotationInterval)
		if err != nil {
			return err
		}
		if k.RotateEvery, err = rotationInterval(e, i, text); err != nil {
			return err
		}
		return rotateIfOverdue(e, tx, k)
	})
}

// rotateIfOverdue rotates at once a key whose turn is past, because the interval
// was shortened or the key was not usable (KMS: Automatic key rotation).
func rotateIfOverdue(e *core.Engine, tx *store.Tx, k *core.Key) error {
	now := e.Second()
	if !k.Rotates() || k.NextRotation().After(now) || versionQuota(e, tx, k) != nil {
		return nil
	}
	_, err := addVersion(e, tx, k, now)
	return err
}

// KeyVersionAnswer describes a version.
type KeyVersionAnswer struct{ CreationDate, KeyId, KeyVersionId string }

// KeyVersionResponse describes one version.
type KeyVersionResponse struct{ KeyVersion KeyVersionAnswer }

func answer(v *core.KeyVersion) KeyVersionAnswer {
	return KeyVersionAnswer{core.Timestamp(v.Created), v.KeyID, v.ID}
}

func createKeyVersion(e *core.Engine, c *core.Call, in *KeyRequest) (*KeyVersionResponse, error) {
	out := &KeyVersionResponse{}
	err := e.Update(func(tx *store.Tx) error {
		k, err := e.LookupKey(tx, c, core.Text(in.KeyId), true)
		if err != nil {
			return err
		}
		if err := e.Authorize(tx, c, "CreateKeyVersion", core.KeyResource(k)); err != nil {
			return err
		}
		if err := mayCreateVersion(e, tx, k); err != nil {
			return err
		}
		v, err := addVersion(e, tx, k, e.Second())
		if err != nil {
			return err
		}
		e.PutKey(tx, k)
		out.KeyVersion = answer(v)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// mayCreateVersion: symmetric keys, as today's documentation says, which under -strict
// includes that they live in a software instance; or, with the legacy profile,
// asymmetric ones too, with the old least distance and number.
func mayCreateVersion(e *core.Engine, tx *store.Tx, k *core.Key) error {
	if err := core.RequireState("CreateKeyVersion", k); err != nil {
		return err
	}
	i, err := e.InstanceOf(tx, k)
	if err != nil {
		return err
	}
	legacy := e.Opts.Rotation == core.LegacyRotation && k.Origin == core.OriginKMS && k.CryptSpec().Class == crypt.Asymmetric
	outside := i == nil && e.Opts.Strict && e.Opts.Rotation != core.LegacyRotation
	if !legacy && (outside || !mayRotate(e, k, i)) {
		return core.ErrRejectedOperation()
	}
	if legacy && (len(k.Versions) >= undocumented.LegacyVersions || e.Second().Before(k.LastRotation.Add(undocumented.LegacyVersionGap))) {
		return core.ErrRejectedOperation()
	}
	return versionQuota(e, tx, k)
}

// DescribeKeyVersionRequest names a version.
type DescribeKeyVersionRequest struct{ KeyId, KeyVersionId *string }

func describeKeyVersion(e *core.Engine, c *core.Call, in *DescribeKeyVersionRequest) (*KeyVersionResponse, error) {
	out := &KeyVersionResponse{}
	err := e.View(func(tx *store.Tx) error {
		k, err := readKey(e, tx, c, "DescribeKeyVersion", core.Text(in.KeyId), true)
		if err != nil {
			return err
		}
		id, err := core.Required("KeyVersionId", in.KeyVersionId)
		if err != nil {
			return err
		}
		v, err := e.KeyVersion(tx, k, id)
		if err == nil {
			out.KeyVersion = answer(v)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// KeyPageRequest asks for one page of what belongs to a key.
type KeyPageRequest struct {
	KeyId      *string
	PageNumber *int64
	PageSize   *int64
}

// ListKeyVersionsResponse is one page of versions, oldest first.
type ListKeyVersionsResponse struct {
	KeyVersions struct{ KeyVersion []KeyVersionAnswer }
	PageNumber  int
	PageSize    int
	TotalCount  int
}

func listKeyVersions(e *core.Engine, c *core.Call, in *KeyPageRequest) (*ListKeyVersionsResponse, error) {
	p, err := core.PageFrom0(in.PageNumber, in.PageSize, core.PageSizeMaxByKey)
	if err != nil {
		return nil, err
	}
	out := &ListKeyVersionsResponse{PageNumber: p.Number, PageSize: p.Size}
	out.KeyVersions.KeyVersion = []KeyVersionAnswer{}
	err = e.View(func(tx *store.Tx) error {
		k, err := readKey(e, tx, c, "ListKeyVersions", core.Text(in.KeyId), true)
		if err != nil {
			return err
		}
		out.TotalCount = len(k.Versions)
		for _, id := range core.Cut(k.Versions, p) {
			v, err := e.KeyVersion(tx, k, id)
			if err != nil {
				return err
			}
			out.KeyVersions.KeyVersion = append(out.KeyVersions.KeyVersion, answer(v))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

package engine

import (
	"time"

	"kmsplan.dev/kmsplan/internal/emulator/crypt"
	"kmsplan.dev/kmsplan/internal/emulator/store"
	"kmsplan.dev/kmsplan/internal/emulator/undocumented"
)

func rotationOperations() []Operation {
	return []Operation{
		op("UpdateRotationPolicy", GroupKeyWrite, (*Engine).updateRotationPolicy).mutating(),
		op("CreateKeyVersion", GroupKeyWrite, (*Engine).createKeyVersion).mutating(),
		op("DescribeKeyVersion", GroupKeyRead, (*Engine).describeKeyVersion),
		op("ListKeyVersions", GroupKeyRead, (*Engine).listKeyVersions),
	}
}

// mayRotate tells whether the clock may rotate the key: a symmetric one of a
// software instance, or a default key, with material of KMS's own
// (KMS: UpdateRotationPolicy).
func (e *Engine) mayRotate(k *Key, i *KMSInstance) bool {
	if k.Origin != originKMS || k.CreatorType == creatorService {
		return false
	}
	if e.opts.Rotation == LegacyRotation {
		return k.symmetric()
	}
	return k.spec().Rotates && e.homeOf(i) != crypt.HardwareInstance
}

// rotationInterval reads an interval and holds it against the profile's range.
func (e *Engine) rotationInterval(i *KMSInstance, s string) (time.Duration, error) {
	d, err := parseInterval("RotationInterval", s)
	if err != nil {
		return 0, err
	}
	least, most := minRotation, undocumented.MaxRotation
	if e.opts.Strict && e.opts.Rotation != LegacyRotation {
		if most = undocumented.MaxRotationStrict; i == nil {
			least, most = undocumented.DefaultKeyRotationStrict, undocumented.DefaultKeyRotationStrict
		}
	}
	if d < least || d > most {
		return 0, errInvalidParameter("RotationInterval")
	}
	return d, nil
}

// UpdateRotationPolicyRequest switches a key's automatic rotation.
type UpdateRotationPolicyRequest struct {
	KeyId                   *string
	EnableAutomaticRotation *bool   // required
	RotationInterval        *string // needed to switch on
}

func (e *Engine) updateRotationPolicy(c *Call, in *UpdateRotationPolicyRequest) (*empty, error) {
	if in.EnableAutomaticRotation == nil {
		return nil, errMissingParameter("EnableAutomaticRotation")
	}
	return e.changeKey(c, "UpdateRotationPolicy", in.KeyId, func(tx *store.Tx, k *Key) error {
		i, err := e.instanceOf(tx, k)
		if err != nil {
			return err
		}
		if !e.mayRotate(k, i) {
			return errRejectedOperation()
		}
		if k.Rotate = *in.EnableAutomaticRotation; !k.Rotate {
			return nil
		}
		text, err := required("RotationInterval", in.RotationInterval)
		if err != nil {
			return err
		}
		if k.RotateEvery, err = e.rotationInterval(i, text); err != nil {
			return err
		}
		return e.rotateIfOverdue(tx, k)
	})
}

// rotateIfOverdue rotates at once a key whose turn is past, because the interval
// was shortened or the key was not usable (KMS: Automatic key rotation).
func (e *Engine) rotateIfOverdue(tx *store.Tx, k *Key) error {
	now := e.second()
	if !k.rotates() || k.nextRotation().After(now) || e.versionQuota(tx, k) != nil {
		return nil
	}
	_, err := e.addVersion(tx, k, now)
	return err
}

// KeyVersionAnswer describes a version.
type KeyVersionAnswer struct{ CreationDate, KeyId, KeyVersionId string }

// KeyVersionResponse describes one version.
type KeyVersionResponse struct{ KeyVersion KeyVersionAnswer }

func (v *KeyVersion) answer() KeyVersionAnswer {
	return KeyVersionAnswer{timestamp(v.Created), v.KeyID, v.ID}
}

func (e *Engine) createKeyVersion(c *Call, in *KeyRequest) (*KeyVersionResponse, error) {
	out := &KeyVersionResponse{}
	err := e.update(func(tx *store.Tx) error {
		k, err := e.lookupKey(tx, c, text(in.KeyId), true)
		if err != nil {
			return err
		}
		if err := e.authorize(tx, c, "CreateKeyVersion", keyResource(k)); err != nil {
			return err
		}
		if err := e.mayCreateVersion(tx, k); err != nil {
			return err
		}
		v, err := e.addVersion(tx, k, e.second())
		if err != nil {
			return err
		}
		e.putKey(tx, k)
		out.KeyVersion = v.answer()
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// mayCreateVersion: symmetric keys, as today's documentation says, or, with the
// legacy profile, asymmetric ones too, with the old least distance and number.
func (e *Engine) mayCreateVersion(tx *store.Tx, k *Key) error {
	if err := requireState("CreateKeyVersion", k); err != nil {
		return err
	}
	i, err := e.instanceOf(tx, k)
	if err != nil {
		return err
	}
	legacy := e.opts.Rotation == LegacyRotation && k.Origin == originKMS && k.spec().Class == crypt.Asymmetric
	if !legacy && !e.mayRotate(k, i) {
		return errRejectedOperation()
	}
	if legacy && (len(k.Versions) >= undocumented.LegacyVersions || e.second().Before(k.LastRotation.Add(undocumented.LegacyVersionGap))) {
		return errRejectedOperation()
	}
	return e.versionQuota(tx, k)
}

// instanceOf returns the key's instance; nil for a default key.
func (e *Engine) instanceOf(tx *store.Tx, k *Key) (*KMSInstance, error) {
	if k.Instance == "" {
		return nil, nil
	}
	i, found := e.table.instances.Peek(tx, scope(k.Account, k.Region, k.Instance))
	if !found {
		return nil, errInstanceNotFound()
	}
	return i, nil
}

// DescribeKeyVersionRequest names a version.
type DescribeKeyVersionRequest struct{ KeyId, KeyVersionId *string }

func (e *Engine) describeKeyVersion(c *Call, in *DescribeKeyVersionRequest) (*KeyVersionResponse, error) {
	out := &KeyVersionResponse{}
	err := e.view(func(tx *store.Tx) error {
		k, err := e.readKey(tx, c, "DescribeKeyVersion", text(in.KeyId), true)
		if err != nil {
			return err
		}
		id, err := required("KeyVersionId", in.KeyVersionId)
		if err != nil {
			return err
		}
		v, err := e.keyVersion(tx, k, id)
		if err == nil {
			out.KeyVersion = v.answer()
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

func (e *Engine) listKeyVersions(c *Call, in *KeyPageRequest) (*ListKeyVersionsResponse, error) {
	p, err := pageOf(in.PageNumber, in.PageSize, pageSizeMaxByKey)
	if err != nil {
		return nil, err
	}
	out := &ListKeyVersionsResponse{PageNumber: p.number, PageSize: p.size}
	out.KeyVersions.KeyVersion = []KeyVersionAnswer{}
	err = e.view(func(tx *store.Tx) error {
		k, err := e.readKey(tx, c, "ListKeyVersions", text(in.KeyId), true)
		if err != nil {
			return err
		}
		out.TotalCount = len(k.Versions)
		for _, id := range cut(k.Versions, p) {
			v, err := e.keyVersion(tx, k, id)
			if err != nil {
				return err
			}
			out.KeyVersions.KeyVersion = append(out.KeyVersions.KeyVersion, v.answer())
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// cut returns one page of a list.
func cut[T any](all []T, p page) []T {
	from := min(p.offset(), len(all))
	return all[from:min(from+p.size, len(all))]
}

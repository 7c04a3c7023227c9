package keys

import (
	"kmsplan.dev/kmsplan/internal/emulator/engine/core"
	"kmsplan.dev/kmsplan/internal/emulator/store"
	"kmsplan.dev/kmsplan/internal/emulator/undocumented"
)

func keyOperations() []core.Operation {
	return []core.Operation{
		core.Op("CreateKey", core.GroupCreateKey, CreateKey).Mutating(),
		core.Op("DescribeKey", core.GroupKeyRead, describeKey),
		core.Op("ListKeys", core.GroupKeyRead, listKeys),
		core.Op("UpdateKeyDescription", core.GroupKeyWrite, updateKeyDescription).Mutating(),
		core.Op("EnableKey", core.GroupKeyWrite, enableKey).Mutating(),
		core.Op("DisableKey", core.GroupKeyWrite, disableKey).Mutating(),
		core.Op("ScheduleKeyDeletion", core.GroupKeyWrite, ScheduleKeyDeletion).Mutating(),
		core.Op("CancelKeyDeletion", core.GroupKeyWrite, cancelKeyDeletion).Mutating(),
		core.Op("SetDeletionProtection", core.GroupKeyWrite, setDeletionProtection).Mutating(),
	}
}

// KeyRequest names a key.
type KeyRequest struct{ KeyId *string }

// readKey finds a key for an operation that reads it. The key is shared and must
// not be changed.
func readKey(e *core.Engine, tx *store.Tx, c *core.Call, op, id string, acceptAlias bool) (*core.Key, error) {
	k, err := e.PeekKey(tx, c, id, acceptAlias)
	if err != nil {
		return nil, err
	}
	if err := e.Authorize(tx, c, op, core.KeyResource(k)); err != nil {
		return nil, err
	}
	return k, core.RequireState(op, k)
}

// writeKey finds a key for an operation that changes it: a private copy.
func writeKey(e *core.Engine, tx *store.Tx, c *core.Call, op, id string) (*core.Key, error) {
	k, err := e.LookupKey(tx, c, id, false)
	if err != nil {
		return nil, err
	}
	if err := e.Authorize(tx, c, op, core.KeyResource(k)); err != nil {
		return nil, err
	}
	return k, core.RequireState(op, k)
}

// changeKey lets an operation change a key in one Update.
func changeKey(e *core.Engine, c *core.Call, op string, id *string, change func(*store.Tx, *core.Key) error) (*core.Empty, error) {
	err := e.Update(func(tx *store.Tx) error {
		k, err := writeKey(e, tx, c, op, core.Text(id))
		if err != nil {
			return err
		}
		if err := change(tx, k); err != nil {
			return err
		}
		e.PutKey(tx, k)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &core.Empty{}, nil
}

// DescribeKeyResponse describes a key.
type DescribeKeyResponse struct{ KeyMetadata DescribedKey }

func describeKey(e *core.Engine, c *core.Call, in *KeyRequest) (*DescribeKeyResponse, error) {
	out := &DescribeKeyResponse{}
	err := e.View(func(tx *store.Tx) error {
		k, err := readKey(e, tx, c, "DescribeKey", core.Text(in.KeyId), true)
		if err == nil {
			out.KeyMetadata = described(k)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// UpdateKeyDescriptionRequest replaces a description; an absent one deletes it.
type UpdateKeyDescriptionRequest struct{ KeyId, Description *string }

func updateKeyDescription(e *core.Engine, c *core.Call, in *UpdateKeyDescriptionRequest) (*core.Empty, error) {
	if in.Description == nil && !undocumented.DescriptionMayBeAbsent {
		return nil, core.ErrMissingParameter("Description")
	}
	if err := core.AtMost("Description", core.Text(in.Description), core.DescriptionLimit); err != nil {
		return nil, err
	}
	return changeKey(e, c, "UpdateKeyDescription", in.KeyId, func(_ *store.Tx, k *core.Key) error {
		k.Description = core.Text(in.Description)
		return nil
	})
}

func enableKey(e *core.Engine, c *core.Call, in *KeyRequest) (*core.Empty, error) {
	return changeKey(e, c, "EnableKey", in.KeyId, func(tx *store.Tx, k *core.Key) error { return reenable(e, tx, k) })
}

func disableKey(e *core.Engine, c *core.Call, in *KeyRequest) (*core.Empty, error) {
	return changeKey(e, c, "DisableKey", in.KeyId, func(_ *store.Tx, k *core.Key) error {
		k.State = core.StateDisabled
		return nil
	})
}

// reenable makes the key usable again; a rotation that fell due meanwhile
// happens at once.
func reenable(e *core.Engine, tx *store.Tx, k *core.Key) error {
	k.State = core.StateEnabled
	return rotateIfOverdue(e, tx, k)
}

// ScheduleKeyDeletionRequest starts a key's last days.
type ScheduleKeyDeletionRequest struct {
	KeyId               *string
	PendingWindowInDays *int64 // 7–366
}

func ScheduleKeyDeletion(e *core.Engine, c *core.Call, in *ScheduleKeyDeletionRequest) (*core.Empty, error) {
	if in.PendingWindowInDays == nil {
		return nil, core.ErrMissingParameter("PendingWindowInDays")
	}
	days := *in.PendingWindowInDays
	if days < core.MinWindowDays || days > core.MaxWindowDays {
		return nil, core.ErrInvalidParameter("PendingWindowInDays")
	}
	return changeKey(e, c, "ScheduleKeyDeletion", in.KeyId, func(_ *store.Tx, k *core.Key) error {
		if k.Protected {
			return core.ErrDeletionProtected()
		}
		k.State = core.StatePendingDeletion
		k.DeleteAt = e.Second().AddDate(0, 0, int(days))
		return nil
	})
}

// cancelKeyDeletion ends in Enabled, whatever the key was before; one whose
// material is gone waits for import again.
func cancelKeyDeletion(e *core.Engine, c *core.Call, in *KeyRequest) (*core.Empty, error) {
	return changeKey(e, c, "CancelKeyDeletion", in.KeyId, func(tx *store.Tx, k *core.Key) error {
		k.DeleteAt = core.NoTime
		v, err := e.KeyVersion(tx, k, k.Primary)
		if err != nil {
			return err
		}
		if len(v.Material) == 0 {
			k.State = core.StatePendingImport
			return nil
		}
		return reenable(e, tx, k)
	})
}

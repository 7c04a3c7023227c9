package engine

import (
	"kmsplan.dev/kmsplan/internal/emulator/store"
)

func keyOperations() []Operation {
	return []Operation{
		op("CreateKey", GroupCreateKey, (*Engine).createKey).mutating(),
		op("DescribeKey", GroupKeyRead, (*Engine).describeKey),
		op("ListKeys", GroupKeyRead, (*Engine).listKeys),
		op("UpdateKeyDescription", GroupKeyWrite, (*Engine).updateKeyDescription).mutating(),
		op("EnableKey", GroupKeyWrite, (*Engine).enableKey).mutating(),
		op("DisableKey", GroupKeyWrite, (*Engine).disableKey).mutating(),
		op("ScheduleKeyDeletion", GroupKeyWrite, (*Engine).scheduleKeyDeletion).mutating(),
		op("CancelKeyDeletion", GroupKeyWrite, (*Engine).cancelKeyDeletion).mutating(),
		op("SetDeletionProtection", GroupKeyWrite, (*Engine).setDeletionProtection).mutating(),
	}
}

// KeyRequest names a key.
type KeyRequest struct{ KeyId *string }

// readKey finds a key for an operation that reads it. The key is shared and must
// not be changed.
func (e *Engine) readKey(tx *store.Tx, c *Call, op, id string, acceptAlias bool) (*Key, error) {
	k, err := e.peekKey(tx, c, id, acceptAlias)
	if err != nil {
		return nil, err
	}
	if err := e.authorize(tx, c, op, keyResource(k)); err != nil {
		return nil, err
	}
	return k, requireState(op, k)
}

// writeKey finds a key for an operation that changes it: a private copy.
func (e *Engine) writeKey(tx *store.Tx, c *Call, op, id string) (*Key, error) {
	k, err := e.lookupKey(tx, c, id, false)
	if err != nil {
		return nil, err
	}
	if err := e.authorize(tx, c, op, keyResource(k)); err != nil {
		return nil, err
	}
	return k, requireState(op, k)
}

// changeKey lets an operation change a key in one Update.
func (e *Engine) changeKey(c *Call, op string, id *string, change func(*store.Tx, *Key) error) (*empty, error) {
	err := e.update(func(tx *store.Tx) error {
		k, err := e.writeKey(tx, c, op, text(id))
		if err != nil {
			return err
		}
		if err := change(tx, k); err != nil {
			return err
		}
		e.putKey(tx, k)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &empty{}, nil
}

// DescribeKeyResponse describes a key.
type DescribeKeyResponse struct{ KeyMetadata DescribedKey }

func (e *Engine) describeKey(c *Call, in *KeyRequest) (*DescribeKeyResponse, error) {
	out := &DescribeKeyResponse{}
	err := e.view(func(tx *store.Tx) error {
		k, err := e.readKey(tx, c, "DescribeKey", text(in.KeyId), true)
		if err == nil {
			out.KeyMetadata = k.described()
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

func (e *Engine) updateKeyDescription(c *Call, in *UpdateKeyDescriptionRequest) (*empty, error) {
	if err := atMost("Description", text(in.Description), descriptionLimit); err != nil {
		return nil, err
	}
	return e.changeKey(c, "UpdateKeyDescription", in.KeyId, func(_ *store.Tx, k *Key) error {
		k.Description = text(in.Description)
		return nil
	})
}

func (e *Engine) enableKey(c *Call, in *KeyRequest) (*empty, error) {
	return e.changeKey(c, "EnableKey", in.KeyId, e.reenable)
}

func (e *Engine) disableKey(c *Call, in *KeyRequest) (*empty, error) {
	return e.changeKey(c, "DisableKey", in.KeyId, func(_ *store.Tx, k *Key) error {
		k.State = stateDisabled
		return nil
	})
}

// reenable makes the key usable again; a rotation that fell due meanwhile
// happens at once.
func (e *Engine) reenable(tx *store.Tx, k *Key) error {
	k.State = stateEnabled
	return e.rotateIfOverdue(tx, k)
}

// ScheduleKeyDeletionRequest starts a key's last days.
type ScheduleKeyDeletionRequest struct {
	KeyId               *string
	PendingWindowInDays *int64 // 7–366
}

func (e *Engine) scheduleKeyDeletion(c *Call, in *ScheduleKeyDeletionRequest) (*empty, error) {
	if in.PendingWindowInDays == nil {
		return nil, errMissingParameter("PendingWindowInDays")
	}
	days := *in.PendingWindowInDays
	if days < minWindowDays || days > maxWindowDays {
		return nil, errInvalidParameter("PendingWindowInDays")
	}
	return e.changeKey(c, "ScheduleKeyDeletion", in.KeyId, func(_ *store.Tx, k *Key) error {
		if k.Protected {
			return errDeletionProtected()
		}
		k.State = statePendingDeletion
		k.DeleteAt = e.second().AddDate(0, 0, int(days))
		return nil
	})
}

// cancelKeyDeletion ends in Enabled, whatever the key was before; one whose
// material is gone waits for import again.
func (e *Engine) cancelKeyDeletion(c *Call, in *KeyRequest) (*empty, error) {
	return e.changeKey(c, "CancelKeyDeletion", in.KeyId, func(tx *store.Tx, k *Key) error {
		k.DeleteAt = noTime
		v, err := e.keyVersion(tx, k, k.Primary)
		if err != nil {
			return err
		}
		if len(v.Material) == 0 {
			k.State = statePendingImport
			return nil
		}
		return e.reenable(tx, k)
	})
}

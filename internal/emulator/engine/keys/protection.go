package keys

import (
	"strings"

	"kmsplan.dev/kmsplan/internal/emulator/engine/access"
	"kmsplan.dev/kmsplan/internal/emulator/engine/core"
	"kmsplan.dev/kmsplan/internal/emulator/store"
)

// SetDeletionProtectionRequest guards a key or an instance. The resource is
// named by ARN, or, by newer clients, by id.
type SetDeletionProtectionRequest struct {
	DeletionProtectionDescription *string // kept only while the protection is on
	EnableDeletionProtection      *bool   // required
	ProtectedResourceArn          *string
	KeyId                         *string
	KmsInstanceId                 *string
}

func setDeletionProtection(e *core.Engine, c *core.Call, in *SetDeletionProtectionRequest) (*core.Empty, error) {
	if in.EnableDeletionProtection == nil {
		return nil, core.ErrMissingParameter("EnableDeletionProtection")
	}
	if err := core.AtMost("DeletionProtectionDescription", core.Text(in.DeletionProtectionDescription), core.ProtectionTextLimit); err != nil {
		return nil, err
	}
	on, why := *in.EnableDeletionProtection, ""
	if on {
		why = core.Text(in.DeletionProtectionDescription)
	}
	key, instance, err := protectedResource(in)
	if err != nil {
		return nil, err
	}
	if instance != "" {
		return protectInstance(e, c, instance, on, why)
	}
	return changeKey(e, c, "SetDeletionProtection", &key, func(_ *store.Tx, k *core.Key) error {
		k.Protected, k.ProtectedReason = on, why
		return nil
	})
}

// protectedResource tells which key or which instance is meant.
func protectedResource(in *SetDeletionProtectionRequest) (key, instance string, err error) {
	if id := core.Text(in.KeyId); id != "" {
		return id, "", nil
	}
	if id := core.Text(in.KmsInstanceId); id != "" {
		return "", id, nil
	}
	name, err := core.Required("ProtectedResourceArn", in.ProtectedResourceArn)
	if err != nil {
		return "", "", err
	}
	_, _, path, valid := core.ParseARN(name)
	if id, found := strings.CutPrefix(path, core.InstanceResource); found {
		return "", id, nil
	}
	if !valid || !strings.HasPrefix(path, "key/") {
		return "", "", core.ErrInvalidParameter("ProtectedResourceArn")
	}
	return name, "", nil
}

func protectInstance(e *core.Engine, c *core.Call, id string, on bool, why string) (*core.Empty, error) {
	return access.ChangeInstance(e, c, id, func(i *core.KMSInstance) error {
		i.Protected, i.ProtectedReason = on, why
		return nil
	})
}

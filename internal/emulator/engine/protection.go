package engine

import (
	"strings"

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

// instanceResource begins the resource part of an instance's ARN.
const instanceResource = "keystore/"

func (e *Engine) setDeletionProtection(c *Call, in *SetDeletionProtectionRequest) (*empty, error) {
	if in.EnableDeletionProtection == nil {
		return nil, errMissingParameter("EnableDeletionProtection")
	}
	if err := atMost("DeletionProtectionDescription", text(in.DeletionProtectionDescription), protectionTextLimit); err != nil {
		return nil, err
	}
	on, why := *in.EnableDeletionProtection, ""
	if on {
		why = text(in.DeletionProtectionDescription)
	}
	key, instance, err := protectedResource(in)
	if err != nil {
		return nil, err
	}
	if instance != "" {
		return e.protectInstance(c, instance, on, why)
	}
	return e.changeKey(c, "SetDeletionProtection", &key, func(_ *store.Tx, k *Key) error {
		k.Protected, k.ProtectedReason = on, why
		return nil
	})
}

// protectedResource tells which key or which instance is meant.
func protectedResource(in *SetDeletionProtectionRequest) (key, instance string, err error) {
	if id := text(in.KeyId); id != "" {
		return id, "", nil
	}
	if id := text(in.KmsInstanceId); id != "" {
		return "", id, nil
	}
	name, err := required("ProtectedResourceArn", in.ProtectedResourceArn)
	if err != nil {
		return "", "", err
	}
	_, _, path, valid := parseARN(name)
	if id, found := strings.CutPrefix(path, instanceResource); found {
		return "", id, nil
	}
	if !valid || !strings.HasPrefix(path, "key/") {
		return "", "", errInvalidParameter("ProtectedResourceArn")
	}
	return name, "", nil
}

func (e *Engine) protectInstance(c *Call, id string, on bool, why string) (*empty, error) {
	return e.changeInstance(c, id, func(i *KMSInstance) error {
		i.Protected, i.ProtectedReason = on, why
		return nil
	})
}

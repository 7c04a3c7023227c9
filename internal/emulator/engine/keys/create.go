package keys

import (
	"kmsplan.dev/kmsplan/internal/emulator/crypt"
	"kmsplan.dev/kmsplan/internal/emulator/engine/core"
	"kmsplan.dev/kmsplan/internal/emulator/store"
)

// CreateKeyRequest is CreateKey's input; every field is optional.
type CreateKeyRequest struct {
	DKMSInstanceId          *string
	Description             *string // 0–8192 characters
	EnableAutomaticRotation *bool
	KeySpec                 *string // default Aliyun_AES_256
	KeyStorageMechanism     *string // newer clients; the emulator has one
	KeyUsage                *string // default SIGN/VERIFY if the spec can sign
	Origin                  *string // Aliyun_KMS (default) or EXTERNAL
	Policy                  *string // JSON, ≤ 32768 bytes, instance keys only
	ProtectionLevel         *string // SOFTWARE or HSM; ignored with an instance
	RotationInterval        *string // integer[d|h|m|s], needed for automatic rotation
	Tags                    *string // JSON [{"TagKey","TagValue"}], ≤ 20
}

// CreateKeyResponse describes the new key.
type CreateKeyResponse struct{ KeyMetadata KeyMetadata }

func CreateKey(e *core.Engine, c *core.Call, in *CreateKeyRequest) (*CreateKeyResponse, error) {
	var k *core.Key
	if err := e.View(func(tx *store.Tx) (err error) {
		k, err = RequestedKey(e, tx, c, in)
		return err
	}); err != nil {
		return nil, err
	}
	if err := identify(e, k); err != nil {
		return nil, core.ServiceError(err)
	}
	// Material is made outside the Update: a big RSA key takes a second or more.
	var material []byte
	if k.Origin == core.OriginKMS {
		var err error
		if material, err = crypt.Generate(e.Rand, k.Spec); err != nil {
			return nil, core.ServiceError(err)
		}
	}
	err := e.Update(func(tx *store.Tx) error {
		if err := keyQuota(e, tx, k); err != nil {
			return err
		}
		if _, err := StoreVersion(e, tx, k, e.Second(), material); err != nil {
			return err
		}
		e.PutKey(tx, k)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &CreateKeyResponse{metadata(k)}, nil
}

func identify(e *core.Engine, k *core.Key) (err error) {
	k.Created = e.Now()
	k.ID, err = e.NewKeyID(k.Region, k.Instance)
	return err
}

// RequestedKey checks the request and returns the key it asks for, without id
// and material.
func RequestedKey(e *core.Engine, tx *store.Tx, c *core.Call, in *CreateKeyRequest) (*core.Key, error) {
	k := &core.Key{
		Account: c.Account, Region: c.Region, Instance: core.Text(in.DKMSInstanceId),
		Description: core.Text(in.Description), State: core.StateEnabled, Creator: c.Account, CreatorType: core.CreatorUser,
	}
	if err := core.AtMost("Description", k.Description, core.DescriptionLimit); err != nil {
		return nil, err
	}
	instance, err := e.UsableInstance(tx, c, k.Instance)
	if err != nil {
		return nil, err
	}
	for _, check := range []func() error{
		func() error { return chooseSpec(k, e, instance, core.Text(in.KeySpec), core.Text(in.KeyUsage)) },
		func() error { return chooseOrigin(k, instance, core.Text(in.Origin)) },
		func() error { return chooseProtection(k, instance, core.Text(in.ProtectionLevel)) },
		func() error { return chooseRotation(e, k, instance, in) },
		func() error { return choosePolicy(k, in.Policy) },
		func() (err error) { k.Tags, err = core.ParseTags(core.Text(in.Tags), core.TagLimit); return err },
		func() error { return keyQuota(e, tx, k) },
	} {
		if err := check(); err != nil {
			return nil, err
		}
	}
	return k, nil
}

func chooseSpec(k *core.Key, e *core.Engine, i *core.KMSInstance, name, usage string) error {
	if name == "" {
		name = core.SpecDefault
	}
	s, found := crypt.SpecOf(name)
	if !found {
		return core.ErrInvalidParameter("KeySpec")
	}
	home := e.HomeOf(i)
	if !s.In(home) || home == crypt.SoftwareInstance && (s.NationalCrypto && !i.NationalCrypto || !core.ImageAtLeast(i.Image, s.MinImage)) {
		return core.ErrUnsupportedOperation()
	}
	if usage == "" {
		usage = s.DefaultUsage()
	}
	if !s.Allows(usage) {
		return core.ErrInvalidParameter("KeyUsage")
	}
	k.Spec, k.Usage = name, usage
	return nil
}

// chooseOrigin: default keys and hardware instances take imported material,
// software instances do not (KMS: key types). Of imported keys the emulator
// knows symmetric ones.
func chooseOrigin(k *core.Key, i *core.KMSInstance, origin string) error {
	switch origin {
	case "", core.OriginKMS:
		k.Origin = core.OriginKMS
		return nil
	case core.OriginExternal:
		if i != nil && i.Kind == core.KindSoftware || !k.Symmetric() {
			return core.ErrUnsupportedOperation()
		}
		k.Origin, k.State = core.OriginExternal, core.StatePendingImport
		return nil
	default:
		return core.ErrInvalidParameter("Origin")
	}
}

func chooseProtection(k *core.Key, i *core.KMSInstance, level string) error {
	switch {
	case i != nil && i.Kind == core.KindHardware:
		k.ProtectionLevel = core.ProtectionHSM
	case i != nil || level == "":
		k.ProtectionLevel = core.ProtectionSoftware
	case level == core.ProtectionSoftware || level == core.ProtectionHSM:
		k.ProtectionLevel = level
	default:
		return core.ErrInvalidParameter("ProtectionLevel")
	}
	return nil
}

func chooseRotation(e *core.Engine, k *core.Key, i *core.KMSInstance, in *CreateKeyRequest) error {
	if !core.Flag(in.EnableAutomaticRotation) {
		return nil
	}
	text, err := core.Required("RotationInterval", in.RotationInterval)
	if err != nil {
		return err
	}
	if !mayRotate(e, k, i) {
		return core.ErrUnsupportedOperation()
	}
	k.Rotate = true
	k.RotateEvery, err = rotationInterval(e, i, text)
	return err
}

func choosePolicy(k *core.Key, policy *string) error {
	if policy == nil {
		return nil
	}
	if k.Instance == "" {
		return core.ErrUnsupportedOperation()
	}
	k.Policy = *policy
	return ValidPolicy(*policy)
}

// keyQuota refuses a key too many.
func keyQuota(e *core.Engine, tx *store.Tx, k *core.Key) error {
	if k.Instance == "" &&
		e.Table.Keys.CountIndex(tx, core.ByHolder, core.Holder(k.Account, k.Region, "")) >= e.Opts.Quotas.DefaultKeys {
		return core.ErrLimitExceeded("key")
	}
	return versionQuota(e, tx, k)
}

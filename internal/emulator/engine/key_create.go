package engine

import (
	"kmsplan.dev/kmsplan/internal/emulator/crypt"
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

func (e *Engine) createKey(c *Call, in *CreateKeyRequest) (*CreateKeyResponse, error) {
	var k *Key
	if err := e.view(func(tx *store.Tx) (err error) {
		k, err = e.requestedKey(tx, c, in)
		return err
	}); err != nil {
		return nil, err
	}
	if err := e.identify(k); err != nil {
		return nil, serviceError(err)
	}
	// Material is made outside the Update: a big RSA key takes a second or more.
	var material []byte
	if k.Origin == originKMS {
		var err error
		if material, err = crypt.Generate(e.rand, k.Spec); err != nil {
			return nil, serviceError(err)
		}
	}
	err := e.update(func(tx *store.Tx) error {
		if err := e.keyQuota(tx, k); err != nil {
			return err
		}
		if _, err := e.storeVersion(tx, k, e.second(), material); err != nil {
			return err
		}
		e.putKey(tx, k)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &CreateKeyResponse{k.metadata()}, nil
}

func (e *Engine) identify(k *Key) (err error) {
	k.Created = e.now()
	k.ID, err = e.newKeyID(k.Region, k.Instance)
	return err
}

// requestedKey checks the request and returns the key it asks for, without id
// and material.
func (e *Engine) requestedKey(tx *store.Tx, c *Call, in *CreateKeyRequest) (*Key, error) {
	k := &Key{
		Account: c.Account, Region: c.Region, Instance: text(in.DKMSInstanceId),
		Description: text(in.Description), State: stateEnabled, Creator: c.Account, CreatorType: creatorUser,
	}
	if err := atMost("Description", k.Description, descriptionLimit); err != nil {
		return nil, err
	}
	instance, err := e.usableInstance(tx, c, k.Instance)
	if err != nil {
		return nil, err
	}
	for _, check := range []func() error{
		func() error { return k.chooseSpec(e, instance, text(in.KeySpec), text(in.KeyUsage)) },
		func() error { return k.chooseOrigin(instance, text(in.Origin)) },
		func() error { return k.chooseProtection(instance, text(in.ProtectionLevel)) },
		func() error { return e.chooseRotation(k, instance, in) },
		func() error { return k.choosePolicy(in.Policy) },
		func() (err error) { k.Tags, err = parseTags(text(in.Tags), tagLimit); return err },
		func() error { return e.keyQuota(tx, k) },
	} {
		if err := check(); err != nil {
			return nil, err
		}
	}
	return k, nil
}

// usableInstance finds the instance a key is to live in; nil for a default key.
func (e *Engine) usableInstance(tx *store.Tx, c *Call, id string) (*KMSInstance, error) {
	if id == "" {
		return nil, nil
	}
	i, err := e.lookupInstance(tx, c, id)
	if err != nil {
		return nil, err
	}
	if i.Status != statusConnected {
		return nil, errInstanceState()
	}
	return i, nil
}

// homeOf tells which rules hold for keys of an instance; nil is no instance.
func (e *Engine) homeOf(i *KMSInstance) crypt.Home {
	switch {
	case i == nil && e.opts.LegacyDefaultKeys:
		return crypt.LegacyDefaultKey
	case i == nil:
		return crypt.DefaultKey
	case i.Kind == kindHardware:
		return crypt.HardwareInstance
	default:
		return crypt.SoftwareInstance
	}
}

func (k *Key) chooseSpec(e *Engine, i *KMSInstance, name, usage string) error {
	if name == "" {
		name = specDefault
	}
	s, found := crypt.SpecOf(name)
	if !found {
		return errInvalidParameter("KeySpec")
	}
	home := e.homeOf(i)
	if !s.In(home) || home == crypt.SoftwareInstance && (s.NationalCrypto && !i.NationalCrypto || !imageAtLeast(i.Image, s.MinImage)) {
		return errUnsupportedOperation()
	}
	if usage == "" {
		usage = s.DefaultUsage()
	}
	if !s.Allows(usage) {
		return errInvalidParameter("KeyUsage")
	}
	k.Spec, k.Usage = name, usage
	return nil
}

// chooseOrigin: default keys and hardware instances take imported material,
// software instances do not (KMS: key types). Of imported keys the emulator
// knows symmetric ones.
func (k *Key) chooseOrigin(i *KMSInstance, origin string) error {
	switch origin {
	case "", originKMS:
		k.Origin = originKMS
		return nil
	case originExternal:
		if i != nil && i.Kind == kindSoftware || !k.symmetric() {
			return errUnsupportedOperation()
		}
		k.Origin, k.State = originExternal, statePendingImport
		return nil
	default:
		return errInvalidParameter("Origin")
	}
}

const (
	protectionSoftware = "SOFTWARE"
	protectionHSM      = "HSM"
	creatorUser        = "User"
	creatorService     = "Service"
)

func (k *Key) chooseProtection(i *KMSInstance, level string) error {
	switch {
	case i != nil && i.Kind == kindHardware:
		k.ProtectionLevel = protectionHSM
	case i != nil || level == "":
		k.ProtectionLevel = protectionSoftware
	case level == protectionSoftware || level == protectionHSM:
		k.ProtectionLevel = level
	default:
		return errInvalidParameter("ProtectionLevel")
	}
	return nil
}

func (e *Engine) chooseRotation(k *Key, i *KMSInstance, in *CreateKeyRequest) error {
	if !flag(in.EnableAutomaticRotation) {
		return nil
	}
	text, err := required("RotationInterval", in.RotationInterval)
	if err != nil {
		return err
	}
	if !e.mayRotate(k, i) {
		return errUnsupportedOperation()
	}
	k.Rotate = true
	k.RotateEvery, err = e.rotationInterval(i, text)
	return err
}

func (k *Key) choosePolicy(policy *string) error {
	if policy == nil {
		return nil
	}
	if k.Instance == "" {
		return errUnsupportedOperation()
	}
	k.Policy = *policy
	return validPolicy(*policy)
}

// keyQuota refuses a key too many.
func (e *Engine) keyQuota(tx *store.Tx, k *Key) error {
	if k.Instance == "" &&
		e.table.keys.CountIndex(tx, byHolder, holder(k.Account, k.Region, "")) >= e.opts.Quotas.DefaultKeys {
		return errLimitExceeded("key")
	}
	return e.versionQuota(tx, k)
}

package secrets

import (
	"strconv"

	"kmsplan.dev/kmsplan/internal/emulator/engine/core"
	"kmsplan.dev/kmsplan/internal/emulator/engine/keys"
	"kmsplan.dev/kmsplan/internal/emulator/store"
)

type CreateSecretRequest struct {
	SecretName, SecretData, VersionId *string // required
	SecretDataType, SecretType        *string
	DKMSInstanceId, EncryptionKeyId   *string
	Description                       *string
	EnableAutomaticRotation           *bool
	RotationInterval                  *string
	ExtendedConfig                    core.JSONMap
	Policy                            *string
	Tags                              *string
}

type CreateSecretResponse struct {
	Arn                               string
	AutomaticRotation                 string `json:",omitempty"`
	DKMSInstanceId                    string `json:",omitempty"`
	ExtendedConfig                    string `json:",omitempty"`
	NextRotationDate                  string `json:",omitempty"`
	RotationInterval                  string `json:",omitempty"`
	SecretName, SecretType, VersionId string
}

// createSecret stores a secret with its first version, labelled ACSCurrent
// (KMS: CreateSecret).
func createSecret(e *core.Engine, c *core.Call, in *CreateSecretRequest) (*CreateSecretResponse, error) {
	s, v, err := requestedSecret(e, c, in)
	if err != nil {
		return nil, err
	}
	err = e.Update(func(tx *store.Tx) error {
		if err := freeSecretName(e, tx, s); err != nil {
			return err
		}
		if err := homeSecret(e, tx, c, s, core.Text(in.EncryptionKeyId)); err != nil {
			return err
		}
		s.Versions = []string{v.ID}
		putSecret(e, tx, s)
		putSecretVersion(e, tx, v)
		return nil
	})
	if err != nil {
		return nil, err
	}
	automatic, every, next := rotationAnswer(s)
	return &CreateSecretResponse{
		Arn: s.Arn(), AutomaticRotation: automatic, DKMSInstanceId: s.Instance, ExtendedConfig: configAnswer(s),
		NextRotationDate: next, RotationInterval: every, SecretName: s.Name, SecretType: s.Type, VersionId: v.ID,
	}, nil
}

// requestedSecret checks what needs no look at the store.
func requestedSecret(e *core.Engine, c *core.Call, in *CreateSecretRequest) (s *core.Secret, v *core.SecretVersion, err error) {
	now := e.Second()
	s = &core.Secret{
		Account: c.Account, Region: c.Region, Description: core.Text(in.Description), Instance: core.Text(in.DKMSInstanceId),
		Created: e.Now(), Updated: now,
	}
	v = &core.SecretVersion{Account: c.Account, Region: c.Region, Stages: []string{stageCurrent}, Created: now}
	for _, check := range []func() error{
		func() (err error) { s.Type, err = secretType(core.Text(in.SecretType)); return err },
		func() (err error) { s.ExtendedConfig, err = extendedConfig(s.Type, in.ExtendedConfig); return err },
		func() (err error) { s.Name, err = core.Required("SecretName", in.SecretName); return err },
		func() (err error) { s.Name, err = secretName(s.Name, s.Type, in.ExtendedConfig); return err },
		func() (err error) { v.ID, err = secretVersionID(in.VersionId); return err },
		func() error { return setData(v, in.SecretData, in.SecretDataType, s.Type) },
		func() error { return core.AtMost("Description", s.Description, core.DescriptionLimit) },
		func() error { return setRotation(s, in.EnableAutomaticRotation, in.RotationInterval, now) },
		func() (err error) { s.Tags, err = core.ParseTags(core.Text(in.Tags), core.TagLimit); return err },
		func() error { return choosePolicy(s, in.Policy) },
	} {
		if err := check(); err != nil {
			return nil, nil, err
		}
	}
	v.Secret = s.Name
	return s, v, nil
}

func setData(v *core.SecretVersion, data, dataType *string, kind string) error {
	value, valueType, err := secretData(data, dataType, kind)
	v.Data, v.DataType = []byte(value), valueType
	return err
}

// choosePolicy: only secrets of an instance have one (KMS: SetSecretPolicy).
func choosePolicy(s *core.Secret, policy *string) error {
	if policy == nil {
		return nil
	}
	if s.Instance == "" {
		return core.ErrUnsupportedOperation()
	}
	s.Policy = *policy
	return keys.ValidPolicy(*policy)
}

// freeSecretName refuses a name that is taken, also by a secret that waits for
// deletion.
func freeSecretName(e *core.Engine, tx *store.Tx, s *core.Secret) error {
	taken, found := e.Table.Secrets.Peek(tx, s.Place())
	switch {
	case !found:
		return nil
	case !taken.DeleteAt.IsZero():
		return core.ErrSecretInWindow()
	}
	return core.ErrResourceExists()
}

// homeSecret finds the secret's instance and encryption key, the id of a symmetric key
// in the same place, and checks the instance's quota. A secret without an instance
// needs no key of the caller's; strict engines want an instance.
func homeSecret(e *core.Engine, tx *store.Tx, c *core.Call, s *core.Secret, keyID string) error {
	if s.Instance == "" && e.Opts.Strict {
		return core.ErrMissingParameter("DKMSInstanceId")
	}
	instance, err := e.UsableInstance(tx, c, s.Instance)
	if err != nil {
		return err
	}
	if instance != nil {
		if keyID == "" {
			return core.ErrMissingParameter("EncryptionKeyId")
		}
		if secretsFull(e, tx, instance) {
			return core.ErrLimitExceeded("secret")
		}
	}
	if keyID == "" {
		return nil
	}
	k, err := e.LookupKey(tx, c, keyID, false)
	if err != nil {
		return err
	}
	if !k.Symmetric() || k.Instance != s.Instance || k.Account != s.Account {
		return core.ErrInvalidParameter("EncryptionKeyId")
	}
	if err := c.RAMPermitsKey("GenerateDataKey", k); err != nil {
		return err
	}
	if err := e.Authorize(tx, c, "GenerateDataKey", core.KeyResource(k)); err != nil {
		return err
	}
	s.EncryptionKeyID = k.ID
	return core.RequireState("GenerateDataKey", k)
}

// secretsFull tells whether the instance holds as many secrets as it may.
func secretsFull(e *core.Engine, tx *store.Tx, i *core.KMSInstance) bool {
	limit, err := strconv.Atoi(i.SecretNum)
	place := core.Scope(i.Account, i.Region, "")
	if err != nil || e.Table.Secrets.CountIndex(tx, core.ByCreation, place) < limit {
		return false
	}
	n := 0
	for _, s := range e.Table.Secrets.ScanIndex(tx, core.ByCreation, place, 0) {
		if s.Instance == i.ID {
			n++
		}
	}
	return n >= limit
}

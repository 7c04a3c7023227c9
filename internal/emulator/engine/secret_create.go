package engine

import (
	"strconv"

	"kmsplan.dev/kmsplan/internal/emulator/store"
)

type createSecretRequest struct {
	SecretName, SecretData, VersionId *string // required
	SecretDataType, SecretType        *string
	DKMSInstanceId, EncryptionKeyId   *string
	Description                       *string
	EnableAutomaticRotation           *bool
	RotationInterval                  *string
	ExtendedConfig                    JSONMap
	Policy                            *string
	Tags                              *string
}

type createSecretResponse struct {
	Arn, AutomaticRotation            string
	DKMSInstanceId                    string `json:",omitempty"`
	ExtendedConfig                    string `json:",omitempty"`
	NextRotationDate                  string `json:",omitempty"`
	RotationInterval                  string `json:",omitempty"`
	SecretName, SecretType, VersionId string
}

// createSecret stores a secret with its first version, labelled ACSCurrent
// (KMS: CreateSecret).
func (e *Engine) createSecret(c *Call, in *createSecretRequest) (*createSecretResponse, error) {
	s, v, err := e.requestedSecret(c, in)
	if err != nil {
		return nil, err
	}
	err = e.update(func(tx *store.Tx) error {
		if err := e.freeSecretName(tx, s); err != nil {
			return err
		}
		if err := e.homeSecret(tx, c, s, text(in.EncryptionKeyId)); err != nil {
			return err
		}
		s.Versions = []string{v.ID}
		e.putSecret(tx, s)
		e.putSecretVersion(tx, v)
		return nil
	})
	if err != nil {
		return nil, err
	}
	automatic, every, next := s.rotationAnswer()
	return &createSecretResponse{
		Arn: s.arn(), AutomaticRotation: automatic, DKMSInstanceId: s.Instance, ExtendedConfig: s.ExtendedConfig,
		NextRotationDate: next, RotationInterval: every, SecretName: s.Name, SecretType: s.Type, VersionId: v.ID,
	}, nil
}

// requestedSecret checks what needs no look at the store.
func (e *Engine) requestedSecret(c *Call, in *createSecretRequest) (s *Secret, v *SecretVersion, err error) {
	now := e.second()
	s = &Secret{
		Account: c.Account, Region: c.Region, Description: text(in.Description), Instance: text(in.DKMSInstanceId),
		Created: e.now(), Updated: now,
	}
	v = &SecretVersion{Account: c.Account, Region: c.Region, Stages: []string{stageCurrent}, Created: now}
	for _, check := range []func() error{
		func() (err error) { s.Type, err = secretType(text(in.SecretType)); return err },
		func() (err error) { s.ExtendedConfig, err = extendedConfig(s.Type, in.ExtendedConfig); return err },
		func() (err error) { s.Name, err = required("SecretName", in.SecretName); return err },
		func() (err error) { s.Name, err = secretName(s.Name, s.Type, in.ExtendedConfig); return err },
		func() (err error) { v.ID, err = secretVersionID(in.VersionId); return err },
		func() error { return v.setData(in.SecretData, in.SecretDataType, s.Type) },
		func() error { return atMost("Description", s.Description, descriptionLimit) },
		func() error { return s.setRotation(in.EnableAutomaticRotation, in.RotationInterval, now) },
		func() (err error) { s.Tags, err = parseTags(text(in.Tags), tagLimit); return err },
		func() error { return s.choosePolicy(in.Policy) },
	} {
		if err := check(); err != nil {
			return nil, nil, err
		}
	}
	v.Secret = s.Name
	return s, v, nil
}

func (v *SecretVersion) setData(data, dataType *string, kind string) error {
	value, valueType, err := secretData(data, dataType, kind)
	v.Data, v.DataType = []byte(value), valueType
	return err
}

// choosePolicy: only secrets of an instance have one (KMS: SetSecretPolicy).
func (s *Secret) choosePolicy(policy *string) error {
	if policy == nil {
		return nil
	}
	if s.Instance == "" {
		return errUnsupportedOperation()
	}
	s.Policy = *policy
	return validPolicy(*policy)
}

// freeSecretName refuses a name that is taken, also by a secret that waits for
// deletion.
func (e *Engine) freeSecretName(tx *store.Tx, s *Secret) error {
	taken, found := e.table.secrets.Peek(tx, s.place())
	switch {
	case !found:
		return nil
	case !taken.DeleteAt.IsZero():
		return errSecretInWindow()
	}
	return errResourceExists()
}

// homeSecret finds the secret's instance and encryption key, a symmetric key in
// the same place, and checks the instance's quota. A secret without an instance
// needs no key of the caller's; strict engines want an instance.
func (e *Engine) homeSecret(tx *store.Tx, c *Call, s *Secret, keyID string) error {
	if s.Instance == "" && e.opts.Strict {
		return errMissingParameter("DKMSInstanceId")
	}
	instance, err := e.usableInstance(tx, c, s.Instance)
	if err != nil {
		return err
	}
	if instance != nil {
		if keyID == "" {
			return errMissingParameter("EncryptionKeyId")
		}
		if e.secretsFull(tx, instance) {
			return errLimitExceeded("secret")
		}
	}
	if keyID == "" {
		return nil
	}
	k, err := e.lookupKey(tx, c, keyID, true)
	if err != nil {
		return err
	}
	if !k.symmetric() || k.Instance != s.Instance || k.Account != s.Account {
		return errInvalidParameter("EncryptionKeyId")
	}
	if err := e.authorize(tx, c, "GenerateDataKey", keyResource(k)); err != nil {
		return err
	}
	s.EncryptionKeyID = k.ID
	return requireState("GenerateDataKey", k)
}

// secretsFull tells whether the instance holds as many secrets as it may.
func (e *Engine) secretsFull(tx *store.Tx, i *KMSInstance) bool {
	limit, err := strconv.Atoi(i.SecretNum)
	place := scope(i.Account, i.Region, "")
	if err != nil || e.table.secrets.CountIndex(tx, byCreation, place) < limit {
		return false
	}
	n := 0
	for _, s := range e.table.secrets.ScanIndex(tx, byCreation, place, 0) {
		if s.Instance == i.ID {
			n++
		}
	}
	return n >= limit
}

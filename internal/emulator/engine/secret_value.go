package engine

import (
	"kmsplan.dev/kmsplan/internal/emulator/store"
	"kmsplan.dev/kmsplan/internal/kms/wire/dkms"
)

type getSecretValueRequest struct {
	SecretName              *string // required
	VersionId, VersionStage *string // the id wins; default stage ACSCurrent
	FetchExtendedConfig     *bool
	DryRun                  *string
}

type getSecretValueResponse struct {
	AutomaticRotation                                             string
	CreateTime                                                    string
	ExtendedConfig                                                string `json:",omitempty"`
	LastRotationDate                                              string `json:",omitempty"`
	NextRotationDate                                              string `json:",omitempty"`
	RotationInterval                                              string `json:",omitempty"`
	SecretData, SecretDataType, SecretName, SecretType, VersionId string
	VersionStages                                                 versionStages
}

// getSecretValue answers a version's value (KMS: GetSecretValue).
func (e *Engine) getSecretValue(c *Call, in *getSecretValueRequest) (*getSecretValueResponse, error) {
	out, err := e.secretValue(c, in)
	return rehearse(in.DryRun, out, err)
}

func (e *Engine) secretValue(c *Call, in *getSecretValueRequest) (out *getSecretValueResponse, err error) {
	err = e.view(func(tx *store.Tx) error {
		s, err := e.readableSecret(tx, c, in.SecretName)
		if err != nil {
			return err
		}
		v, err := e.chosenVersion(tx, s, text(in.VersionId), text(in.VersionStage))
		if err != nil {
			return err
		}
		out = secretAnswer(s, v)
		if !flag(in.FetchExtendedConfig) {
			out.ExtendedConfig = ""
		}
		return nil
	})
	return out, err
}

// readableSecret finds a secret whose value the caller may see: the key that
// encrypts it must be usable, and on the instance's own gateways the caller needs
// permission to decrypt with it (KMS: dedicated gateway).
func (e *Engine) readableSecret(tx *store.Tx, c *Call, name *string) (*Secret, error) {
	s, err := e.liveSecret(tx, c, "GetSecretValue", name)
	if err != nil {
		return nil, err
	}
	if c.Gateway != Public && s.Instance != c.Instance {
		return nil, errResourceNotFound()
	}
	if err := e.openDoor(tx, c, s.Account, s.Region, s.Instance); err != nil {
		return nil, err
	}
	k, err := e.secretKeyReady(tx, s, "Decrypt")
	if err != nil {
		return nil, err
	}
	if k != nil && c.Gateway != Public {
		return s, e.authorize(tx, c, "Decrypt", keyResource(k))
	}
	return s, nil
}

// chosenVersion finds a version by id or, without one, by stage.
func (e *Engine) chosenVersion(tx *store.Tx, s *Secret, id, stage string) (*SecretVersion, error) {
	all := e.versionsOf(tx, s)
	if stage == "" {
		stage = stageCurrent
	}
	v := all.holder(stage)
	if id != "" {
		v = all.byID(id)
	}
	if v == nil {
		return nil, errResourceNotFound()
	}
	return v, nil
}

func secretAnswer(s *Secret, v *SecretVersion) *getSecretValueResponse {
	automatic, every, next := s.rotationAnswer()
	return &getSecretValueResponse{
		AutomaticRotation: automatic, CreateTime: timestamp(s.Created), ExtendedConfig: s.ExtendedConfig,
		LastRotationDate: timestamp(s.LastRotation), NextRotationDate: next, RotationInterval: every,
		SecretData: string(v.Data), SecretDataType: v.DataType, SecretName: s.Name, SecretType: s.Type,
		VersionId: v.ID, VersionStages: stagesAnswer(v),
	}
}

// instanceSecretValue is getSecretValue for the instance gateway. In protobuf an
// unset FetchExtendedConfig is false, and means false here.
func (e *Engine) instanceSecretValue(c *Call, in *dkms.GetSecretValueRequest) (*dkms.GetSecretValueResponse, error) {
	if err := needed("SecretName", in.GetSecretName() != ""); err != nil {
		return nil, err
	}
	name, id, stage, fetch := in.GetSecretName(), in.GetVersionId(), in.GetVersionStage(), in.GetFetchExtendedConfig()
	v, err := e.secretValue(c, &getSecretValueRequest{SecretName: &name, VersionId: &id, VersionStage: &stage, FetchExtendedConfig: &fetch})
	if err != nil {
		return nil, err
	}
	c.KeyVersionID = ""
	return &dkms.GetSecretValueResponse{
		SecretName: v.SecretName, SecretType: v.SecretType, SecretData: v.SecretData, SecretDataType: v.SecretDataType,
		VersionStages: v.VersionStages.VersionStage, VersionId: v.VersionId, CreateTime: v.CreateTime, RequestId: c.RequestID,
		LastRotationDate: v.LastRotationDate, NextRotationDate: v.NextRotationDate, ExtendedConfig: v.ExtendedConfig,
		AutomaticRotation: v.AutomaticRotation, RotationInterval: v.RotationInterval,
	}, nil
}

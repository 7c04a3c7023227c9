package secrets

import (
	"kmsplan.dev/kmsplan/internal/emulator/engine/core"
	"kmsplan.dev/kmsplan/internal/emulator/store"
	"kmsplan.dev/kmsplan/internal/kms/wire/dkms"
)

type GetSecretValueRequest struct {
	SecretName              *string // required
	VersionId, VersionStage *string // the id wins, and does not count for managed secrets; default stage ACSCurrent
	FetchExtendedConfig     *bool   // default false
	DryRun                  *string
}

type GetSecretValueResponse struct {
	AutomaticRotation                                             string `json:",omitempty"`
	CreateTime                                                    string
	ExtendedConfig                                                string `json:",omitempty"`
	LastRotationDate                                              string `json:",omitempty"`
	NextRotationDate                                              string `json:",omitempty"`
	RotationInterval                                              string `json:",omitempty"`
	SecretData, SecretDataType, SecretName, SecretType, VersionId string
	VersionStages                                                 versionStages
}

// getSecretValue answers a version's value (KMS: GetSecretValue).
func getSecretValue(e *core.Engine, c *core.Call, in *GetSecretValueRequest) (*GetSecretValueResponse, error) {
	out, err := secretValue(e, c, in)
	return core.Rehearse(in.DryRun, out, err)
}

func secretValue(e *core.Engine, c *core.Call, in *GetSecretValueRequest) (out *GetSecretValueResponse, err error) {
	err = e.View(func(tx *store.Tx) error {
		s, err := readableSecret(e, tx, c, in.SecretName)
		if err != nil {
			return err
		}
		v, err := chosenVersion(e, tx, s, core.Text(in.VersionId), core.Text(in.VersionStage))
		if err != nil {
			return err
		}
		out = secretAnswer(s, v)
		if !core.Flag(in.FetchExtendedConfig) {
			out.ExtendedConfig = ""
		}
		return nil
	})
	return out, err
}

// readableSecret finds a secret whose value the caller may see: the key that
// encrypts it must be usable, and the caller needs permission to decrypt with it;
// a session through the shared gateway alone does not (KMS: GetSecretValue, and
// the differences between shared and dedicated gateways).
func readableSecret(e *core.Engine, tx *store.Tx, c *core.Call, name *string) (*core.Secret, error) {
	s, err := liveSecret(e, tx, c, "GetSecretValue", name)
	if err != nil {
		return nil, err
	}
	if c.Gateway != core.Public && s.Instance != c.Instance {
		return nil, core.ErrResourceNotFound()
	}
	if err := e.OpenDoor(tx, c, s.Account, s.Region, s.Instance); err != nil {
		return nil, err
	}
	k, err := secretKeyReady(e, tx, s, "Decrypt")
	if err != nil {
		return nil, err
	}
	if k != nil && !(c.Gateway == core.Public && c.Session()) {
		if err := c.RAMPermitsKey("Decrypt", k); err != nil {
			return nil, err
		}
		return s, e.Authorize(tx, c, "Decrypt", core.KeyResource(k))
	}
	return s, nil
}

// chosenVersion finds a version by id or, without one, by stage.
func chosenVersion(e *core.Engine, tx *store.Tx, s *core.Secret, id, stage string) (*core.SecretVersion, error) {
	all := versionsOf(e, tx, s)
	if stage == "" {
		stage = stageCurrent
	}
	v := all.holder(stage)
	if id != "" && !managed(s) {
		v = all.byID(id)
	}
	if v == nil {
		return nil, core.ErrResourceNotFound()
	}
	return v, nil
}

func secretAnswer(s *core.Secret, v *core.SecretVersion) *GetSecretValueResponse {
	automatic, every, next := rotationAnswer(s)
	return &GetSecretValueResponse{
		AutomaticRotation: automatic, CreateTime: core.Timestamp(s.Created), ExtendedConfig: configAnswer(s),
		LastRotationDate: core.Timestamp(s.LastRotation), NextRotationDate: next, RotationInterval: every,
		SecretData: shownValue(s, v), SecretDataType: v.DataType, SecretName: s.Name, SecretType: s.Type,
		VersionId: v.ID, VersionStages: stagesAnswer(v),
	}
}

// instanceSecretValue is getSecretValue for the instance gateway. In protobuf an
// unset FetchExtendedConfig is false, and means false here.
func instanceSecretValue(e *core.Engine, c *core.Call, in *dkms.GetSecretValueRequest) (*dkms.GetSecretValueResponse, error) {
	if err := core.Needed("SecretName", in.GetSecretName() != ""); err != nil {
		return nil, err
	}
	name, id, stage, fetch := in.GetSecretName(), in.GetVersionId(), in.GetVersionStage(), in.GetFetchExtendedConfig()
	v, err := secretValue(e, c, &GetSecretValueRequest{SecretName: &name, VersionId: &id, VersionStage: &stage, FetchExtendedConfig: &fetch})
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

package secrets

import (
	"bytes"

	"kmsplan.dev/kmsplan/internal/emulator/engine/core"
	"kmsplan.dev/kmsplan/internal/emulator/store"
	"kmsplan.dev/kmsplan/internal/emulator/undocumented"
)

// versionStages is the service's nesting of a version's labels.
type versionStages struct{ VersionStage []string }

func stagesAnswer(v *core.SecretVersion) versionStages {
	return versionStages{append([]string{}, v.Stages...)}
}

type PutSecretValueRequest struct {
	SecretName, SecretData, VersionId *string // required
	SecretDataType                    *string
	VersionStages                     *string // JSON array, default ["ACSCurrent"]
}

type PutSecretValueResponse struct {
	SecretName, VersionId string
	VersionStages         versionStages
}

// putSecretValue adds a version to a generic secret. The version id makes it
// idempotent: the same id with the same value changes nothing, with another value
// it is refused (KMS: PutSecretValue).
func putSecretValue(e *core.Engine, c *core.Call, in *PutSecretValueRequest) (out *PutSecretValueResponse, err error) {
	v := &core.SecretVersion{Created: e.Second()}
	if v.ID, err = secretVersionID(in.VersionId); err != nil {
		return nil, err
	}
	if err := setData(v, in.SecretData, in.SecretDataType, secretGeneric); err != nil {
		return nil, err
	}
	stages, err := parseStages(in.VersionStages)
	if err != nil {
		return nil, err
	}
	err = e.Update(func(tx *store.Tx) error {
		s, err := genericSecret(e, tx, c, "PutSecretValue", in.SecretName)
		if err != nil {
			return err
		}
		if _, err := secretKeyReady(e, tx, s, "GenerateDataKey"); err != nil {
			return err
		}
		stored, err := addSecretVersion(e, tx, s, v, stages)
		if err != nil {
			return err
		}
		out = &PutSecretValueResponse{SecretName: s.Name, VersionId: stored.ID, VersionStages: stagesAnswer(stored)}
		return nil
	})
	return out, err
}

// addSecretVersion stores a version with its labels, or finds that it is there.
func addSecretVersion(e *core.Engine, tx *store.Tx, s *core.Secret, v *core.SecretVersion, stages []string) (*core.SecretVersion, error) {
	all := versionsOf(e, tx, s)
	if known := all.byID(v.ID); known != nil {
		if !bytes.Equal(known.Data, v.Data) || known.DataType != v.DataType {
			return nil, core.ErrSecretVersionDiffers()
		}
		return known, nil
	}
	v.Secret, v.Account, v.Region = s.Name, s.Account, s.Region
	all = append(all, v)
	for _, stage := range stages {
		all.give(stage, v)
	}
	all, err := all.evict()
	if err != nil {
		return nil, err
	}
	s.Updated = v.Created
	saveVersions(e, tx, s, all)
	return v, nil
}

type UpdateSecretVersionStageRequest struct {
	SecretName, VersionStage         *string // required
	MoveToVersion, RemoveFromVersion *string // at least one
}

type SecretNameResponse struct{ SecretName string }

// updateSecretVersionStage moves or removes a label of a generic secret; the
// service's own labels move only (KMS: UpdateSecretVersionStage).
func updateSecretVersionStage(e *core.Engine, c *core.Call, in *UpdateSecretVersionStageRequest) (out *SecretNameResponse, err error) {
	stage, err := core.Required("VersionStage", in.VersionStage)
	if err != nil {
		return nil, err
	}
	if !stageNames.MatchString(stage) {
		return nil, core.ErrInvalidParameter("VersionStage")
	}
	to, from := core.Text(in.MoveToVersion), core.Text(in.RemoveFromVersion)
	if to == "" && (from == "" || stage == stageCurrent || stage == stagePrevious) {
		return nil, core.ErrMissingParameter("MoveToVersion")
	}
	err = e.Update(func(tx *store.Tx) error {
		s, err := genericSecret(e, tx, c, "UpdateSecretVersionStage", in.SecretName)
		if err != nil {
			return err
		}
		all := versionsOf(e, tx, s)
		if err := all.move(stage, from, to); err != nil {
			return err
		}
		if all, err = all.evict(); err != nil {
			return err
		}
		s.Updated = e.Second()
		saveVersions(e, tx, s, all)
		out = &SecretNameResponse{s.Name}
		return nil
	})
	return out, err
}

// move takes a label from one version, which must have it, and gives it to
// another. Without from, the label comes from wherever it is.
func (all secretVersions) move(stage, from, to string) error {
	if from != "" {
		v := all.byID(from)
		if v == nil {
			return core.ErrResourceNotFound()
		}
		if all.holder(stage) != v {
			return core.ErrInvalidParameter("RemoveFromVersion")
		}
		if to == "" {
			all.take(stage)
			return nil
		}
	}
	if from == "" && !undocumented.MoveStageFromAnywhere && all.holder(stage) != nil {
		return core.ErrMissingParameter("RemoveFromVersion")
	}
	v := all.byID(to)
	if v == nil {
		return core.ErrResourceNotFound()
	}
	all.give(stage, v)
	return nil
}

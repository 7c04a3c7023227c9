package engine

import (
	"bytes"

	"kmsplan.dev/kmsplan/internal/emulator/store"
	"kmsplan.dev/kmsplan/internal/emulator/undocumented"
)

// versionStages is the service's nesting of a version's labels.
type versionStages struct{ VersionStage []string }

func stagesAnswer(v *SecretVersion) versionStages {
	return versionStages{append([]string{}, v.Stages...)}
}

type putSecretValueRequest struct {
	SecretName, SecretData, VersionId *string // required
	SecretDataType                    *string
	VersionStages                     *string // JSON array, default ["ACSCurrent"]
}

type putSecretValueResponse struct {
	SecretName, VersionId string
	VersionStages         versionStages
}

// putSecretValue adds a version to a generic secret. The version id makes it
// idempotent: the same id with the same value changes nothing, with another value
// it is refused (KMS: PutSecretValue).
func (e *Engine) putSecretValue(c *Call, in *putSecretValueRequest) (out *putSecretValueResponse, err error) {
	v := &SecretVersion{Created: e.second()}
	if v.ID, err = secretVersionID(in.VersionId); err != nil {
		return nil, err
	}
	if err := v.setData(in.SecretData, in.SecretDataType, secretGeneric); err != nil {
		return nil, err
	}
	stages, err := parseStages(in.VersionStages)
	if err != nil {
		return nil, err
	}
	err = e.update(func(tx *store.Tx) error {
		s, err := e.genericSecret(tx, c, "PutSecretValue", in.SecretName)
		if err != nil {
			return err
		}
		if _, err := e.secretKeyReady(tx, s, "GenerateDataKey"); err != nil {
			return err
		}
		stored, err := e.addSecretVersion(tx, s, v, stages)
		if err != nil {
			return err
		}
		out = &putSecretValueResponse{SecretName: s.Name, VersionId: stored.ID, VersionStages: stagesAnswer(stored)}
		return nil
	})
	return out, err
}

// addSecretVersion stores a version with its labels, or finds that it is there.
func (e *Engine) addSecretVersion(tx *store.Tx, s *Secret, v *SecretVersion, stages []string) (*SecretVersion, error) {
	all := e.versionsOf(tx, s)
	if known := all.byID(v.ID); known != nil {
		if !bytes.Equal(known.Data, v.Data) || known.DataType != v.DataType {
			return nil, errSecretVersionDiffers()
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
	e.saveVersions(tx, s, all)
	return v, nil
}

type updateSecretVersionStageRequest struct {
	SecretName, VersionStage         *string // required
	MoveToVersion, RemoveFromVersion *string // at least one
}

type secretNameResponse struct{ SecretName string }

// updateSecretVersionStage moves or removes a label of a generic secret; the
// service's own labels move only (KMS: UpdateSecretVersionStage).
func (e *Engine) updateSecretVersionStage(c *Call, in *updateSecretVersionStageRequest) (out *secretNameResponse, err error) {
	stage, err := required("VersionStage", in.VersionStage)
	if err != nil {
		return nil, err
	}
	if !stageNames.MatchString(stage) {
		return nil, errInvalidParameter("VersionStage")
	}
	to, from := text(in.MoveToVersion), text(in.RemoveFromVersion)
	if to == "" && (from == "" || stage == stageCurrent || stage == stagePrevious) {
		return nil, errMissingParameter("MoveToVersion")
	}
	err = e.update(func(tx *store.Tx) error {
		s, err := e.genericSecret(tx, c, "UpdateSecretVersionStage", in.SecretName)
		if err != nil {
			return err
		}
		all := e.versionsOf(tx, s)
		if err := all.move(stage, from, to); err != nil {
			return err
		}
		if all, err = all.evict(); err != nil {
			return err
		}
		s.Updated = e.second()
		e.saveVersions(tx, s, all)
		out = &secretNameResponse{s.Name}
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
			return errResourceNotFound()
		}
		if all.holder(stage) != v {
			return errInvalidParameter("RemoveFromVersion")
		}
		if to == "" {
			all.take(stage)
			return nil
		}
	}
	if from == "" && !undocumented.MoveStageFromAnywhere && all.holder(stage) != nil {
		return errMissingParameter("RemoveFromVersion")
	}
	v := all.byID(to)
	if v == nil {
		return errResourceNotFound()
	}
	all.give(stage, v)
	return nil
}

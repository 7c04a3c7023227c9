package secrets

import (
	"encoding/json"
	"maps"
	"slices"

	"kmsplan.dev/kmsplan/internal/emulator/engine/core"
	"kmsplan.dev/kmsplan/internal/emulator/store"
)

type SecretTag struct{ TagKey, TagValue string }

type secretTagList struct{ Tag []SecretTag }

func tagList(tags map[string]string) *secretTagList {
	list := &secretTagList{Tag: []SecretTag{}}
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		list.Tag = append(list.Tag, SecretTag{key, tags[key]})
	}
	return list
}

type DescribeSecretRequest struct {
	SecretName *string // required
	FetchTags  *string // "true" or "false"
}

type DescribeSecretResponse struct {
	Arn                    string
	AutomaticRotation      string `json:",omitempty"`
	CreateTime             string
	DKMSInstanceId         string `json:",omitempty"`
	Description            string
	EncryptionKeyId        string `json:",omitempty"`
	ExtendedConfig         string `json:",omitempty"`
	LastRotationDate       string `json:",omitempty"`
	NextRotationDate       string `json:",omitempty"`
	PlannedDeleteTime      string `json:",omitempty"`
	RotationInterval       string `json:",omitempty"`
	SecretName, SecretType string
	Tags                   *secretTagList `json:",omitempty"`
	UpdateTime             string
}

// describeSecret answers everything but the value, also in the recovery window.
func describeSecret(e *core.Engine, c *core.Call, in *DescribeSecretRequest) (out *DescribeSecretResponse, err error) {
	fetch, err := textFlag("FetchTags", in.FetchTags, false)
	if err != nil {
		return nil, err
	}
	err = e.View(func(tx *store.Tx) error {
		s, err := e.SecretNamed(tx, c, "DescribeSecret", core.Text(in.SecretName))
		if err != nil {
			return err
		}
		automatic, every, next := rotationAnswer(s)
		out = &DescribeSecretResponse{
			Arn: s.Arn(), AutomaticRotation: automatic, CreateTime: core.Timestamp(s.Created), DKMSInstanceId: s.Instance,
			Description: s.Description, EncryptionKeyId: s.EncryptionKeyID, ExtendedConfig: configAnswer(s),
			LastRotationDate: core.Timestamp(s.LastRotation), NextRotationDate: next, PlannedDeleteTime: core.Timestamp(s.DeleteAt),
			RotationInterval: every, SecretName: s.Name, SecretType: s.Type, UpdateTime: core.Timestamp(s.Updated),
		}
		if fetch {
			out.Tags = tagList(e.TagsOfSecret(s))
		}
		return nil
	})
	return out, err
}

type UpdateSecretRequest struct {
	SecretName     *string // required
	Description    *string
	ExtendedConfig *CustomConfig
}

// CustomConfig is the part of ExtendedConfig that can be changed.
type CustomConfig struct{ CustomData core.JSONMap }

// updateSecret changes the description, and CustomData of managed secrets (KMS:
// UpdateSecret).
func updateSecret(e *core.Engine, c *core.Call, in *UpdateSecretRequest) (out *SecretNameResponse, err error) {
	if err := core.AtMost("Description", core.Text(in.Description), core.DescriptionLimit); err != nil {
		return nil, err
	}
	err = e.Update(func(tx *store.Tx) error {
		s, err := liveSecret(e, tx, c, "UpdateSecret", in.SecretName)
		if err != nil {
			return err
		}
		if in.Description != nil {
			s.Description = *in.Description
		}
		if in.ExtendedConfig != nil && in.ExtendedConfig.CustomData != nil {
			if !managed(s) {
				return core.ErrSecretKind()
			}
			if s.ExtendedConfig, err = withCustomData(s.ExtendedConfig, in.ExtendedConfig.CustomData); err != nil {
				return err
			}
		}
		s.Updated = e.Second()
		putSecret(e, tx, s)
		out = &SecretNameResponse{s.Name}
		return nil
	})
	return out, err
}

// withCustomData replaces CustomData in a configuration.
func withCustomData(config string, custom core.JSONMap) (string, error) {
	merged := core.JSONMap{}
	if config != "" {
		if err := json.Unmarshal([]byte(config), &merged); err != nil {
			return "", err
		}
	}
	merged["CustomData"] = map[string]any(custom)
	return encodeConfig(merged)
}
